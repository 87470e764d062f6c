// The agent's clock, which outlives the agent: see base/clock_anchor.h.
#ifndef GRAFT_AGENT_AGENT_CLOCK_H_
#define GRAFT_AGENT_AGENT_CLOCK_H_

#include <memory>
#include <string>

#include "graft/clock.h"

namespace graft {

// With `go_on`, the clock of the process that kept its anchor in `state_dir` before, if the machine
// has not been started anew since; else a clock that begins with the wall clock, whose anchor is
// kept there. A folder that cannot be read or written costs no more than that.
std::unique_ptr<Clock> OpenAgentClock(const std::string& state_dir, bool go_on);

}  // namespace graft

#endif  // GRAFT_AGENT_AGENT_CLOCK_H_
