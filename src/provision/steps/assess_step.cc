// assess, repoint, rejoin: whether the recipient's old data can still be used, and its way back to
// its source. Whatever speaks against it leads to the ordinary copy, in the same operation.

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "base/gtid_set.h"
#include "graft/plan.h"
#include "provision/donor/donor_fitness.h"
#include "provision/steps/old_data_judge.h"
#include "provision/steps/replication.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(500);
// A source that does not answer for so long makes a copy needed. A short one is no reason.
constexpr absl::Duration kSourcePatience = absl::Seconds(30);

// Repeats `call` while it says that something is away. CANCELLED.
absl::Status Insist(StepContext& context, absl::Duration patience,
                    const std::function<absl::Status()>& call) {
  const absl::Time since = context.clock().Now();
  absl::Status status = call();
  while (IsAway(status) && context.clock().Now() - since < patience) {
    context.Note(absl::StrCat("waits, and tries again: ", status.message()));
    GRAFT_RETURN_IF_ERROR(context.Wait(kPause));
    status = call();
  }
  context.Note("");
  return status;
}

// A cancel or the agent's stop ends the step; anything else makes the copy needed, and so it stays:
// a start of replication hides an error until the error comes again.
StepOutcome CopyInstead(StepContext& context, const std::string& why) {
  context.operation.old_data.verdict = OldDataVerdict::kCopyNeeded;
  context.operation.old_data.why_copied = why;
  context.operation.source = {};
  context.operation.source_mysql = {};
  return StepOutcome::Advance(FirstOfCopy(context.operation));
}

StepOutcome CopyUnlessCancelled(StepContext& context, absl::string_view doing,
                                const absl::Status& status) {
  if (absl::IsCancelled(status) || HasReason(status, Reason::kServerHeld)) return status;
  return CopyInstead(context, absl::StrCat(doing, ": ", status.message()));
}

// The tablet to follow: the named donor if the request wants the donor, else the primary.
absl::StatusOr<Tablet> ChooseSourceOfOldData(StepContext& context) {
  Operation& operation = context.operation;
  GRAFT_ASSIGN_OR_RETURN(const Shard shard, context.ReadShard());
  const OperationRequest& request = operation.request;
  const bool named = request.donor.kind == DonorChoice::Kind::kTablet &&
                     request.replicate_from == ReplicateFrom::kDonor;
  operation.source = named ? request.donor.tablet : shard.primary;
  operation.source_mysql = {};
  GRAFT_ASSIGN_OR_RETURN(Tablet source, FindSource(context));
  if (source.mysql.empty()) return absl::UnavailableError("the topology does not answer");
  operation.source = source.alias;
  operation.source_mysql = source.mysql;
  return source;
}

absl::StatusOr<std::map<std::string, std::string>> ReadSkips(MysqlServer& server) {
  std::map<std::string, std::string> skips;
  for (const SkipSetting& setting : SkipSettings()) {
    auto values = server.ReadVariables({setting.name});
    if (absl::IsNotFound(values.status())) values = server.ReadVariables({setting.older_name});
    GRAFT_RETURN_IF_ERROR(values.status());
    skips[setting.name] = values->front().value;
  }
  return skips;
}

absl::StatusOr<ServerFacts> AskPrimary(StepContext& context, const Tablet& source) {
  GRAFT_ASSIGN_OR_RETURN(const Shard shard, context.ReadShard());
  if (shard.primary.empty()) return absl::NotFoundError("the shard has no primary");
  GRAFT_ASSIGN_OR_RETURN(const Tablet primary, context.deps.topology.GetTablet(shard.primary));
  if (primary.alias == source.alias) return AskSource(context, source);
  if (primary.mysql.empty()) return absl::NotFoundError("the primary has no MySQL address");
  GRAFT_ASSIGN_OR_RETURN(ServerFacts facts, context.peers->Open(primary.mysql)->Describe());
  const auto other = ObjectToServer(RecordedUuid(primary), facts.server_uuid);
  if (other) return Failure(other->reason, other->text);
  return facts;
}

// One that another tool sent counts too.
absl::StatusOr<bool> CloneRuns(StepContext& context) {
  if (context.state.clone.has_value()) return true;
  const auto report = context.recipient().ReadClone();
  if (HasReason(report.status(), Reason::kClonePluginMissing)) return false;
  GRAFT_RETURN_IF_ERROR(report.status());
  return report->status.has_value() && report->status->state == CloneState::kInProgress;
}

