// Operations on the wire and in the journal: plain values to graft.v1 messages and back.
//
// Pure functions. FromProto returns INVALID_ARGUMENT, naming the field and the word, for what it
// does not know, so that a newer peer is never half understood. A time that never was
// (absl::InfinitePast()) is an unset field.
#ifndef GRAFT_WIRE_OPERATION_PROTO_H_
#define GRAFT_WIRE_OPERATION_PROTO_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/operation.h"
#include "graft/v1/journal.pb.h"
#include "graft/v1/operation.pb.h"

namespace graft {

inline constexpr int kJournalSchemaVersion = 1;

// What the API shows. The estimated time left is worked out here: bytes left / rate, while bytes
// are being copied.
v1::Operation ToProto(const Operation& operation);
// What the API does not show (types, server ids, clone run, fence) stays at its default.
absl::StatusOr<Operation> FromProto(const v1::Operation& proto);

// All of it.
v1::JournalRecord ToJournalRecord(const Operation& operation);
// FAILED_PRECONDITION: the record's schema is newer than kJournalSchemaVersion.
absl::StatusOr<Operation> FromJournalRecord(const v1::JournalRecord& record);

v1::DonorChoice ToProto(const DonorChoice& choice);
// INVALID_ARGUMENT also when neither choice is made.
absl::StatusOr<DonorChoice> FromProto(const v1::DonorChoice& proto);

v1::DataState ToProto(DataState state);
absl::StatusOr<DataState> FromProto(v1::DataState proto);

v1::ReplicateFrom ToProto(ReplicateFrom from);
// nullopt: unspecified.
absl::StatusOr<std::optional<ReplicateFrom>> FromProto(v1::ReplicateFrom proto);

// Code, reason and text. `status` is not OK.
v1::Error ToProto(const absl::Status& status);
// A code that is not known becomes UNKNOWN, as gRPC does it; OK is not an error, so becomes it too.
absl::Status FromProto(const v1::Error& proto);

}  // namespace graft

#endif  // GRAFT_WIRE_OPERATION_PROTO_H_
