// Whether a mysqld that has ended is started again. Pure: time comes in with each call.
// Not safe for several threads.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <deque>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/files.h"
#include "base/server_version.h"

namespace graft {

struct RestartLimits {
  int max_crashes = 5;  // this many within `window`: give up
  absl::Duration window = absl::Seconds(60);
  // Before the second restart in a window; doubles with each further crash. The first is at once.
  absl::Duration backoff = absl::Seconds(1);
  absl::Duration max_backoff = absl::Seconds(15);
};

// How a process ended: by `signal` if that is not 0, else with `code`.
struct ExitStatus {
  int code = 0;
  int signal = 0;

  static ExitStatus FromWait(int wait_status);
  std::string ToString() const;  // "exit code 1", "signal 9 (Killed)"
};

struct RestartDecision {
  enum class Kind { kRestart, kExit, kGiveUp };
  Kind kind = Kind::kExit;
  absl::Duration delay;  // kRestart
  int exit_code = 0;     // kExit, kGiveUp: the parent's exit code
};

class RestartPolicy {
 public:
  explicit RestartPolicy(RestartLimits limits) : limits_(limits) {}

  // Exit code 16 is MySQL's request to be started again (RESTART, CLONE), and counts as no crash.
  // A signal is a crash, and so is exit code 2, with which mysqld's own handler of fatal signals
  // ends. Any other code is mysqld's own decision, and is passed on.
  RestartDecision OnExit(const ExitStatus& status, absl::Time now);

 private:
  const RestartLimits limits_;
  std::deque<absl::Time> crashes_;  // those within the window
};

// Starting a child process, and waiting for it and for signals at once.
//
// Not safe for several threads: signals are blocked for the thread that creates the SignalQueue, so
// create it before any other thread.
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

// Finding the machine's mysqld and asking for its version.

// `flag` (the value of --mysqld) if not empty; else $GRAFT_MYSQL_HOME/bin/mysqld or sbin/mysqld;
// else the first in PATH or in the system's sbin folders. NOT_FOUND: none, and where it was sought.
absl::StatusOr<std::string> FindMysqld(const std::string& flag);

// Reads the output of `mysqld --version`. FAILED_PRECONDITION: MariaDB, older than 8.0.17, or not
// understood.
absl::StatusOr<ServerVersion> ParseMysqldVersion(absl::string_view printed);

// Runs `mysqld --version`.
absl::StatusOr<ServerVersion> MysqldVersion(const std::string& mysqld);

}  // namespace graft
