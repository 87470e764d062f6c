#include "provision/steps/left_copy.h"

#include <algorithm>

#include "base/errors.h"
#include "base/gtid_set.h"
#include "provision/steps/clone_verdict.h"

namespace graft {
namespace {

// Nothing has been executed on the copy, and nothing can have been: replication stands.
absl::StatusOr<bool> IsUntouched(StepContext& context, const CloneStatus& status,
                                 const ServerFacts& server) {
  GRAFT_ASSIGN_OR_RETURN(const GtidSet executed, GtidSet::Parse(server.gtid_executed));
  GRAFT_ASSIGN_OR_RETURN(const GtidSet promised, GtidSet::Parse(status.gtid_executed));
  if (executed.ToString() != promised.ToString()) return false;
  GRAFT_ASSIGN_OR_RETURN(const auto channels, context.recipient().ReadReplication());
  return std::none_of(channels.begin(), channels.end(),
                      [](const ReplicationChannel& channel) { return channel.runs(); });
}

absl::StatusOr<bool> IsInThisDirectory(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const auto datadir, context.recipient().ReadVariables({"datadir"}));
  return datadir.front().value == context.state.data_directory;
}

absl::StatusOr<bool> MayBeTaken(StepContext& context, const CloneReport& report,
                                const ServerFacts& server) {
  const SentClone& clone = *context.state.clone;
  if (!(clone.choice == context.operation.request.donor)) return false;
  if (server.server_uuid != context.state.server_uuid) return false;
  GRAFT_ASSIGN_OR_RETURN(const bool here, IsInThisDirectory(context));
  if (!here) return false;
  return IsUntouched(context, *report.status, server);
}

StepOutcome Forget(StepContext& context, DataState left) {
  context.state.clone.reset();
  context.operation.data_state = context.state.data_before = left;
  return StepOutcome::Advance();
}

}  // namespace

StepOutcome TakeUpLeftCopy(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const CloneReport report, context.recipient().ReadClone());
  GRAFT_ASSIGN_OR_RETURN(const ServerFacts server, context.recipient().Describe());
  const SentClone& clone = *context.state.clone;
  const DataState before = context.state.data_before;
  switch (JudgeClone(report, clone)) {
    case CloneVerdict::kRunning:
    case CloneVerdict::kStopping:
      context.operation.donor = clone.donor;
      context.operation.donor_mysql = clone.donor_mysql;
      return StepOutcome::Advance(Step::kClone);
    case CloneVerdict::kCompleted: {
      GRAFT_ASSIGN_OR_RETURN(const bool may_be, MayBeTaken(context, report, server));
      if (!may_be) return Forget(context, std::max(before, DataState::kEmpty));
      context.operation.donor = clone.donor;
      context.operation.donor_mysql = clone.donor_mysql;
      return StepOutcome::Advance(Step::kVerify);
    }
    case CloneVerdict::kCrashed:
    case CloneVerdict::kFailed:
      return Forget(context, WhatIsLeft(report, before));
    case CloneVerdict::kNoTrace:
    case CloneVerdict::kContradicts:
      break;
  }
  return Forget(context, before);
}

}  // namespace graft
