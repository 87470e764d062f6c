// verify: proves that the new data is the donor's, on this server, without transactions that the
// shard's primary lacks. It also counts the losses of the old data.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"
#include "base/gtid_set.h"
#include "provision/donor/donor_fitness.h"
#include "provision/operation/decisions.h"
#include "provision/steps/clone_verdict.h"
#include "provision/steps/replication.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

// The shard's primary now, which need not be the one that was it when the operation began.
absl::StatusOr<GtidSet> ReadPrimary(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const Shard shard, context.ReadShard());
  if (shard.primary.empty()) return absl::NotFoundError("the shard has no primary");
  GRAFT_ASSIGN_OR_RETURN(const Tablet primary, context.deps.topology.GetTablet(shard.primary));
  if (primary.mysql.empty()) return absl::NotFoundError("the primary has no MySQL address");
  GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, context.peers->Open(primary.mysql)->Describe());
  if (const auto other = ObjectToServer(RecordedUuid(primary), facts.server_uuid)) {
    return Failure(other->reason, absl::StrCat(primary.alias.ToString(), ": ", other->text));
  }
  return GtidSet::Parse(facts.gtid_executed);
}

// The origin of the transactions: those that clone_status did not promise were executed here, after
// the copy.
std::string BlameErrant(const GtidSet& errant, const GtidSet& promised) {
  if (errant.Minus(promised).empty()) {
    return absl::StrCat("the donor's data has ", errant.size(),
                        " transaction(s) that the primary lacks: ", errant.ToString(),
                        "; clone from another donor");
  }
  return absl::StrCat("this server itself executed ", errant.Minus(promised).size(),
                      " transaction(s) beside the copy: ", errant.Minus(promised).ToString(),
                      "; somebody wrote here, perhaps a statement that had waited for the clone's "
                      "lock: keep applications away, then ask again");
}

// The primary is read after the copy, so that it has every transaction that the copy got from it.
absl::Status RefuseErrant(StepContext& context, const GtidSet& executed, const GtidSet& promised) {
  const absl::StatusOr<GtidSet> primary = ReadPrimary(context);
  if (!primary.ok()) {
    context.operation.proof.not_checked =
        absl::StrCat("whether the primary has every transaction: ", primary.status().message());
    return absl::OkStatus();
  }
  const GtidSet errant = executed.Minus(*primary);
  if (errant.empty()) return absl::OkStatus();
  return WithReason(absl::DataLossError(BlameErrant(errant, promised)),
                    Reason::kErrantTransactions);
}

// Transactions that only the old recipient had.
absl::Status CountDiscarded(Operation& operation, const GtidSet& executed) {
  GRAFT_ASSIGN_OR_RETURN(const GtidSet before, GtidSet::Parse(operation.proof.gtid_before));
  const GtidSet discarded = before.Minus(executed);
  operation.proof.transactions_discarded = discarded.size();
  operation.proof.gtid_discarded = discarded.ToString();
  return absl::OkStatus();
}

// The server does not show the expected copy, so the data counts as EMPTY.
StepOutcome Refuse(StepContext& context, const CloneReport& report, const absl::Status& why) {
  const CloneVerdict verdict = JudgeClone(report, *context.state.clone);
  const bool unknown = verdict == CloneVerdict::kContradicts || verdict == CloneVerdict::kNoTrace;
  context.state.clone.reset();
  context.operation.data_state = unknown ? DataState::kPartial : DataState::kEmpty;
  return StepOutcome::Stop(why);
}

// The type to come back to: the one before the operation that failed, else the agent's own.
absl::Status NoteType(StepContext& context) {
  TabletState& state = context.state;
  GRAFT_ASSIGN_OR_RETURN(const Tablet own, context.ReadOwnTablet());
  state.type_before = own.type;
  const bool serves = own.type != TabletType::kRestore && own.type != TabletType::kUnknown;
  if (serves) {
    state.type_after = own.type;
  } else if (state.type_after == TabletType::kUnknown) {
    state.type_after = context.options.init_type;
  }
  return absl::OkStatus();
}

