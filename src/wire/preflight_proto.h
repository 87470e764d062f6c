// The findings of preflight, on the wire and in the journal. Pure functions. FromProto returns
// INVALID_ARGUMENT, with the names of the field and the word, for an unknown word.
#ifndef GRAFT_WIRE_PREFLIGHT_PROTO_H_
#define GRAFT_WIRE_PREFLIGHT_PROTO_H_

#include "absl/status/statusor.h"
#include "graft/preflight.h"
#include "graft/v1/preflight.pb.h"

namespace graft {

v1::CheckResult ToProto(const CheckResult& result);
absl::StatusOr<CheckResult> FromProto(const v1::CheckResult& proto);

v1::PreflightReport ToProto(const PreflightReport& report);
absl::StatusOr<PreflightReport> FromProto(const v1::PreflightReport& proto);

}  // namespace graft

#endif  // GRAFT_WIRE_PREFLIGHT_PROTO_H_
