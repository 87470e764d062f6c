// replicate: no channel but ours, which follows the source.

#include "base/errors.h"
#include "provision/steps/replication.h"
#include "provision/steps/source.h"
#include "provision/steps/steps.h"

namespace graft {

StepOutcome ReplicateStep(StepContext& context) {
  // A donor that is a replica brought its own channels along, with their passwords.
  GRAFT_RETURN_IF_ERROR(StopWhenIdle(context, /*forget=*/true));
  GRAFT_ASSIGN_OR_RETURN(const Tablet source, FindSource(context));
  const absl::Status answer = AskSource(context, source).status();
  // A source that is away does not end this step: catch_up waits for the source.
  if (HasReason(answer, Reason::kSourceIdentity)) return answer;
  GRAFT_RETURN_IF_ERROR(FollowSource(context, source));
  context.Note("");
  return StepOutcome::Advance();
}

}  // namespace graft