absl::Status StartChannels(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const auto channels, context.recipient().ReadReplication());
  const bool stopped =
      std::any_of(channels.begin(), channels.end(), [](const ReplicationChannel& channel) {
        return !channel.receives() || !channel.applier_running;
      });
  return stopped ? context.recipient().StartReplication(std::nullopt) : absl::OkStatus();
}

// The copy that an earlier operation sent may run on, though that operation has ended: the server
// was frozen for long, or refused its agent. The server itself must show that the copy has ended.
absl::Status EndTheCopy(StepContext& context) {
  std::optional<SentClone>& clone = context.state.clone;
  if (!clone.has_value()) return absl::OkStatus();
  const auto report = context.recipient().ReadClone();
  // A server without the plugin copies nothing.
  if (!report.ok() && !HasReason(report.status(), Reason::kClonePluginMissing)) {
    return report.status();
  }
  const CloneVerdict verdict = report.ok() ? JudgeClone(*report, *clone) : CloneVerdict::kNoTrace;
  if (verdict == CloneVerdict::kRunning || verdict == CloneVerdict::kStopping) {
    return Failure(Reason::kCloneStillRuns,
                   absl::StrCat("the copy from ", clone->donor.ToString(),
                                " that an earlier operation sent still runs on this server, which "
                                "restarts on it: graftctl reprovision with the same donor takes it "
                                "up; to get rid of it, cancel that one with --even-if-dropped"));
  }
  clone.reset();
  return absl::OkStatus();
}

// The donor's events run on the donor; a copy of a primary would run them too, as soon as it
// restarts without super_read_only, and execute transactions of its own.
absl::Status DisableEvents(StepContext& context) {
  Proof& proof = context.operation.proof;
  const auto events = context.recipient().DisableEvents();
  if (IsAway(events.status())) return events.status();
  std::string left;  // no reason to give up on a good copy
  if (!events.ok()) {
    left = std::string(events.status().message());
  } else {
    proof.disabled_events = events->names;
    left = absl::StrJoin(events->refused, ", ");
  }
  const std::string found = absl::StrCat("events may run on this replica: ", left);
  if (!left.empty() && !absl::StrContains(proof.not_checked, found)) {
    absl::StrAppend(&proof.not_checked, proof.not_checked.empty() ? "" : "; ", found);
  }
  // Whoever went away in the middle of this has left it OFF.
  return CloseAgain(context);
}

// A copy that follows nobody may be about to become a primary, with its events.
absl::Status DisableEventsOfAReplica(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const auto channels, context.recipient().ReadReplication());
  return channels.empty() ? absl::OkStatus() : DisableEvents(context);
}

// The old replica's, once the new one has caught up.
absl::Status DelayAgain(StepContext& context, const ReplicationChannel& channel) {
  const absl::Duration delay = context.state.replication.delay;
  const bool forgotten = context.operation.request.allow.lost_replication_settings;
  if (delay == channel.delay || forgotten) return absl::OkStatus();
  return DelayWhenStopped(context, delay);
}

// What a copy still needs before it serves: once, while its fence is up.
absl::Status FinishTheCopy(StepContext& context) {
  const bool copy = context.operation.request.kind == OperationKind::kReprovision;
  const bool old = context.operation.old_data.verdict == OldDataVerdict::kCopySaved;
  if (!copy || old || !context.state.fence.up) return absl::OkStatus();
  GRAFT_RETURN_IF_ERROR(DisableEvents(context));
  // A start of replication may just have made the channel anew, without its delay.
  GRAFT_ASSIGN_OR_RETURN(const auto channels, context.recipient().ReadReplication());
  return channels.empty() ? absl::OkStatus() : DelayAgain(context, channels.front());
}

}  // namespace

