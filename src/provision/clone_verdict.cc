#include "provision/clone_verdict.h"

#include "absl/strings/match.h"

namespace graft {
namespace {

bool IsThisRun(const CloneStatus& status, const CloneRun& run, const HostPort& donor) {
  if (!absl::EqualsIgnoreCase(status.source, donor.ToString())) return false;
  if (!run.begin_time.empty()) return status.begin_time == run.begin_time;
  if (run.connection_id != 0 && status.connection_id == run.connection_id) return true;
  return !run.not_before.empty() && status.begin_time >= run.not_before;
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

DataState DataStateAfter(const CloneReport& report, const CloneRun& run, const HostPort& donor) {
  if (JudgeClone(report, run, donor) == CloneVerdict::kNoTrace) return DataState::kIntact;
  for (const CloneStageRow& row : report.stages) {
    if (row.stage != CloneStage::kDropData) continue;
    switch (row.state) {
      case CloneState::kNotStarted:
        return DataState::kIntact;
      case CloneState::kInProgress:
      case CloneState::kFailed:
        return DataState::kPartial;
      case CloneState::kCompleted:
        return DataState::kEmpty;
    }
  }
  return DataState::kIntact;
}

}  // namespace graft
