// preflight: asks both servers and judges the answers; touches nothing.

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "provision/operation/decisions.h"
#include "provision/preflight/preflight.h"
#include "provision/steps/preflight_facts.h"
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

// It may have changed while the operation stood in the queue. Moved to another address, the donor
// is still the one that was claimed; preflight looks whether the same server is there.
absl::Status ReadRecordsAgain(StepContext& context, const Shard& shard) {
  absl::Status read = ReadDonorAndSource(context, shard, context.operation.donor);
  if (!absl::IsNotFound(read)) return read;
  return WithReason(absl::FailedPreconditionError(read.message()), Reason::kDonorHasNoAddress);
}

// FAILED_PRECONDITION and what FindingsToStatus says: findings. Other codes: the recipient could
// not be asked.
absl::Status LookAtAll(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const PreflightFacts facts, GatherPreflightFacts(context));
  const std::vector<CheckResult> results = Preflight(facts);
  NoteFacts(facts, results, context.state);
  context.ReportProgress();
  return Judge(results, context.operation);
}

}  // namespace

Peers PeersOf(const StepContext& context) {
  const ProvisionerDeps& deps = context.deps;
  const auto open = [peers = context.peers](const HostPort& address) {
    return peers->Open(address);
  };
  return {open, deps.ask_all ? deps.ask_all : AskInOrder(deps.clock),
          std::shared_ptr<Cancellation>(context.control, &context.control->wait())};
}

StepOutcome PreflightStep(StepContext& context) {
  return LookAtAll(context);
}

// What could have changed since preflight, right before CLONE: all of it is looked at again, and
// besides that the tablet is still no primary and the claim on the donor still ours.
absl::Status LastChecks(StepContext& context) {
  const ProvisionerOptions& options = context.options;
  GRAFT_ASSIGN_OR_RETURN(const Shard shard,
                         context.deps.topology.GetShard(options.keyspace, options.shard));
  GRAFT_ASSIGN_OR_RETURN(const Tablet own, context.deps.topology.GetTablet(options.alias));
  GRAFT_RETURN_IF_ERROR(RefusePrimary(own, shard));
  GRAFT_RETURN_IF_ERROR(ReadRecordsAgain(context, shard));
  GRAFT_RETURN_IF_ERROR(LookAtAll(context));
  GRAFT_ASSIGN_OR_RETURN(const int ahead, context.deps.claims.Ahead());
  if (ahead == 0) return absl::OkStatus();
  return WithReason(absl::AbortedError("the claim on the donor was lost before CLONE was sent"),
                    Reason::kClaimLost);
}

}  // namespace graft
