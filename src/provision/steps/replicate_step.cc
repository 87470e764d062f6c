// replicate: no channel but ours, which follows the source.

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/steps/replication.h"
#include "provision/steps/source.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

// A store that is away keeps nobody from following whom the operation knows: catch_up looks again.
absl::StatusOr<Tablet> SourceNow(StepContext& context) {
  auto source = FindSource(context);
  if (source.ok() || HasReason(source.status(), Reason::kSourceUnfit)) return source;
  Tablet known;
  known.alias = context.operation.source;
  known.mysql = context.operation.source_mysql;
  return known;
}

}  // namespace

StepOutcome ReplicateStep(StepContext& context) {
  // A donor that is a replica brought its own channels along, with their passwords.
  GRAFT_RETURN_IF_ERROR(StopWhenIdle(context, /*forget=*/true));
  GRAFT_ASSIGN_OR_RETURN(const Tablet source, SourceNow(context));
  GRAFT_RETURN_IF_ERROR(CheckSourceIdentity(context, source));
  GRAFT_RETURN_IF_ERROR(FollowSource(context, source));
  context.Note("");
  return StepOutcome::Advance();
}

}  // namespace graft
