// The two clocks: the machine's, and one that tests move; and what ties the machine's clock to its
// monotonic time.
#ifndef GRAFT_BASE_CLOCKS_H_
#define GRAFT_BASE_CLOCKS_H_

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"

namespace graft {

// Ties a clock's readings to the machine's monotonic time, so that another process can go on with
// the same clock: an operation's times then agree before and after the agent's restart, also when
// the machine's wall clock was set in between. Holds until the machine starts anew: monotonic time
// begins anew then.
struct ClockAnchor {
  std::string boot_id;       // of the machine's present life
  absl::Duration monotonic;  // CLOCK_MONOTONIC
  absl::Time time;           // what the clock said then
};

// This moment, by the wall clock.
ClockAnchor AnchorNow();

// One line. FromText: INVALID_ARGUMENT.
std::string ToText(const ClockAnchor& anchor);
absl::StatusOr<ClockAnchor> ClockAnchorFromText(absl::string_view text);

// Whether a process of now can go on with it.
bool SameBoot(const ClockAnchor& anchor, const ClockAnchor& now);

// Begins with the wall clock, or goes on from `anchor`, which must be of the machine's present
// life.
std::unique_ptr<Clock> MakeRealClock();
std::unique_ptr<Clock> MakeRealClock(const ClockAnchor& anchor);

// Links the libraries' timed waits to the monotonic clock, for the whole program. Does nothing when
// it runs: a program that calls it has the waits of monotonic_futex.cc. Every real clock calls it.
void UseMonotonicFutexes();

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

  // Moves the time on, running what is due.
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
