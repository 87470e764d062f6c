// What preflight found, on the wire.
#pragma once

#include "graft/preflight.h"
#include "graft/v1/preflight.pb.h"

namespace graft {

v1::PreflightReport ToProto(const PreflightReport& report);

}  // namespace graft
