// Whether a mysqld that has ended is started again. Pure: time comes in with each call.
// Not safe for several threads.
#pragma once

#include <deque>
#include <string>

#include "absl/time/time.h"

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

}  // namespace graft
