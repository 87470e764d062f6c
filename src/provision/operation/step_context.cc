#include "provision/operation/step_context.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/queue_lock.h"
#include "provision/operation/published_state.h"

namespace graft {

absl::Status StepContext::Wait(absl::Duration duration) const {
  const absl::Time deadline = clock().Now() + duration;
  while (true) {
    const absl::Time next = std::min(deadline, clock().Now() + ProgressSampler::kEvery);
    const WaitEnd end = control->wait().WaitUntil(clock(), sampler == nullptr ? deadline : next);
    if (end == WaitEnd::kCancelled) {
      return absl::CancelledError(control->stopped() ? "the agent is stopping" : "cancelled");
    }
    if (sampler != nullptr && sampler->IsDue()) ReportProgress();
    if (end == WaitEnd::kWoken || clock().Now() >= deadline) return absl::OkStatus();
  }
}

void StepContext::ReportProgress() const {
  if (sampler != nullptr) sampler->Sample(operation);
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
