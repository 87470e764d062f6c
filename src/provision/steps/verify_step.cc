// verify: proves that the new data is the donor's, on this server, without transactions that the
// shard's primary lacks. It also counts the losses of the old data.

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/gtid_set.h"
#include "provision/donor/donor_fitness.h"
#include "provision/steps/clone_verdict.h"
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

}  // namespace graft
