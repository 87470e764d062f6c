// The two clocks: the machine's, and one that tests move.
#ifndef GRAFT_BASE_CLOCKS_H_
#define GRAFT_BASE_CLOCKS_H_

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/clock_anchor.h"
#include "graft/clock.h"

namespace graft {

// Begins with the wall clock, or goes on from `anchor`, which must be of the machine's present
// life.
std::unique_ptr<Clock> MakeRealClock();
std::unique_ptr<Clock> MakeRealClock(const ClockAnchor& anchor);

// Stands still until somebody waits; then it jumps to the earlier of the wait's deadline and the
// next scheduled call, so that an hour of retries takes a microsecond. Safe for several threads,
// though time moves as soon as one of them waits.
class SimulatedClock : public Clock {
 public:
  explicit SimulatedClock(absl::Time start = absl::FromUnixSeconds(1'800'000'000)) : now_(start) {}

  absl::Time Now() const override;
  bool AwaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                  const std::function<bool()>& done, absl::Time deadline) override;

  // Runs `call` when the time comes, on the thread that waits then and without locks of the
  // clock's held. `call` must not take the mutex of a waiting Cancellation's owner.
  void At(absl::Time when, std::function<void()> call);

  // Moves the time on, and runs the callbacks that are due.
  void Advance(absl::Duration duration);

 private:
  // Moves to the next scheduled call at or before `limit` and runs it, or else to `limit`.
  // Returns whether a call was run.
  bool Step(absl::Time limit);

  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
  std::multimap<absl::Time, std::function<void()>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft

#endif  // GRAFT_BASE_CLOCKS_H_
