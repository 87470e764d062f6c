// preflight: judges what both servers answer; touches nothing.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/donor/donor_fitness.h"
#include "provision/donor/peers.h"
#include "provision/operation/decisions.h"
#include "provision/preflight/preflight.h"
#include "provision/preflight/preflight_checks.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

// Those that the rebuilt replica is to have again.
ReplicationSettings SettingsOf(const PreflightFacts& facts) {
  const ServerSurvey& recipient = facts.recipient;
  ReplicationSettings settings;
  for (const ReplicationChannel& channel : *recipient.channels) {
    if (channel.name.empty()) settings.delay = channel.delay;
  }
  for (const ReplicationFilter& filter : *recipient.filters) {
    if (CanBeSetAgain(filter, facts)) settings.filters.push_back(filter);
  }
  return settings;
}

// Copies facts into the operation: the servers' identities, the paths to read while the recipient
// is down, the transactions that the new data will lack, and every result but the passed ones.
void NoteFacts(const PreflightFacts& facts, const std::vector<CheckResult>& results,
               TabletState& state) {
  Operation& operation = state.operation;
  state.server_uuid = facts.recipient.facts.server_uuid;
  state.data_directory = ValueOf(facts.recipient, "datadir");
  state.error_log = ValueOf(facts.recipient, "log_error");
  if (state.data_before == DataState::kIntact) {
    operation.proof.gtid_before = facts.recipient.facts.gtid_executed;
    const bool seen = facts.recipient.channels.ok() && facts.recipient.filters.ok();
    if (seen) state.replication = SettingsOf(facts);
  }
  operation.findings.clear();
  for (const CheckResult& result : results) {
    if (result.outcome != CheckOutcome::kPassed) operation.findings.push_back(result);
  }
  state.source_uuid = facts.source.ok() ? facts.source->server_uuid : "";
  if (!facts.donor.ok()) return;
  // The first look of an attempt decides whose server it is; the others are held to that.
  if (state.donor_uuid.empty()) state.donor_uuid = facts.donor->facts.server_uuid;
  state.donor_gtid = facts.donor->facts.gtid_executed;
  int minutes = 0;
  if (absl::SimpleAtoi(ValueOf(*facts.donor, "clone_donor_timeout_after_network_failure"),
                       &minutes)) {
    operation.donor_patience = absl::Minutes(minutes);
  }
  if (facts.donor->tablespaces.ok() && operation.progress.stages.empty()) {
    operation.progress.bytes_expected = facts.donor->tablespaces->bytes;
  }
  if (facts.donor->non_innodb_tables.ok()) {
    operation.proof.emptied_tables = *facts.donor->non_innodb_tables;
  }
}

// What another donor may mend is marked so, whatever the finding's own word is.
absl::Status Judge(const std::vector<CheckResult>& results, const Operation& operation) {
  const Allowances& allow = operation.request.allow;
  absl::Status status = FindingsToStatus(results, allow);
  const bool known = std::any_of(results.begin(), results.end(), [](const CheckResult& result) {
    return result.outcome == CheckOutcome::kFatal;
  });
  // The id of an unchecked check is not a reason.
  if (!status.ok() && !known) status = WithReason(std::move(status), Reason::kPreflightUnchecked);
  const bool has_choice = TakesAnyDonor(operation);
  // Rather the next one at once than this one again and again.
  if (has_choice && HasReason(status, Reason::kDonorUnreachable)) {
    return WithReason(absl::FailedPreconditionError(status.message()), Reason::kDonorUnreachable);
  }
  if (!status.ok() && has_choice && OnlyDonorIsAtFault(results, allow) &&
      !MayTryAgain(operation, status)) {
    status = WithReason(std::move(status), Reason::kDonorUnfit);
  }
  return status;
}

// It may have changed while the operation stood in the queue. Moved to another address, the donor
// is still the one that was claimed; preflight looks whether the same server is there.
absl::Status ReadRecordsAgain(StepContext& context, const Shard& shard) {
  absl::Status read = ReadDonorAndSource(context, shard, context.operation.donor);
  if (!absl::IsNotFound(read)) return read;
  return Failure(Reason::kDonorHasNoAddress, read.message());
}

