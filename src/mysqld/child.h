// Starting a child process, and waiting for it and for signals at once.
//
// Not safe for several threads: signals are blocked for the thread that creates the SignalQueue, so
// create it before any other thread.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/files.h"
#include "mysqld/restart_policy.h"

namespace graft {

struct ChildCommand {
  std::vector<std::string> argv;  // argv[0] is the program's path
  int inherit_fd = -1;            // stays open in the child, under the same number
  int stdout_fd = -1;             // becomes the child's stdout
};

// In a session of its own, so that neither a terminal's Ctrl-C nor the end of this process reaches
// it; no signal is blocked or ignored in it. Its stdin is /dev/null. NOT_FOUND: no such program;
// UNAVAILABLE.
absl::StatusOr<pid_t> SpawnChild(const ChildCommand& command);

// A file that lies on no disk and that no other process sees; a child that inherits it, or has it
// as its stdout, knows it by the same path. Not ok() on failure.
Fd MemoryFile();
std::string PathOf(const Fd& file);

// Turns signals into values; they are blocked otherwise for as long as it lives.
class SignalQueue {
 public:
  SignalQueue(std::initializer_list<int> signals);
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;
  ~SignalQueue();

  // The next signal; nullopt: none for `limit`, or the wait was interrupted. Several of one number
  // may come as one.
  std::optional<int> Next(absl::Duration limit);

 private:
  sigset_t signals_;
  sigset_t before_;
};

// Waits for the end of `pid`, a child. `signals` must hold SIGCHLD. Passes SIGHUP on, and SIGTERM
// and SIGINT as SIGTERM; calls `on_stop` before that.
ExitStatus AwaitChild(pid_t pid, SignalQueue& signals, const std::function<void()>& on_stop);

}  // namespace graft
