#include "mysqld/child.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace graft {
namespace {

std::vector<std::string> Environment(const std::vector<std::string>& extra) {
  std::vector<std::string> result = extra;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view text = *entry;
    const absl::string_view name = text.substr(0, text.find('=') + 1);
    const bool replaced = std::any_of(extra.begin(), extra.end(), [&](const std::string& other) {
      return absl::StartsWith(other, name);
    });
    if (!replaced) result.emplace_back(text);
  }
  return result;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

}  // namespace

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
  const std::vector<std::string> environment = Environment(command.extra_env);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, command.argv[0].c_str(), &actions, &attributes,
                                Pointers(command.argv).data(), Pointers(environment).data());
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

absl::StatusOr<std::unique_ptr<SignalQueue>> SignalQueue::Create(const std::vector<int>& signals) {
  sigset_t set;
  sigset_t before;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, &before);
  Fd queue(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (queue.ok()) return std::make_unique<SignalQueue>(std::move(queue), before);
  const int error = errno;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  return absl::UnavailableError(absl::StrCat("signalfd: ", strerror(error)));
}

SignalQueue::~SignalQueue() {
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> SignalQueue::Next(absl::Duration limit) {
  const absl::Time deadline = clock_->Now() + limit;
  signalfd_siginfo info;
  while (read(signals_.get(), &info, sizeof(info)) != sizeof(info)) {
    int timeout_ms = -1;
    if (deadline != absl::InfiniteFuture()) {
      const int64_t left = absl::ToInt64Milliseconds(deadline - clock_->Now());
      if (left <= 0) return std::nullopt;
      timeout_ms = static_cast<int>(std::min<int64_t>(left + 1, INT_MAX));
    }
    pollfd waiting = {signals_.get(), POLLIN, 0};
    poll(&waiting, 1, timeout_ms);
  }
  return static_cast<int>(info.ssi_signo);
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
