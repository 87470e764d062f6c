// The machine's clock, and what ties it to the machine's monotonic time.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
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

}  // namespace graft
