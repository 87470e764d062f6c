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

// Cancellation: a flag that stops waiting, and the only way to wait.
//
// The waiting code gets a Cancellation. Another thread calls Cancel() to end every wait for good,
// or Wake() to make the waiter check again now. Safe for use from several threads.
enum class WaitEnd { kDeadline, kWoken, kCancelled };

class Cancellation {
 public:
  Cancellation() = default;
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  // Ends every wait, present and future. Idempotent.
  void Cancel();

  // Ends one wait early: the present one, or, if nobody waits, the next.
  void Wake();

  bool cancelled() const;

  // Waits until `deadline`, a Wake() or a Cancel(), whichever comes first.
  WaitEnd WaitUntil(Clock& clock, absl::Time deadline);
  WaitEnd WaitFor(Clock& clock, absl::Duration duration) {
    return WaitUntil(clock, clock.Now() + duration);
  }

 private:
  mutable std::mutex mutex_;  // guards what follows; see Clock::AwaitUntil for why it is std's
  std::condition_variable changed_;
  bool cancelled_ = false;
  bool woken_ = false;
};

}  // namespace graft
