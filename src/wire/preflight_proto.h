// What preflight found, on the wire.
#ifndef GRAFT_WIRE_PREFLIGHT_PROTO_H_
#define GRAFT_WIRE_PREFLIGHT_PROTO_H_

#include "graft/preflight.h"
#include "graft/v1/preflight.pb.h"

namespace graft {

v1::PreflightReport ToProto(const PreflightReport& report);

}  // namespace graft

#endif  // GRAFT_WIRE_PREFLIGHT_PROTO_H_
