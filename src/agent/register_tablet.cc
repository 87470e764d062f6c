#include "agent/register_tablet.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/duration_flag.h"
#include "base/errors.h"

namespace graft {

absl::StatusOr<Tablet> RegisterTablet(const Registrar& registrar, const Tablet& announced,
                                      absl::Duration patience, Cancellation& interrupt) {
  Clock& clock = registrar.clock;
  const absl::Time deadline = clock.Now() + patience;
  absl::Duration pause = absl::Milliseconds(100);
  while (true) {
    absl::StatusOr<Tablet> registered = registrar.topology.RegisterTablet(announced);
    const absl::Status& status = registered.status();
    if (!absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status)) return registered;
    if (clock.Now() + pause >= deadline) {
      return Annotate(status, absl::StrCat("the tablet could not be registered within ",
                                           HumanDuration(patience), " (--init-timeout)"));
    }
    registrar.log.Warning("topology away, trying again", StatusFields(status));
    if (interrupt.WaitFor(clock, pause) == WaitEnd::kCancelled) {
      return absl::CancelledError("interrupted while registering");
    }
    pause = std::min(2 * pause, absl::Seconds(5));
  }
}

}  // namespace graft