// FAILED_PRECONDITION and the codes of FindingsToStatus: findings. Other codes: the recipient does
// not answer.
absl::Status LookAtAll(StepContext& context) {
  // With very many tables that takes minutes.
  context.Note(absl::StrCat("asks the recipient and donor ", context.operation.donor.ToString(),
                            " for the facts that preflight judges"));
  const auto gathered = GatherFacts(context);
  context.Note("");
  GRAFT_RETURN_IF_ERROR(gathered.status());
  const PreflightFacts& facts = *gathered;
  const std::vector<CheckResult> results = Preflight(facts);
  NoteFacts(facts, results, context.state);
  context.ReportProgress();
  return Judge(results, context.operation);
}

}  // namespace

absl::StatusOr<PreflightReport> MakePreflight(StepContext& context) {
  GRAFT_RETURN_IF_ERROR(ResolveDonor(context));
  GRAFT_ASSIGN_OR_RETURN(const PreflightFacts facts, GatherFacts(context));
  return PreflightReport{context.options.alias, context.operation.donor, context.operation.source,
                         Preflight(facts), context.clock().Now()};
}

StepOutcome PreflightStep(StepContext& context) {
  return LookAtAll(context);
}

bool ServesAnother(StepContext& context) {
  if (context.state.fence.up || context.operation.data_state != DataState::kIntact) return false;
  const Peers peers = PeersOf(context);
  const auto answers = AskServers<std::vector<ServerSession>>(
      peers, {peers.open(context.operation.donor_mysql)},
      [](MysqlServer& server) { return server.ReadSessions(); }, absl::Seconds(2));
  if (!answers.ok() || !answers->front().ok()) return false;
  const std::vector<ServerSession>& sessions = *answers->front();
  const bool serves =
      std::any_of(sessions.begin(), sessions.end(),
                  [](const ServerSession& session) { return session.command == "clone"; });
  if (serves) {
    context.Note(absl::StrCat("waits for the end of another clone from ",
                              context.operation.donor.ToString(),
                              ", whose recipient does not stand in the line"));
  }
  return serves;
}

void NoteAcknowledger(StepContext& context) {
  if (context.state.fence.up) return;  // it says what was before
  const auto recipient = context.recipient().Describe();
  context.state.fence.acknowledged = recipient.ok() && recipient->semi_sync.acknowledges;
}

std::string AwaitsAcknowledger(const ShardLine& line) {
  return absl::StrCat("waits until ", line.acknowledger.ToString(),
                      " acknowledges again: semi-synchronous replicas are rebuilt one by one");
}

// The queue may have been long, and another acknowledger may have gone meanwhile. Two that go at
// the same instant see each other in the last checks, which know that the fence took one away.
absl::Status CheckAcknowledgers(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(ServerFacts recipient, context.recipient().Describe());
  if (!recipient.semi_sync.acknowledges) return absl::OkStatus();
  GRAFT_ASSIGN_OR_RETURN(const ShardLine line, ReadLine(context));
  if (!line.acknowledger.empty()) return absl::UnavailableError(AwaitsAcknowledger(line));
  GRAFT_ASSIGN_OR_RETURN(const PreflightFacts facts,
                         GatherAcknowledgers(context, std::move(recipient)));
  const bool allowed = context.operation.request.allow.Unchecked(RowOf(Reason::kSemiSync).word);
  if (IsAway(facts.primary.status()) && !allowed) return facts.primary.status();  // look again
  GRAFT_RETURN_IF_ERROR(Judge(PreflightOf({Reason::kSemiSync}, facts), context.operation));
  context.state.fence.acknowledged = true;  // the fence journals it before it acts
  return absl::OkStatus();
}

// Right before CLONE, graft makes all checks of preflight again. It also checks that the tablet is
// still no primary, and that it still holds the claim on the donor.
absl::Status LastChecks(StepContext& context) {
  GRAFT_ASSIGN_OR_RETURN(const Shard shard, context.ReadShard());
  GRAFT_ASSIGN_OR_RETURN(const Tablet own, context.ReadOwnTablet());
  GRAFT_RETURN_IF_ERROR(RefusePrimary(own, shard));
  GRAFT_RETURN_IF_ERROR(ReadRecordsAgain(context, shard));
  GRAFT_RETURN_IF_ERROR(LookAtAll(context));
  GRAFT_ASSIGN_OR_RETURN(const int ahead, context.deps.claims.Ahead());
  const std::string lock = DonorLockName(context.operation.donor);
  if (ahead == 0 && context.deps.claims.Holds(lock)) return absl::OkStatus();
  return Failure(Reason::kClaimLost, "the claim on the donor was lost before CLONE was sent");
}

}  // namespace graft
