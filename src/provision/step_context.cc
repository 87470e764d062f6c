#include "provision/step_context.h"

#include "provision/published_state.h"

namespace graft {

absl::Status StepContext::Wait(absl::Duration duration) const {
  if (control->wait().WaitFor(clock(), duration) == WaitEnd::kCancelled) {
    return absl::CancelledError(control->stopped() ? "the agent is stopping" : "cancelled");
  }
  return absl::OkStatus();
}

void StepContext::ReportProgress() const {
  for (Observer* observer : deps.observers) observer->OnProgress(operation);
}

absl::Status StepContext::PublishRecord() const {
  return deps.topology.UpdateTablet(options.alias, [this](Tablet& tablet) {
    ApplyPublishedState(operation, tablet);
    return absl::OkStatus();
  });
}

}  // namespace graft
