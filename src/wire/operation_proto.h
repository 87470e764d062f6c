// Operations and preflight's reports on the wire and in the journal: plain values to graft.v1
// messages and back. Pure functions; what is unset and what is refused: wire/fields.h.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/tablet_state.h"
#include "graft/v1/journal.pb.h"
#include "graft/v1/operation.pb.h"

namespace graft {

class Fields;

// Written; every version from 1 on is read, and what an older one lacks has its default.
inline constexpr int kJournalSchemaVersion = 4;

// What the API shows. The estimated time left is Progress::eta, while the operation runs.
v1::Operation ToProto(const Operation& operation);

// All of it.
v1::JournalRecord ToJournalRecord(const TabletState& state);
// FAILED_PRECONDITION: the record's schema is none, or newer than kJournalSchemaVersion.
absl::StatusOr<TabletState> FromJournalRecord(const v1::JournalRecord& record);

// Code, reason and text. `status` is not OK.
v1::Error ToProto(const absl::Status& status);
// An unknown code becomes UNKNOWN, as in gRPC; so does OK, which is no error.
absl::Status FromProto(const v1::Error& proto);

void Map(Fields& fields, Operation& operation);
void Map(Fields& fields, FailedAttempt& attempt);

}  // namespace graft
