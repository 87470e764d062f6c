// The history of an operation and its proofs, on the wire and in the journal. Pure functions.
// FromProto returns INVALID_ARGUMENT, with the names of the field and the word, for an unknown
// word.
#ifndef GRAFT_WIRE_HISTORY_PROTO_H_
#define GRAFT_WIRE_HISTORY_PROTO_H_

#include "absl/status/statusor.h"
#include "graft/operation.h"
#include "graft/v1/operation.pb.h"

namespace graft {

v1::RefusedDonor ToProto(const RefusedDonor& refused);
absl::StatusOr<RefusedDonor> FromProto(const v1::RefusedDonor& proto);

v1::FailedAttempt ToProto(const FailedAttempt& attempt);
absl::StatusOr<FailedAttempt> FromProto(const v1::FailedAttempt& proto);

v1::EndedSession ToProto(const EndedSession& session);
EndedSession FromProto(const v1::EndedSession& proto);

v1::Proof ToProto(const Proof& proof);
Proof FromProto(const v1::Proof& proto);

}  // namespace graft

#endif  // GRAFT_WIRE_HISTORY_PROTO_H_
