#include "provision/steps/clone_verdict.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/gtid_set.h"

namespace graft {
namespace {

bool IsThisRun(const CloneStatus& status, const SentClone& clone) {
  if (!absl::EqualsIgnoreCase(status.source, clone.donor_mysql.ToString())) return false;
  if (!clone.begin_time.empty()) return status.begin_time == clone.begin_time;
  if (clone.connection_id != 0 && status.connection_id == clone.connection_id) return true;
  return !clone.not_before.empty() && status.begin_time >= clone.not_before;
}

// Times of the report compare as text, to the precision of the shorter one.
bool IsBefore(absl::string_view a, absl::string_view b) {
  const size_t length = std::min(a.size(), b.size());
  return a.substr(0, length) < b.substr(0, length);
}

// A run in place has ended after it began, in a process that came after it, in every stage.
bool IsWholeTruth(const CloneReport& report, const SentClone& clone) {
  const CloneStatus& status = *report.status;
  if (status.end_time.empty() || IsBefore(status.end_time, status.begin_time) ||
      IsBefore(status.end_time, clone.not_before)) {
    return false;
  }
  if (status.connection_id != 0 || report.stages.size() != kCloneStageCount) return false;
  return std::all_of(report.stages.begin(), report.stages.end(), [&](const CloneStageRow& row) {
    return row.state == CloneState::kCompleted && !row.begin_time.empty() &&
           !IsBefore(row.begin_time, status.begin_time);
  });
}

absl::Status Unverified(absl::string_view text) {
  return Failure(Reason::kVerifyFailed, text);
}

absl::Status CheckPromised(const CloneStatus& status, const SentClone& clone,
                           const ServerFacts& server) {
  GRAFT_ASSIGN_OR_RETURN(const GtidSet executed, GtidSet::Parse(server.gtid_executed));
  GRAFT_ASSIGN_OR_RETURN(const GtidSet promised, GtidSet::Parse(status.gtid_executed));
  if (const GtidSet missing = promised.Minus(executed); !missing.empty()) {
    return Unverified(
        absl::StrCat("transactions that clone_status promised are missing: ", missing.ToString()));
  }
  GRAFT_ASSIGN_OR_RETURN(const GtidSet donors, GtidSet::Parse(clone.donor_gtid));
  const GtidSet missing = donors.Minus(promised);
  if (missing.empty()) return absl::OkStatus();
  return Unverified(absl::StrCat("transactions that the donor had before the copy are missing: ",
                                 missing.ToString()));
}

}  // namespace

CloneVerdict JudgeClone(const CloneReport& report, const SentClone& clone) {
  if (!report.status.has_value() || !IsThisRun(*report.status, clone)) {
    return CloneVerdict::kNoTrace;
  }
  const CloneStatus& status = *report.status;
  switch (status.state) {
    case CloneState::kFailed:
      return CloneVerdict::kFailed;
    case CloneState::kCompleted:
      if (!IsWholeTruth(report, clone)) return CloneVerdict::kContradicts;
      return status.error_no == 0 ? CloneVerdict::kCompleted : CloneVerdict::kFailed;
    case CloneState::kNotStarted:
    case CloneState::kInProgress:
      break;
  }
  if (status.connection_id == 0) return CloneVerdict::kCrashed;
  return status.end_time.empty() ? CloneVerdict::kRunning : CloneVerdict::kStopping;
}

DataState WhatIsLeft(const CloneReport& report, DataState before) {
  for (const CloneStageRow& row : report.stages) {
    if (row.stage != CloneStage::kDropData) continue;
    switch (row.state) {
      case CloneState::kNotStarted:
        return before;
      case CloneState::kInProgress:
      case CloneState::kFailed:
        return OnceDropped(before);
      case CloneState::kCompleted:
        return DataState::kEmpty;
    }
  }
  return before;  // still in the checks before the first stage
}

DataState JudgeByServer(const ServerFacts& server, const SentClone& clone, DataState before) {
  if (IsDropped(before)) return before;  // there is nothing to lose
  const auto now = GtidSet::Parse(server.gtid_executed);
  const auto then = GtidSet::Parse(clone.gtid_before);
  if (!now.ok() || !then.ok()) return DataState::kPartial;
  const bool same =
      server.user_schemas == clone.schemas_before && now->ToString() == then->ToString();
  // A finished clone of a donor that had the same transactions shows no difference.
  const bool same_process = !clone.process.empty() && server.process == clone.process;
  const auto donors = GtidSet::Parse(clone.donor_gtid);
  const bool told_apart =
      !clone.donor_gtid.empty() && donors.ok() && donors->ToString() != then->ToString();
  if (same && (same_process || told_apart)) return before;
  return server.user_schemas.empty() ? DataState::kEmpty : DataState::kPartial;
}

absl::Status ProveClone(const CloneReport& report, const TabletState& state,
                        const ServerFacts& server) {
  if (!state.clone.has_value()) return Unverified("no clone of this operation is known");
  const SentClone& clone = *state.clone;
  switch (JudgeClone(report, clone)) {
    case CloneVerdict::kCompleted:
      break;
    case CloneVerdict::kNoTrace:
      return Unverified("clone_status does not show this run");
    case CloneVerdict::kContradicts:
      return Unverified("clone_status contradicts itself about this run");
    case CloneVerdict::kRunning:
    case CloneVerdict::kStopping:
    case CloneVerdict::kCrashed:
    case CloneVerdict::kFailed:
      return Unverified("clone_status does not show this run as Completed");
  }
  const CloneStatus& status = *report.status;
  if (status.destination != "LOCAL INSTANCE") {
    return Unverified(absl::StrCat("clone_status names ", status.destination,
                                   " as the destination, not this server"));
  }
  if (server.server_uuid != state.server_uuid) {
    return Unverified(absl::StrCat("server_uuid is ", server.server_uuid, ", was ",
                                   state.server_uuid, ": another server answers"));
  }
  if (!clone.process.empty() && server.process == clone.process) {
    return Unverified("the server has not been started anew since the copy");
  }
  return CheckPromised(status, clone, server);
}

}  // namespace graft
