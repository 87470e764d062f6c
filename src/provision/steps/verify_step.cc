// verify: that what came back is the donor's data, on this server, with nothing that the shard's
// primary lacks; and what it means for the data that was here before.

#include <string>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/gtid_set.h"
#include "provision/steps/clone_verdict.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

// The shard's primary now, which need not be the one that was it when the operation began.
absl::StatusOr<GtidSet> ReadPrimary(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const Shard shard, context.deps.topology.GetShard(context.options.keyspace,
                                                                           context.options.shard));
  if (shard.primary.empty()) return absl::NotFoundError("the shard has no primary");
  GRAFT_ASSIGN_OR_RETURN(const Tablet primary, context.deps.topology.GetTablet(shard.primary));
  if (primary.mysql.empty()) return absl::NotFoundError("the primary has no MySQL address");
  GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts,
                         context.deps.open_peer(primary.mysql)->Describe());
  return GtidSet::Parse(facts.gtid_executed);
}

// The primary is read after the copy was: what it does not have then, it never had.
absl::Status RefuseErrant(StepContext& context, const GtidSet& executed) {
  const absl::StatusOr<GtidSet> primary = ReadPrimary(context);
  if (!primary.ok()) {
    context.operation.proof.not_checked =
        absl::StrCat("whether the primary has every transaction: ", primary.status().message());
    return absl::OkStatus();
  }
  const GtidSet errant = executed.Minus(*primary);
  if (errant.empty()) return absl::OkStatus();
  return WithReason(absl::DataLossError(
                        absl::StrCat("the donor's data has ", errant.size(),
                                     " transaction(s) that the primary lacks: ", errant.ToString(),
                                     "; clone from another donor")),
                    Reason::kErrantTransactions);
}

// What only the old recipient had.
absl::Status CountDiscarded(Operation& operation, const GtidSet& executed) {
  GRAFT_ASSIGN_OR_RETURN(const GtidSet before, GtidSet::Parse(operation.proof.gtid_before));
  const GtidSet discarded = before.Minus(executed);
  operation.proof.transactions_discarded = discarded.size();
  operation.proof.gtid_discarded = discarded.ToString();
  return absl::OkStatus();
}

}  // namespace

// DATA_LOSS: what came back is not the donor's data, or not on this server.
absl::Status VerifyStep(StepContext& context) {
  Operation& operation = context.operation;
  GRAFT_ASSIGN_OR_RETURN(const CloneReport report, context.recipient().ReadClone());
  GRAFT_ASSIGN_OR_RETURN(const ServerFacts facts, context.recipient().Describe());
  const DataVerdict verdict = JudgeData({report, operation.run, operation.donor_mysql,
                                         operation.data_before, &facts, operation.server_uuid});
  GRAFT_RETURN_IF_ERROR(verdict.why);
  GRAFT_ASSIGN_OR_RETURN(const GtidSet executed, GtidSet::Parse(facts.gtid_executed));
  GRAFT_RETURN_IF_ERROR(RefuseErrant(context, executed));
  GRAFT_RETURN_IF_ERROR(CountDiscarded(operation, executed));
  operation.data_state = verdict.state;
  return context.Save();
}

}  // namespace graft
