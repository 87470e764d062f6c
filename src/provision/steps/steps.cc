#include "provision/steps/steps.h"

namespace graft {

StepOutcome RunStep(Step step, StepContext& context) {
  switch (step) {
    case Step::kResolveDonor:
      return ResolveDonorStep(context);
    case Step::kPreflight:
      return PreflightStep(context);
    case Step::kClaimDonor:
      return ClaimDonorStep(context);
    case Step::kFence:
      return FenceStep(context);
    case Step::kClone:
      return CloneStep(context);
    case Step::kAwaitRestart:
      return AwaitRestartStep(context);
    case Step::kVerify:
      return VerifyStep(context);
    case Step::kReplicate:
      return ReplicateStep(context);
    case Step::kCatchUp:
      return CatchUpStep(context);
    case Step::kPublish:
      return PublishStep(context);
    case Step::kRelease:
      return ReleaseStep(context);
  }
  return absl::InternalError("unknown step");
}

}  // namespace graft
