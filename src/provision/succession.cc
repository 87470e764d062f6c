#include "provision/succession.h"

namespace graft {

void TakeOver(const Operation& previous, Operation& next) {
  if (previous.outcome == Outcome::kDone) return;
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
