// ClockAnchor: ties a clock's readings to the machine's monotonic time, so that another process can
// go on with the same clock: an operation's times then agree before and after the agent's restart,
// also when the machine's wall clock was set in between.
//
// Holds until the machine starts anew: monotonic time begins anew then. Plain values and text.
#ifndef GRAFT_BASE_CLOCK_ANCHOR_H_
#define GRAFT_BASE_CLOCK_ANCHOR_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace graft {

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

}  // namespace graft

#endif  // GRAFT_BASE_CLOCK_ANCHOR_H_
