#include "agent/start_command.h"

#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "absl/strings/str_cat.h"
#include "mysqld/mysqld_process.h"

namespace graft {
namespace {

absl::Status AwaitEnd(pid_t pid) {
  int status = 0;
  pid_t ended = 0;
  do {
    ended = waitpid(pid, &status, 0);
  } while (ended < 0 && errno == EINTR);
  if (ended < 0) return absl::UnavailableError("--mysqld-start-command: lost its process");
  const ExitStatus end = ExitStatus::FromWait(status);
  if (end.signal == 0 && end.code == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("--mysqld-start-command ended with ",
                                                    end.signal == 0 ? "code " : "signal ",
                                                    end.signal == 0 ? end.code : end.signal));
}

}  // namespace

absl::Status StartCommand::Ask() {
  if (!End().has_value()) return absl::OkStatus();
  ChildCommand command;
  command.argv = {"/bin/sh", "-c", command_};
  const absl::StatusOr<pid_t> pid = SpawnChild(command);
  if (!pid.ok()) {
    return Ended(absl::UnavailableError(
        absl::StrCat("--mysqld-start-command cannot be run: ", pid.status().message())));
  }
  log_.Info("mysqld is down; --mysqld-start-command runs");
  // On a thread of its own, so that no zombie is left; it outlives the agent's interest in it.
  std::packaged_task<absl::Status()> wait([pid = *pid] { return AwaitEnd(pid); });
  run_ = wait.get_future();
  try {
    std::thread(std::move(wait)).detach();
  } catch (const std::system_error& error) {
    run_ = {};
    return Ended(absl::UnavailableError(absl::StrCat("--mysqld-start-command: ", error.what())));
  }
  return absl::OkStatus();
}

std::optional<absl::Status> StartCommand::End() {
  if (!run_.valid()) return end_;
  if (run_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return std::nullopt;
  return Ended(run_.get());
}

absl::Status StartCommand::Ended(absl::Status end) {
  end_ = std::move(end);
  if (!end_.ok()) log_.Warning("mysqld could not be started", StatusFields(end_));
  return end_;
}

}  // namespace graft
