#include "mysqld/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"

namespace graft {

absl::StatusOr<pid_t> SpawnChild(const ChildCommand& command) {
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (command.stdout_fd >= 0) {
    posix_spawn_file_actions_adddup2(&actions, command.stdout_fd, STDOUT_FILENO);
  }
  if (command.inherit_fd >= 0) {
    // dup2 onto itself clears close-on-exec here (glibc 2.29).
    posix_spawn_file_actions_adddup2(&actions, command.inherit_fd, command.inherit_fd);
  }
  std::vector<char*> argv;
  argv.reserve(command.argv.size() + 1);
  for (const std::string& word : command.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error == 0) return pid;
  const std::string text = absl::StrCat("cannot start ", command.argv[0], ": ", strerror(error));
  return error == ENOENT ? absl::NotFoundError(text) : absl::UnavailableError(text);
}

Fd MemoryFile() {
  return Fd(memfd_create("graft-mysqld", MFD_CLOEXEC));
}

std::string PathOf(const Fd& file) {
  return absl::StrCat("/proc/self/fd/", file.get());
}

SignalQueue::SignalQueue(std::initializer_list<int> signals) {
  sigemptyset(&signals_);
  for (const int signal : signals) sigaddset(&signals_, signal);
  sigprocmask(SIG_BLOCK, &signals_, &before_);
}

SignalQueue::~SignalQueue() {
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> SignalQueue::Next(absl::Duration limit) {
  const timespec timeout =
      absl::ToTimespec(std::clamp(limit, absl::ZeroDuration(), absl::Hours(24)));
  const int signal = sigtimedwait(&signals_, nullptr, &timeout);
  return signal > 0 ? std::optional<int>(signal) : std::nullopt;
}

ExitStatus AwaitChild(pid_t pid, SignalQueue& signals, const std::function<void()>& on_stop) {
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) != pid) {
    const std::optional<int> signal = signals.Next(absl::InfiniteDuration());
    if (signal == SIGHUP) {
      kill(pid, SIGHUP);
    } else if (signal == SIGTERM || signal == SIGINT) {
      on_stop();
      kill(pid, SIGTERM);
    }
  }
  return ExitStatus::FromWait(status);
}

}  // namespace graft
