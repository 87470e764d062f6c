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
  const DataState left = Left();
  operation.data_state = left == DataState::kIntact ? DataState::kPartial : left;
  if (clone.begin_time.empty()) {
    clone.begin_time = report_.status->begin_time;
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
