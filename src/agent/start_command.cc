#include "agent/start_command.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "absl/strings/str_cat.h"

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

}  // namespace

absl::Status RunStartCommand(const std::string& command) {
  posix_spawnattr_t attributes;
  if (absl::Status set = SetAttributes(attributes); !set.ok()) return set;
  const char* const argv[] = {"sh", "-c", command.c_str(), nullptr};
  pid_t pid = -1;
  const int error =
      posix_spawn(&pid, "/bin/sh", nullptr, &attributes, const_cast<char* const*>(argv), environ);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return absl::UnavailableError(
        absl::StrCat("--mysqld-start-command cannot be run: ", std::strerror(error)));
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return absl::UnavailableError("--mysqld-start-command: lost its process");
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "--mysqld-start-command ended with ", WIFEXITED(status)
                                                ? absl::StrCat("code ", WEXITSTATUS(status))
                                                : absl::StrCat("signal ", WTERMSIG(status))));
}

}  // namespace graft
