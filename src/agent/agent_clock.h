// The agent's clock, which outlives the agent: see base/clock_anchor.h.
#ifndef GRAFT_AGENT_AGENT_CLOCK_H_
#define GRAFT_AGENT_AGENT_CLOCK_H_

#include <memory>
#include <string>

#include "graft/clock.h"

namespace graft {

// With `go_on`, continues the clock of the earlier process, whose anchor is in `state_dir`, unless
// the machine was restarted. Otherwise the clock begins with the wall clock, and its anchor is
// written there. If the folder cannot be read or written, the clock begins with the wall clock.
std::unique_ptr<Clock> OpenAgentClock(const std::string& state_dir, bool go_on);

}  // namespace graft

#endif  // GRAFT_AGENT_AGENT_CLOCK_H_