// DATA_LOSS: the new data is not the donor's, or not on this server.
StepOutcome VerifyStep(StepContext& context) {
  TabletState& state = context.state;
  if (!state.clone.has_value()) {  // an earlier process has proved it
    return context.operation.data_state == DataState::kCloned
               ? StepOutcome::Advance()
               : StepOutcome::Stop(absl::InternalError("verify without a clone"));
  }
  context.deps.holder.HoldServer(state.clone->connection_id).IgnoreError();
  GRAFT_ASSIGN_OR_RETURN(const CloneReport report, context.recipient().ReadClone());
  GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, context.recipient().Describe());
  const absl::Status proof = ProveClone(report, state, facts);
  if (!proof.ok()) return Refuse(context, report, proof);
  GRAFT_ASSIGN_OR_RETURN(const GtidSet executed, GtidSet::Parse(facts.gtid_executed));
  GRAFT_ASSIGN_OR_RETURN(const GtidSet promised, GtidSet::Parse(report.status->gtid_executed));
  const absl::Status errant = RefuseErrant(context, executed, promised);
  if (!errant.ok()) return Refuse(context, report, errant);
  GRAFT_RETURN_IF_ERROR(CountDiscarded(context.operation, executed));
  const SentClone clone = *std::exchange(state.clone, std::nullopt);
  context.operation.data_state = DataState::kCloned;
  context.state.fence.replication_was_running = false;  // that was the old data's
  const absl::Status saved = context.Save();
  if (!saved.ok()) {  // verify runs again from its start
    state.clone = clone;
    context.operation.data_state = DataState::kEmpty;
    return StepOutcome::Wait(saved);
  }
  return StepOutcome::Advance();
}

// publish: from a replica that has caught up to one that serves.
// release: an operator has said that the data is good. Replication is started where a channel is
// configured, the fence comes down, whoever's record of it is left, and the old type comes back.

// FAILED_PRECONDITION with DATA_NOT_GOOD, CLONE_STILL_RUNS or NOTHING_TO_RELEASE: nothing was
// touched. The fence comes down last, so that whatever fails leaves it up.
StepOutcome ReleaseStep(StepContext& context) {
  TabletState& state = context.state;
  Operation& operation = state.operation;
  GRAFT_RETURN_IF_ERROR(CheckVouched(operation, operation.data_state));
  GRAFT_RETURN_IF_ERROR(EndTheCopy(context));
  GRAFT_RETURN_IF_ERROR(NoteType(context));
  GRAFT_ASSIGN_OR_RETURN(const bool fenced, FindFence(context));
  const bool serves = state.type_before == state.type_after;
  const bool dropped = IsDropped(operation.data_state);
  if (!fenced && serves && !dropped) {
    return Failure(Reason::kNothingToRelease,
                   "no fence of graft's is up, and the tablet's record has its type");
  }
  GRAFT_RETURN_IF_ERROR(StartChannels(context));
  if (fenced && operation.data_state == DataState::kCloned) {
    GRAFT_RETURN_IF_ERROR(DisableEventsOfAReplica(context));
  }
  const FenceRecord fence = state.fence;
  const DataState data = operation.data_state;
  GRAFT_RETURN_IF_ERROR(LiftFence(context, /*keep_read_only=*/false));
  if (dropped) operation.data_state = DataState::kIntact;
  absl::Status saved = context.Save();
  if (!saved.ok()) {  // it is not so before the journal says so
    state.fence = fence;
    operation.data_state = data;
  }
  return saved;
}

// The tablet serves again: fence down, though still read-only as a replica is, and its type back.
StepOutcome PublishStep(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const auto channels, context.recipient().ReadReplication());
  if (!channels.empty()) GRAFT_RETURN_IF_ERROR(StartIfStopped(context, channels.front()));
  GRAFT_RETURN_IF_ERROR(FinishTheCopy(context));
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
