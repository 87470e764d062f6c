#include "provision/steps/clone_watch.h"

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {

absl::StatusOr<CloneVerdict> CloneWatch::Look() {
  Operation& operation = context_.operation;
  GRAFT_ASSIGN_OR_RETURN(report_, context_.recipient().ReadClone());
  const CloneVerdict verdict = JudgeClone(report_, operation.run, operation.donor_mysql);
  // Until verify has asked the server itself, a completed run counts as nothing usable.
  operation.data_state = JudgeData({report_, operation.run, operation.donor_mysql,
                                    operation.data_before, nullptr, operation.server_uuid})
                             .state;
  if (verdict == CloneVerdict::kNoTrace) return verdict;
  if (operation.run.begin_time.empty()) {
    operation.run.begin_time = report_.status->begin_time;
    GRAFT_RETURN_IF_ERROR(context_.Save());
  }
  if (meter_.Update(report_, context_.clock().Now(), operation.progress)) {
    context_.ReportProgress();
  }
  return verdict;
}

absl::Status CloneWatch::Failure(CloneVerdict verdict) {
  if (verdict == CloneVerdict::kCrashed) {
    return WithReason(
        absl::UnavailableError("the recipient's mysqld went down in the middle of the clone and "
                               "rolled it back; see its error log, then ask again"),
        Reason::kRecipientCrashed);
  }
  const CloneStatus& status = *report_.status;
  if (!status.failure.ok()) return status.failure;
  return WithReason(absl::InternalError("CLONE failed, and clone_status does not say why"),
                    Reason::kCloneFailed);
}

}  // namespace graft
