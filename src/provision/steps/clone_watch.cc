#include "provision/steps/clone_watch.h"

#include "base/errors.h"

namespace graft {

absl::StatusOr<CloneVerdict> CloneWatch::Look() {
  Operation& operation = context_.operation;
  SentClone& clone = *context_.state.clone;
  GRAFT_ASSIGN_OR_RETURN(report_, context_.recipient().ReadClone());
  const CloneVerdict verdict = JudgeClone(report_, clone);
  if (verdict == CloneVerdict::kNoTrace || verdict == CloneVerdict::kContradicts) return verdict;
  // A run whose end is not seen yet has dropped something, as far as anybody knows; and until
  // verify has looked, one that completed counts as nothing usable.
  operation.data_state = OnceDropped(Left());
  // An agent that could not journal its session leaves it to the report to name it.
  const int64_t session = report_.status->connection_id;
  const bool new_session = session != 0 && session != clone.connection_id;
  if (clone.begin_time.empty() || new_session) {
    clone.begin_time = report_.status->begin_time;
    if (new_session) clone.connection_id = session;
    // The marks that were saved before are enough to know it.
    context_.Save().IgnoreError();
  }
  if (meter_.Update(report_, context_.clock().Now(), operation.progress)) {
    context_.ReportProgress();
  }
  return verdict;
}

void CloneWatch::Conclude(DataState left) {
  context_.state.clone.reset();
  context_.operation.data_state = left;
}

absl::Status CloneWatch::Failure() const {
  if (report_.status.has_value() && !report_.status->failure.ok()) return report_.status->failure;
  return graft::Failure(Reason::kCloneFailed, "CLONE failed, and clone_status does not say why");
}

}  // namespace graft
