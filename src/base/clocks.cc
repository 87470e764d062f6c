#include "base/clocks.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace graft {
namespace {

class RealClock : public Clock {
 public:
  absl::Time Now() const override {
    return wall_start_ + absl::FromChrono(std::chrono::steady_clock::now() - steady_start_);
  }

  bool AwaitUntil(absl::Mutex& mutex, const absl::Condition& condition,
                  absl::Time deadline) override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    // By duration, not by deadline: Abseil's deadlines are on the wall clock, which may be set.
    return mutex.AwaitWithTimeout(condition, std::max(deadline - Now(), absl::ZeroDuration()));
  }

 private:
  const absl::Time wall_start_ = absl::FromChrono(std::chrono::system_clock::now());
  const std::chrono::steady_clock::time_point steady_start_ = std::chrono::steady_clock::now();
};

}  // namespace

std::unique_ptr<Clock> MakeRealClock() {
  return std::make_unique<RealClock>();
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
