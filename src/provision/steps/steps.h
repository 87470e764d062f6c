// The steps' actions, one function for each row of the step table. What each does and which errors
// it ends with is said at its definition. Used by step_table.cc alone.
#ifndef GRAFT_PROVISION_STEPS_STEPS_H_
#define GRAFT_PROVISION_STEPS_STEPS_H_

#include "absl/status/status.h"
#include "provision/operation/step_context.h"

namespace graft {

absl::Status ResolveDonorStep(StepContext& context);
absl::Status PreflightStep(StepContext& context);
absl::Status ClaimDonorStep(StepContext& context);
absl::Status FenceStep(StepContext& context);
absl::Status CloneStep(StepContext& context);
absl::Status AwaitRestartStep(StepContext& context);
absl::Status VerifyStep(StepContext& context);
absl::Status ReplicateStep(StepContext& context);
absl::Status CatchUpStep(StepContext& context);
absl::Status PublishStep(StepContext& context);

// Preflight's fatal rows, the claim and RefusePrimary once more, right before CLONE is sent.
absl::Status LastChecks(StepContext& context);

// FAILED_PRECONDITION: the topology holds `tablet` for the primary of its shard. Asked when the
// operation begins and again right before CLONE.
absl::Status RefusePrimary(const Tablet& tablet, const Shard& shard);

}  // namespace graft

#endif  // GRAFT_PROVISION_STEPS_STEPS_H_
