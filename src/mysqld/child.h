// Starting a child process, and waiting for it and for signals at once.
//
// Not safe for several threads: signals are blocked for the thread that creates the SignalQueue, so
// create it before any other thread.
#ifndef GRAFT_MYSQLD_CHILD_H_
#define GRAFT_MYSQLD_CHILD_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mysqld/restart_policy.h"

namespace graft {

struct ChildCommand {
  std::vector<std::string> argv;       // argv[0] is the program's path
  std::vector<std::string> extra_env;  // "NAME=value"; replaces the inherited value
  int inherit_fd = -1;                 // stays open in the child, under the same number
  int stdout_fd = -1;                  // becomes the child's stdout
};

// In a session of its own, so that neither a terminal's Ctrl-C nor the end of this process reaches
// it; no signal is blocked or ignored in it. Its stdin is /dev/null. NOT_FOUND: no such program;
// UNAVAILABLE.
absl::StatusOr<pid_t> SpawnChild(const ChildCommand& command);

// nullopt: it has not ended.
std::optional<ExitStatus> ReapChild(pid_t pid);

// Turns signals into values; they are blocked otherwise for as long as it lives.
class SignalQueue {
 public:
  static absl::StatusOr<std::unique_ptr<SignalQueue>> Create(const std::vector<int>& signals);
  virtual ~SignalQueue() = default;

  // The next signal; nullopt: none for `limit`. Several of one number may come as one.
  virtual std::optional<int> Next(absl::Duration limit) = 0;
};

// Waits for the end of `pid`, a child; passes SIGTERM and SIGINT from `signals` (which must also
// hold SIGCHLD) on to it as SIGTERM and notes that in `*interrupted`.
ExitStatus AwaitChild(pid_t pid, SignalQueue& signals, bool* interrupted);

}  // namespace graft

#endif  // GRAFT_MYSQLD_CHILD_H_
