// --mysqld-start-command: asks whoever runs mysqld to start it.
#ifndef GRAFT_AGENT_START_COMMAND_H_
#define GRAFT_AGENT_START_COMMAND_H_

#include <string>

#include "absl/status/status.h"

namespace graft {

// Runs `command` by /bin/sh, in a process group of its own and with the agent's output, and waits
// for its end, which should come soon: it is to have mysqld started, not to be it. UNAVAILABLE: it
// could not be run; FAILED_PRECONDITION: it ended with another code than 0, or by a signal.
absl::Status RunStartCommand(const std::string& command);

}  // namespace graft

#endif  // GRAFT_AGENT_START_COMMAND_H_
