// publish: from a replica that has caught up to one that serves.

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/steps/fence.h"
#include "provision/steps/replication.h"
#include "provision/steps/steps.h"

namespace graft {

// The tablet serves again: fence down, though still read-only as a replica is, and its type back.
StepOutcome PublishStep(StepContext& context) {
  // Another tablet may have cloned from the donor meanwhile; the copy is proved all the same.
  if (context.deps.claims.state() == ClaimKeeper::State::kLost) context.operation.claim_lost = true;
  GRAFT_ASSIGN_OR_RETURN(const auto channels, context.recipient().ReadReplication());
  if (!channels.empty()) GRAFT_RETURN_IF_ERROR(StartIfStopped(context, channels.front()));
  GRAFT_RETURN_IF_ERROR(LiftFence(context, /*keep_read_only=*/true));
  GRAFT_RETURN_IF_ERROR(context.Save());
  TabletState done = context.state;
  done.operation.outcome = Outcome::kDone;
  const absl::Status published = context.deps.record.Publish(done).status();
  // A record that somebody deleted is made anew by the keeper.
  if (published.ok() || absl::IsNotFound(published)) return StepOutcome::Advance();
  // Away, or closed to us, or written by others all the while: no reason to give up on a good copy.
  context.Note(absl::StrCat("all is done but the record cannot be written: ", published.message()));
  return absl::UnavailableError(published.message());
}

}  // namespace graft
