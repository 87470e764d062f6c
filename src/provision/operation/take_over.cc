#include "provision/operation/take_over.h"

#include "base/errors.h"

namespace graft {
namespace {

// The copy was made, and nobody started mysqld in time: it completes when somebody does.
bool LeftACopyBehind(const Operation& previous) {
  return previous.step == Step::kAwaitRestart && HasReason(previous.error, Reason::kRestartTimeout);
}

// All of what it had done, under the id and the wishes of `next`.
void GoOnFrom(const Operation& previous, Operation& next) {
  Operation goes_on = previous;
  goes_on.request = next.request;
  goes_on.requested = next.requested;
  goes_on.outcome = Outcome::kRunning;
  goes_on.error = absl::OkStatus();
  goes_on.ended = absl::InfinitePast();
  goes_on.times.clear();
  goes_on.failed_attempts.clear();
  goes_on.attempt = 1;
  next = goes_on;
}

}  // namespace

void TakeOver(const Operation& previous, Operation& next) {
  if (previous.outcome == Outcome::kDone) return;
  if (LeftACopyBehind(previous) && previous.request.donor == next.request.donor &&
      previous.request.replicate_from == next.request.replicate_from) {
    return GoOnFrom(previous, next);
  }
  next.data_before = next.data_state = previous.data_state;
  next.type_after = previous.type_after;
  if (previous.fence.up) next.fence = previous.fence;
  next.earlier_failures = previous.failed_attempts;
  if (!previous.donor.empty() && !previous.error.ok()) {
    next.earlier_failures.push_back({previous.attempt, previous.donor, previous.step,
                                     previous.data_state, previous.error, previous.ended});
  }
}

}  // namespace graft
