#include "base/clocks.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace graft {
namespace {

class RealClock : public Clock {
 public:
  explicit RealClock(const ClockAnchor& anchor) : start_(anchor.time - anchor.monotonic) {}

  absl::Time Now() const override {
    return start_ + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }

  bool AwaitUntil(absl::Mutex& mutex, const absl::Condition& condition,
                  absl::Time deadline) override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    // By duration, not by deadline: Abseil's deadlines are on the wall clock, which may be set.
    return mutex.AwaitWithTimeout(condition, std::max(deadline - Now(), absl::ZeroDuration()));
  }

 private:
  const absl::Time start_;  // of monotonic time, as the clock would have said it
};

}  // namespace

std::unique_ptr<Clock> MakeRealClock() {
  return MakeRealClock(AnchorNow());
}

std::unique_ptr<Clock> MakeRealClock(const ClockAnchor& anchor) {
  return std::make_unique<RealClock>(anchor);
}

absl::Time SimulatedClock::Now() const {
  absl::MutexLock lock(&mutex_);
  return now_;
}

bool SimulatedClock::AwaitUntil(absl::Mutex& mutex, const absl::Condition& condition,
                                absl::Time deadline) {
  bool done = condition.Eval();
  while (!done && Now() < deadline) {
    mutex.Unlock();  // scheduled calls may Wake() or Cancel() the very waiter
    Step(deadline);
    mutex.Lock();
    done = condition.Eval();
  }
  return done;
}

void SimulatedClock::At(absl::Time when, std::function<void()> call) {
  absl::MutexLock lock(&mutex_);
  calls_.emplace(when, std::move(call));
}

void SimulatedClock::Advance(absl::Duration duration) {
  const absl::Time limit = Now() + duration;
  while (Step(limit)) {
  }
}

bool SimulatedClock::Step(absl::Time limit) {
  std::function<void()> call;
  {
    absl::MutexLock lock(&mutex_);
    if (calls_.empty() || calls_.begin()->first > limit) {
      now_ = std::max(now_, limit);
      return false;
    }
    now_ = std::max(now_, calls_.begin()->first);
    call = std::move(calls_.begin()->second);
    calls_.erase(calls_.begin());
  }
  call();
  return true;
}

}  // namespace graft
