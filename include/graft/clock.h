// Clock: the only source of time, so that tests can move it.
//
// Safe for use from several threads.
#ifndef GRAFT_CLOCK_H_
#define GRAFT_CLOCK_H_

#include <condition_variable>
#include <functional>
#include <mutex>

#include "absl/time/time.h"

namespace graft {

class Clock {
 public:
  virtual ~Clock() = default;

  // The present. Never goes back, also when the machine's wall clock is set back: a real clock is
  // anchored to the wall at its creation and advances with the monotonic one.
  virtual absl::Time Now() const = 0;

  // Waits until `done` holds or `deadline` has come; `lock` is held by the caller and guards what
  // `done` looks at, whose every change notifies `changed`. Returns whether `done` holds. Code
  // waits through Cancellation, which calls this; nothing else does.
  //
  // Of std and not of absl, whose timed waits are on the wall clock: one that has begun when that
  // is set back would last longer by as much.
  virtual bool AwaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                          const std::function<bool()>& done, absl::Time deadline) = 0;
};

}  // namespace graft

#endif  // GRAFT_CLOCK_H_
