// --mysqld-start-command: starts mysqld with a shell command.
#pragma once

#include <future>
#include <optional>
#include <string>
#include <utility>

#include "graft/server_host.h"
#include "log/log.h"

namespace graft {

// Runs the command by /bin/sh, in a session of its own and with the agent's output. A command that
// does not end is left alone, when this object ends too. `log` must outlive it.
class StartCommand : public ServerStarter {
 public:
  StartCommand(std::string command, Log& log) : command_(std::move(command)), log_(log) {}

  absl::Status Ask() override;
  std::optional<absl::Status> End() override;

 private:
  absl::Status Ended(absl::Status end);

  const std::string command_;
  Log& log_;
  std::future<absl::Status> run_;  // not valid: none runs
  absl::Status end_;               // the last one's
};

}  // namespace graft
