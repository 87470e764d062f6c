// The progress of an operation, on the wire and in the journal. Pure functions. FromProto returns
// INVALID_ARGUMENT, with the names of the field and the word, for an unknown word.
#ifndef GRAFT_WIRE_PROGRESS_PROTO_H_
#define GRAFT_WIRE_PROGRESS_PROTO_H_

#include "absl/status/statusor.h"
#include "graft/operation.h"
#include "graft/v1/operation.pb.h"

namespace graft {

// Copies Progress::eta, while the operation runs.
v1::Progress ProgressToProto(const Operation& operation);
absl::StatusOr<Progress> FromProto(const v1::Progress& proto);

}  // namespace graft

#endif  // GRAFT_WIRE_PROGRESS_PROTO_H_
