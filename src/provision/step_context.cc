#include "provision/step_context.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/queue_lock.h"
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

absl::StatusOr<int> StepContext::ClaimDonor() const {
  const QueueEntry entry{
      options.alias, operation.request.id,
      absl::StrCat("clone ", options.alias.ToString(), " from ", operation.donor.ToString())};
  GRAFT_RETURN_IF_ERROR(deps.claims.Enter(DonorLockName(operation.donor), entry));
  return deps.claims.Ahead();
}

absl::Status StepContext::PublishRecord() const {
  return deps.topology.UpdateTablet(options.alias, [this](Tablet& tablet) {
    ApplyPublishedState(operation, tablet);
    return absl::OkStatus();
  });
}

}  // namespace graft
