// preflight: asks both servers and judges the answers; touches nothing.

#include <algorithm>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "provision/operation/retry_policy.h"
#include "provision/preflight/preflight.h"
#include "provision/preflight/preflight_facts.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

// What another donor may mend is marked so, whatever the finding's own word is.
absl::Status Judge(const std::vector<CheckResult>& results, const Operation& operation) {
  const Allowances& allow = operation.request.allow;
  absl::Status status = FindingsToStatus(results, allow);
  const bool known = std::any_of(results.begin(), results.end(), [](const CheckResult& result) {
    return result.outcome == CheckOutcome::kFatal;
  });
  // The id of what could not be looked at is no reason yet.
  if (!status.ok() && !known) return WithReason(std::move(status), Reason::kPreflightUnchecked);
  const bool has_choice = operation.request.donor.kind == DonorChoice::Kind::kAny;
  // Rather the next one at once than this one again and again.
  if (has_choice && HasReason(status, Reason::kDonorUnreachable)) {
    return WithReason(absl::FailedPreconditionError(status.message()), Reason::kDonorUnreachable);
  }
  if (!status.ok() && has_choice && OnlyDonorIsAtFault(results, allow) &&
      !MayTryAgain(operation, status)) {
    status = WithReason(std::move(status), Reason::kDonorUnfit);
  }
  return status;
}

}  // namespace

// FAILED_PRECONDITION and what FindingsToStatus says: findings. Other codes: the recipient could
// not be asked.
absl::Status PreflightStep(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const PreflightFacts facts, GatherPreflightFacts(context));
  const std::vector<CheckResult> results = Preflight(facts);
  NoteFacts(facts, results, context.operation);
  context.ReportProgress();
  return Judge(results, context.operation);
}

// What could have changed since preflight, right before CLONE: all of it is looked at again, and
// besides that the tablet is still no primary and the claim on the donor still ours.
absl::Status LastChecks(StepContext& context) {
  const ProvisionerOptions& options = context.options;
  GRAFT_ASSIGN_OR_RETURN(const Shard shard,
                         context.deps.topology.GetShard(options.keyspace, options.shard));
  GRAFT_ASSIGN_OR_RETURN(const Tablet own, context.deps.topology.GetTablet(options.alias));
  GRAFT_RETURN_IF_ERROR(RefusePrimary(own, shard));
  GRAFT_RETURN_IF_ERROR(PreflightStep(context));
  GRAFT_ASSIGN_OR_RETURN(const int ahead, context.deps.claims.Ahead());
  if (ahead == 0) return absl::OkStatus();
  return WithReason(absl::AbortedError("the claim on the donor was lost before CLONE was sent"),
                    Reason::kClaimLost);
}

}  // namespace graft