// Codes are those of the recipient's server and of the topology; the facts hold what the other
// servers said.
absl::Status ReadOldData(StepContext& context, OldDataFacts& facts) {
  facts.data_state = context.operation.data_state;
  GRAFT_ASSIGN_OR_RETURN(const Tablet own, context.ReadOwnTablet());
  facts.recorded_uuid = RecordedUuid(own);
  GRAFT_ASSIGN_OR_RETURN(facts.clone_outstanding, CloneRuns(context));
  GRAFT_ASSIGN_OR_RETURN(facts.recipient, context.recipient().Describe());
  facts.channels = context.recipient().ReadReplication();
  if (IsAway(facts.channels.status())) return facts.channels.status();
  facts.skips = ReadSkips(context.recipient());
  if (IsAway(facts.skips.status())) return facts.skips.status();
  const absl::StatusOr<Tablet> source = ChooseSourceOfOldData(context);
  facts.source_alias = context.operation.source;
  if (!source.ok()) {
    facts.source = facts.primary = source.status();
    return absl::OkStatus();
  }
  facts.source = AskSource(context, *source);
  facts.primary = AskPrimary(context, *source);
  return absl::OkStatus();
}

// As ReadOldData, with `patience` for servers that are away.
absl::StatusOr<OldDataFacts> LookAtOldData(StepContext& context, absl::Duration patience) {
  OldDataFacts facts;
  absl::Status read;
  const absl::Status looked = Insist(context, patience, [&] {
    read = ReadOldData(context, facts);
    // An agent that has just started writes the server's uuid into the record in a moment.
    const bool unknown = read.ok() && facts.recorded_uuid.empty();
    if (unknown) return absl::UnavailableError("the tablet's record names no server_uuid yet");
    return read.ok() ? facts.source.status() : read;
  });
  if (absl::IsCancelled(looked)) return looked;
  GRAFT_RETURN_IF_ERROR(read);
  return facts;
}

bool Follows(const std::vector<ReplicationChannel>& channels, const Tablet& source) {
  return channels.size() == 1 && channels.front().name.empty() && channels.front().auto_position &&
         channels.front().source.ToString() == source.mysql.ToString() &&
         channels.front().receiver_running && channels.front().applier_running;
}

absl::Status FollowAgain(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const Tablet source, FindSource(context));
  GRAFT_RETURN_IF_ERROR(AskSource(context, source).status());
  GRAFT_ASSIGN_OR_RETURN(const auto channels, context.recipient().ReadReplication());
  if (Follows(channels, source)) return absl::OkStatus();  // only behind: there is nothing to mend
  GRAFT_RETURN_IF_ERROR(StopWhenIdle(context, /*forget=*/false));
  return FollowSource(context, source);
}

}  // namespace

// Touches nothing. To resolve_donor: a copy is needed, and the operation says why. The first
// verdict stands: another attempt copies.
StepOutcome AssessStep(StepContext& context) {
  OldData& old = context.operation.old_data;
  if (old.verdict == OldDataVerdict::kCopyNeeded) {
    return StepOutcome::Advance(FirstOfCopy(context.operation));
  }
  GRAFT_ASSIGN_OR_RETURN(const Shard shard, context.ReadShard());
  GRAFT_RETURN_IF_ERROR(NoteOwnTablet(context, shard));
  GRAFT_ASSIGN_OR_RETURN(const OldDataFacts facts, LookAtOldData(context, kSourcePatience));
  const OldDataJudgement judgement = JudgeOldData(facts);
  old.found = judgement.found;
  old.gtid_before = facts.recipient.gtid_executed;
  old.transactions_behind = judgement.behind;
  if (!judgement.why_copy.empty()) {
    return CopyInstead(context, absl::StrJoin(judgement.why_copy, "; "));
  }
  old.verdict = OldDataVerdict::kCatchingUp;
  return StepOutcome::Advance();
}

// The old channel stays, so that no moment is without one.
StepOutcome RepointStep(StepContext& context) {
  const absl::Status follows = Insist(context, context.options.restart_wait_timeout,
                                      [&context] { return FollowAgain(context); });
  return follows.ok() ? StepOutcome::Advance()
                      : CopyUnlessCancelled(context, "repointing failed", follows);
}

// To publish: the old data has caught up, and a second look at all the facts proves that it is the
// shard's.
StepOutcome RejoinStep(StepContext& context) {
  OldData& old = context.operation.old_data;
  const absl::Status caught_up = AwaitCaughtUp(context);
  if (!caught_up.ok()) return CopyUnlessCancelled(context, "catching up failed", caught_up);
  const auto facts = LookAtOldData(context, context.options.restart_wait_timeout);
  if (!facts.ok()) return CopyUnlessCancelled(context, "the proof failed", facts.status());
  const OldDataJudgement judgement = JudgeOldData(*facts);
  const auto brought = GtidDifference(facts->recipient.gtid_executed, old.gtid_before);
  if (!judgement.why_copy.empty() || !brought.ok()) {
    return CopyInstead(
        context, absl::StrCat("after catching up: ", absl::StrJoin(judgement.why_copy, "; ")));
  }
  old.verdict = OldDataVerdict::kCopySaved;
  old.gtid_after = facts->recipient.gtid_executed;
  old.transactions_caught_up = brought->size();
  return StepOutcome::Advance(Step::kPublish);
}

}  // namespace graft
