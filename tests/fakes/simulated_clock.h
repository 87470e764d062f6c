// SimulatedClock: a clock that tests move.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"

namespace graft {

// Stands still until somebody waits; then it jumps to the earlier of the wait's deadline and the
// next scheduled call, so that an hour of retries takes a microsecond. Safe for several threads,
// though time moves as soon as one of them waits.
class SimulatedClock : public Clock {
 public:
  explicit SimulatedClock(absl::Time start = absl::FromUnixSeconds(1'800'000'000)) : now_(start) {}

  absl::Time Now() const override {
    absl::MutexLock lock(&mutex_);
    return now_;
  }

  bool AwaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& /*changed*/,
                  const std::function<bool()>& done, absl::Time deadline) override {
    while (!done()) {
      if (Now() >= deadline) return false;
      lock.unlock();  // scheduled calls may Wake() or Cancel() the very waiter
      Step(deadline);
      lock.lock();
    }
    return true;
  }

  // Runs `call` when the time comes, on the thread that waits then and without locks of the
  // clock's held. `call` must not take the mutex of a waiting Cancellation's owner.
  void At(absl::Time when, std::function<void()> call) {
    absl::MutexLock lock(&mutex_);
    calls_.emplace(when, std::move(call));
  }

  // Moves the time on, running what is due.
  void Advance(absl::Duration duration) {
    const absl::Time limit = Now() + duration;
    while (Step(limit)) {
    }
  }

 protected:
  // Moves to the next scheduled call at or before `limit` and runs it, or else to `limit`.
  // Returns whether a call was run.
  bool Step(absl::Time limit) {
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

 private:
  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
  std::multimap<absl::Time, std::function<void()>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
