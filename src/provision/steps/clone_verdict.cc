#include "provision/steps/clone_verdict.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/gtid_set.h"

namespace graft {
namespace {

bool IsThisRun(const CloneStatus& status, const CloneRun& run, const HostPort& donor) {
  if (!absl::EqualsIgnoreCase(status.source, donor.ToString())) return false;
  if (!run.begin_time.empty()) return status.begin_time == run.begin_time;
  if (run.connection_id != 0 && status.connection_id == run.connection_id) return true;
  return !run.not_before.empty() && status.begin_time >= run.not_before;
}

absl::Status Unverified(absl::string_view text) {
  return WithReason(absl::DataLossError(text), Reason::kVerifyFailed);
}

// Of a run that is under way or ended badly.
DataState WhatIsLeft(const DataEvidence& evidence) {
  for (const CloneStageRow& row : evidence.report.stages) {
    if (row.stage != CloneStage::kDropData) continue;
    switch (row.state) {
      case CloneState::kNotStarted:
        return evidence.before;
      case CloneState::kInProgress:
      case CloneState::kFailed:
        return evidence.before == DataState::kIntact ? DataState::kPartial : evidence.before;
      case CloneState::kCompleted:
        return DataState::kEmpty;
    }
  }
  return evidence.before;  // still in the checks before the first stage
}

// That a run which says Completed has put the donor's data on this server.
absl::Status Prove(const DataEvidence& evidence) {
  const CloneStatus& status = *evidence.report.status;
  if (status.destination != "LOCAL INSTANCE") {
    return Unverified(absl::StrCat("clone_status names ", status.destination,
                                   " as the destination, not this server"));
  }
  if (evidence.restarted == nullptr) return Unverified("the server has not been asked yet");
  if (evidence.restarted->server_uuid != evidence.server_uuid) {
    return Unverified(absl::StrCat("server_uuid is ", evidence.restarted->server_uuid, ", was ",
                                   evidence.server_uuid, ": another server answers"));
  }
  GRAFT_ASSIGN_OR_RETURN(const GtidSet executed, GtidSet::Parse(evidence.restarted->gtid_executed));
  GRAFT_ASSIGN_OR_RETURN(const GtidSet promised, GtidSet::Parse(status.gtid_executed));
  const GtidSet missing = promised.Minus(executed);
  if (missing.empty()) return absl::OkStatus();
  return Unverified(
      absl::StrCat("transactions that clone_status promised are missing: ", missing.ToString()));
}

}  // namespace

CloneVerdict JudgeClone(const CloneReport& report, const CloneRun& run, const HostPort& donor) {
  if (!report.status.has_value() || !IsThisRun(*report.status, run, donor)) {
    return CloneVerdict::kNoTrace;
  }
  const CloneStatus& status = *report.status;
  switch (status.state) {
    case CloneState::kFailed:
      return CloneVerdict::kFailed;
    case CloneState::kCompleted:
      return status.error_no == 0 ? CloneVerdict::kCompleted : CloneVerdict::kFailed;
    case CloneState::kNotStarted:
    case CloneState::kInProgress:
      break;
  }
  if (status.connection_id == 0) return CloneVerdict::kCrashed;
  return status.end_time.empty() ? CloneVerdict::kRunning : CloneVerdict::kStopping;
}

DataVerdict JudgeData(const DataEvidence& evidence) {
  switch (JudgeClone(evidence.report, evidence.run, evidence.donor)) {
    case CloneVerdict::kNoTrace:
      return {evidence.before, Unverified("clone_status does not show this run")};
    case CloneVerdict::kCompleted:
      break;
    case CloneVerdict::kRunning:
    case CloneVerdict::kStopping:
    case CloneVerdict::kCrashed:
    case CloneVerdict::kFailed:
      return {WhatIsLeft(evidence), Unverified("clone_status does not show this run as Completed")};
  }
  const absl::Status proof = Prove(evidence);
  return {proof.ok() ? DataState::kCloned : DataState::kEmpty, proof};
}

}  // namespace graft
