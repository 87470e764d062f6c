// Cancellation: a flag that stops waiting, and the only way to wait.
//
// The waiting code gets a Cancellation. Another thread calls Cancel() to end every wait for good,
// or Wake() to make the waiter check again now. Safe for use from several threads.
#pragma once

#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"
#include "graft/clock.h"

namespace graft {

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
