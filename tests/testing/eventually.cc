#include "testing/eventually.h"

#include <algorithm>
#include <memory>

#include "base/clocks.h"
#include "graft/clock.h"

namespace graft {

bool Eventually(absl::Duration timeout, const std::function<bool()>& condition) {
  const std::unique_ptr<Clock> clock = MakeRealClock();
  const absl::Time deadline = clock->Now() + timeout;
  absl::Duration pause = absl::Milliseconds(5);
  Cancellation never;
  while (!condition()) {
    if (clock->Now() >= deadline) return false;
    never.WaitUntil(*clock, std::min(deadline, clock->Now() + pause));
    pause = std::min(pause * 2, absl::Milliseconds(250));
  }
  return true;
}

}  // namespace graft
