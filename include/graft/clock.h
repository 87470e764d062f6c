// Clock: the only source of time, so that tests can move it.
//
// Safe for use from several threads.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>

#include "absl/time/time.h"

namespace graft {

class Clock {
 public:
  virtual ~Clock() = default;

  // The present. Never goes back, even if somebody sets the machine's wall clock back: a real clock
  // reads the wall clock once, at its creation, and then advances with the monotonic clock.
  virtual absl::Time Now() const = 0;

  // Waits until `done` returns true or `deadline` has come. The caller holds `lock`, which guards
  // the data that `done` reads; every change of that data notifies `changed`. Returns the value of
  // `done`. Only Cancellation calls this; all other code waits through Cancellation.
  //
  // Uses std and not absl: absl's timed waits are on the wall clock. If somebody set the wall clock
  // back during such a wait, the wait would last longer by the same time.
  virtual bool AwaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                          const std::function<bool()>& done, absl::Time deadline) = 0;
};

}  // namespace graft
