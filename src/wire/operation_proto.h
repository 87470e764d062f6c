// Operations and preflight's reports on the wire and in the journal: plain values to graft.v1
// messages and back. Pure functions; what is unset and what is refused: wire/fields.h.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "graft/operation_request.h"
#include "graft/preflight.h"
#include "graft/tablet_state.h"
#include "graft/v1/journal.pb.h"
#include "graft/v1/operation.pb.h"
#include "graft/v1/preflight.pb.h"

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

// What preflight found, on the wire.

v1::PreflightReport ToProto(const PreflightReport& report);

// What is asked of an operation, on the wire and in the journal. Pure functions; what is unset and
// what is refused: wire/fields.h.
class Fields;

// MySQL's own bounds of the clone_* variables; it cuts what lies outside without a word.
inline constexpr int64_t kMostBandwidthMib = 1048576;
inline constexpr int kMostConcurrency = 128;

v1::DonorChoice ToProto(const DonorChoice& choice);
// INVALID_ARGUMENT also when no choice is made.
absl::StatusOr<DonorChoice> FromProto(const v1::DonorChoice& proto);

v1::CloneSettings ToProto(const CloneSettings& settings);
// For the border. INVALID_ARGUMENT: a number out of MySQL's bounds; the text names field and range.
absl::Status CheckCloneSettings(const CloneSettings& settings);

void Map(Fields& fields, CloneSettings& settings);
void Map(Fields& fields, Allowances& allow);
void Map(Fields& fields, ReleaseWord& word);
// The fields of a v1::Operation that say what was asked for.
void Map(Fields& fields, OperationRequest& request);

}  // namespace graft
