#include "agent/start_command.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {
namespace {

// The agent blocks the signals it waits for; a mysqld that inherited that could not be stopped.
absl::Status SetAttributes(posix_spawnattr_t& attributes) {
  sigset_t none;
  sigemptyset(&none);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  const bool ok =
      posix_spawnattr_init(&attributes) == 0 &&
      posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
      posix_spawnattr_setsigdefault(&attributes, &defaults) == 0 &&
      posix_spawnattr_setpgroup(&attributes, 0) == 0 &&
      posix_spawnattr_setflags(
          &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP) == 0;
  return ok ? absl::OkStatus() : absl::UnavailableError("no attributes for a process");
}

absl::Status Judge(int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "--mysqld-start-command ended with ", WIFEXITED(status)
                                                ? absl::StrCat("code ", WEXITSTATUS(status))
                                                : absl::StrCat("signal ", WTERMSIG(status))));
}

// Waits for the child on a thread of its own, so that no child stays a zombie. The thread may
// outlive its StartCommand.
std::shared_ptr<StartCommand::Run> Watch(pid_t pid) {
  auto run = std::make_shared<StartCommand::Run>();
  const auto wait = [run, pid] {
    int status = 0;
    pid_t ended = 0;
    do {
      ended = waitpid(pid, &status, 0);
    } while (ended < 0 && errno == EINTR);
    absl::MutexLock lock(&run->mutex);
    run->end = ended > 0 ? Judge(status)
                         : absl::UnavailableError("--mysqld-start-command: lost its process");
  };
  try {
    std::thread(wait).detach();
  } catch (const std::system_error& error) {
    absl::MutexLock lock(&run->mutex);
    run->end = absl::UnavailableError(absl::StrCat("--mysqld-start-command: ", error.what()));
  }
  return run;
}

}  // namespace

absl::Status StartCommand::Ask() {
  if (!End().has_value()) return absl::OkStatus();
  posix_spawnattr_t attributes;
  GRAFT_RETURN_IF_ERROR(SetAttributes(attributes));
  const char* const argv[] = {"sh", "-c", command_.c_str(), nullptr};
  pid_t pid = -1;
  const int error =
      posix_spawn(&pid, "/bin/sh", nullptr, &attributes, const_cast<char* const*>(argv), environ);
  posix_spawnattr_destroy(&attributes);
  if (error == 0) {
    log_.Info("mysqld is down; --mysqld-start-command runs");
    run_ = Watch(pid);
    return absl::OkStatus();
  }
  return Ended(absl::UnavailableError(
      absl::StrCat("--mysqld-start-command cannot be run: ", std::strerror(error))));
}

std::optional<absl::Status> StartCommand::End() {
  if (run_ == nullptr) return end_;
  std::optional<absl::Status> end;
  {
    absl::MutexLock lock(&run_->mutex);
    end = run_->end;
  }
  if (!end.has_value()) return std::nullopt;
  run_ = nullptr;
  return Ended(*std::move(end));
}

absl::Status StartCommand::Ended(absl::Status end) {
  end_ = std::move(end);
  if (!end_.ok()) log_.Warning("mysqld could not be started", StatusFields(end_));
  return end_;
}

}  // namespace graft
