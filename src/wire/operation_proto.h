// Operations on the wire and in the journal: plain values to graft.v1 messages and back.
//
// Pure functions. FromProto returns INVALID_ARGUMENT, with the names of the field and the word, for
// an unknown word, so that a newer peer is never half understood. absl::InfinitePast() is an unset
// field.
#ifndef GRAFT_WIRE_OPERATION_PROTO_H_
#define GRAFT_WIRE_OPERATION_PROTO_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/tablet_state.h"
#include "graft/v1/journal.pb.h"
#include "graft/v1/operation.pb.h"

namespace graft {

// The version that is written. Every version from 1 on can be read. Fields that an older version
// lacks have their default.
inline constexpr int kJournalSchemaVersion = 4;

// The form that the API shows. The estimated time left is copied from Progress::eta.
v1::Operation ToProto(const Operation& operation);
absl::StatusOr<Operation> FromProto(const v1::Operation& proto);

// All of it.
v1::JournalRecord ToJournalRecord(const TabletState& state);
// FAILED_PRECONDITION: the record's schema is none, or newer than kJournalSchemaVersion.
absl::StatusOr<TabletState> FromJournalRecord(const v1::JournalRecord& record);

v1::DataState ToProto(DataState state);
absl::StatusOr<DataState> FromProto(v1::DataState proto);

// Code, reason and text. `status` is not OK.
v1::Error ToProto(const absl::Status& status);
// An unknown code becomes UNKNOWN, as in gRPC; so does OK, which is no error.
absl::Status FromProto(const v1::Error& proto);

}  // namespace graft

#endif  // GRAFT_WIRE_OPERATION_PROTO_H_
