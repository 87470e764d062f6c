// Whether another agent works under a tablet's alias.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "graft/tablet.h"

namespace graft {

// Of this process; its answers to GetTablet have it.
const std::string& ProcessMark();

// Whether another process answers at `address`, "host:port", as the agent of the tablet `alias`.
// False too: nobody answers within `patience`.
bool OtherAgentAnswers(const std::string& address, const TabletAlias& alias,
                       absl::Duration patience);

}  // namespace graft
