// The steps: one function for each step of the plans in graft/plan.h. A step looks, acts, looks
// again, so that it can run twice. The definition of each step describes its work and its outcomes.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/preflight.h"
#include "provision/donor/donor_search.h"
#include "provision/donor/peers.h"
#include "provision/operation/step_context.h"

namespace graft {

StepOutcome ResolveDonorStep(StepContext& context);
StepOutcome PreflightStep(StepContext& context);
StepOutcome ClaimDonorStep(StepContext& context);
StepOutcome FenceStep(StepContext& context);
StepOutcome CloneStep(StepContext& context);
StepOutcome AwaitRestartStep(StepContext& context);
StepOutcome VerifyStep(StepContext& context);
StepOutcome ReplicateStep(StepContext& context);
StepOutcome CatchUpStep(StepContext& context);
StepOutcome PublishStep(StepContext& context);
StepOutcome ReleaseStep(StepContext& context);

// Finds donor and source, and makes all checks. For an operation that is not to run.
absl::StatusOr<PreflightReport> MakePreflight(StepContext& context);

// Donor and source into the operation, from the topology and the shard's servers.
absl::Status ResolveDonor(StepContext& context);

// Finds the shard's donors as `wish` says; the operation notes the refused ones and the reasons.
absl::StatusOr<FoundDonors> SearchDonors(StepContext& context, const Shard& shard,
                                         const DonorWish& wish);
// NO_DONOR: none of the shard's tablets can be it, and why.
absl::Status NoDonor(const Operation& operation, const Shard& shard, const FoundDonors& found);

// SEMI_SYNC once more, right before the fence goes up.
absl::Status CheckAcknowledgers(StepContext& context);

// All of preflight, the records of donor and source, the claim and RefusePrimary once more, right
// before CLONE is sent.
absl::Status LastChecks(StepContext& context);

// Copies the present addresses of donor and source from their records into the operation.
// FAILED_PRECONDITION: a record rules its tablet out; NOT_FOUND: a record is gone.
absl::Status ReadDonorAndSource(StepContext& context, const Shard& shard, const TabletAlias& donor);

// How the operation asks other tablets' servers.
Peers PeersOf(const StepContext& context);

// FAILED_PRECONDITION: the topology says that `tablet` is its shard's primary. graft asks when the
// operation begins and again right before CLONE.
absl::Status RefusePrimary(const Tablet& tablet, const Shard& shard);

// Sets the clone_* variables that a request or an operator wants for the copy; first journals their
// old values, which LiftFence restores.
absl::Status ApplyCloneSettings(StepContext& context, const CloneSettings& settings);

// LOCKED_OUT_AFTER_CLONE: after the copy the agent is denied, with `look`.
absl::Status LockedOut(const absl::Status& look);

}  // namespace graft
