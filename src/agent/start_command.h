// --mysqld-start-command: asks whoever runs mysqld to start it.
#ifndef GRAFT_AGENT_START_COMMAND_H_
#define GRAFT_AGENT_START_COMMAND_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "graft/server_starter.h"
#include "log/log.h"

namespace graft {

// Runs the command by /bin/sh, in a process group of its own and with the agent's output. A command
// that does not end is left alone, when this object ends too. `log` must outlive it.
class StartCommand : public ServerStarter {
 public:
  StartCommand(std::string command, Log& log) : command_(std::move(command)), log_(log) {}

  absl::Status Ask() override;
  std::optional<absl::Status> End() override;

 private:
  const std::string command_;
  Log& log_;
  pid_t pid_ = -1;  // -1: none runs
  absl::Status end_;
};

}  // namespace graft

#endif  // GRAFT_AGENT_START_COMMAND_H_
