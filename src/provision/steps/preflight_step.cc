// preflight: asks both servers and judges the answers; touches nothing.

#include <algorithm>
#include <memory>
#include <set>
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
#include "provision/steps/steps.h"

namespace graft {
namespace {

std::string ValueOf(const ServerSurvey& survey, const std::string& name) {
  const auto found = survey.variables.find(name);
  return found == survey.variables.end() ? "" : found->second;
}

// Whose fault it is, as a word: the same code from either side means different work.
absl::Status OnDonor(const absl::Status& status, const Operation& operation) {
  absl::Status annotated = Annotate(status, absl::StrCat("donor ", operation.donor.ToString(), " (",
                                                         operation.donor_mysql.ToString(), ")"));
  if (IsAway(status)) return WithReason(annotated, Reason::kDonorUnreachable);
  if (absl::IsUnauthenticated(status)) return WithReason(annotated, Reason::kDonorCredentials);
  if (absl::IsPermissionDenied(status)) return WithReason(annotated, Reason::kDonorPrivilege);
  return annotated;
}

absl::StatusOr<ServerFacts> Describe(MysqlServer& server) {
  return server.Describe();
}

// Reads what preflight judges: both servers, the source, the primary, the recipient's machine. For
// an operation whose donor and source are resolved. Only reads. Codes are those of the recipient's
// server and of a topology that is away; CANCELLED. If another server does not answer, the facts
// hold its status.
class Gathering {
 public:
  explicit Gathering(const StepContext& context) : context_(context), peers_(PeersOf(context)) {}

  absl::StatusOr<PreflightFacts> Run() {
    facts_.donor_alias = context_.operation.donor;
    facts_.donor_mysql = context_.operation.donor_mysql;
    facts_.donor_seen_uuid = context_.state.donor_uuid;
    facts_.source_alias = context_.operation.source;
    facts_.agent_user = context_.options.agent_user;
    facts_.clone_user = context_.options.clone_user;
    facts_.clone_use_ssl = context_.options.clone_use_ssl;
    facts_.repl_user = context_.options.repl_user;
    facts_.repl_password_length = context_.options.repl_password.Reveal().size();
    facts_.agent_starts_mysqld = context_.deps.start_server != nullptr;
    facts_.settings = context_.operation.request.settings;
    facts_.allow = context_.operation.request.allow;
    GRAFT_RETURN_IF_ERROR(AskRecipientAndDonor());
    GRAFT_RETURN_IF_ERROR(ReadShard());
    GRAFT_RETURN_IF_ERROR(ReadUuid(context_.operation.donor, facts_.donor_recorded_uuid));
    GRAFT_RETURN_IF_ERROR(ReadUuid(context_.operation.source, facts_.source_recorded_uuid));
    GRAFT_RETURN_IF_ERROR(AskSource());
    GRAFT_RETURN_IF_ERROR(AskPrimary());
    return std::move(facts_);
  }

 private:
  absl::Status AskRecipient() {
    auto recipient = context_.deps.recipient.Survey(facts_.agent_user);
    if (!recipient.ok()) return Annotate(recipient.status(), "recipient");
    facts_.recipient = *std::move(recipient);
    facts_.host = context_.deps.host.Look(ValueOf(facts_.recipient, "datadir"),
                                          ValueOf(facts_.recipient, "pid_file"),
                                          ValueOf(facts_.recipient, "plugin_dir"));
    return absl::OkStatus();
  }

  // Of the records. UNAVAILABLE, DEADLINE_EXCEEDED: the topology is away, which is nobody's
  // finding.
  absl::Status ReadShard() {
    const auto shard =
        context_.deps.topology.GetShard(context_.options.keyspace, context_.options.shard);
    if (IsAway(shard.status())) return shard.status();
    facts_.primary = shard.ok() ? absl::NotFoundError("the shard has no primary") : shard.status();
    if (shard.ok()) facts_.primary_alias = shard->primary;
    const auto listed =
        context_.deps.topology.ListShardTablets(context_.options.keyspace, context_.options.shard);
    if (IsAway(listed.status())) return listed.status();
    if (!listed.ok()) return absl::OkStatus();
    for (const Tablet& tablet : listed->tablets) {
      if (!tablet.mysql.empty()) facts_.shard_addresses.push_back(tablet.mysql);
    }
    return absl::OkStatus();
  }

  // Each alone: the list lacks a cell that was away a moment ago. A record that is gone names none.
  absl::Status ReadUuid(const TabletAlias& alias, std::string& uuid) {
    const auto record = context_.deps.topology.GetTablet(alias);
    if (record.ok()) uuid = RecordedUuid(*record);
    return absl::IsNotFound(record.status()) ? absl::OkStatus() : record.status();
  }

  // The connections to the donor and to the source are made while the recipient is asked; what the
  // donor holds is read after what the recipient holds.
  absl::Status AskRecipientAndDonor() {
    absl::Status recipient;
    GRAFT_ASSIGN_OR_RETURN(
        auto connected,
        AskServers<ServerFacts>(peers_,
                                {peers_.open(context_.operation.donor_mysql),
                                 context_.as_replica->Open(context_.operation.source_mysql)},
                                Describe, absl::InfiniteDuration(),
                                [&] { recipient = AskRecipient(); }));
    GRAFT_RETURN_IF_ERROR(recipient);
    facts_.source_as_replica = std::move(connected[1]);
    if (!connected[0].ok()) {
      facts_.donor = connected[0].status();
    } else {
      facts_.donor = AskServer<ServerSurvey>(
          peers_, context_.operation.donor_mysql,
          [user = facts_.agent_user](MysqlServer& server) { return server.Survey(user); });
    }
    if (!facts_.donor.ok()) {
      facts_.donor = OnDonor(facts_.donor.status(), context_.operation);
    } else {
      LookAtPaths();
    }
    return WhenCancelled();
  }

  void LookAtPaths() {
    const auto existing =
        context_.deps.host.Existing(PathsToLookAt(facts_.recipient, *facts_.donor));
    if (existing.ok()) {
      facts_.existing_paths = std::set<std::string>(existing->begin(), existing->end());
    } else {
      facts_.existing_paths = existing.status();
    }
  }

  absl::Status AskSource() {
    facts_.source = Ask(context_.operation.source_mysql, "source ", context_.operation.source);
    return WhenCancelled();
  }

  absl::Status AskPrimary() {
    const TabletAlias& alias = facts_.primary_alias;
    if (alias.empty()) return absl::OkStatus();
    const auto record = context_.deps.topology.GetTablet(alias);
    if (IsAway(record.status())) return record.status();
    if (record.ok()) facts_.primary_recorded_uuid = RecordedUuid(*record);
    const bool is_donor = alias == context_.operation.donor;
    if (!record.ok() && !is_donor) {
      facts_.primary = record.status();
    } else if (!is_donor && record->mysql.empty()) {
      facts_.primary = absl::UnavailableError(
          absl::StrCat("primary ", alias.ToString(), " has no MySQL address in the topology"));
    } else {
      facts_.primary = Ask(record.ok() ? record->mysql : HostPort(), "primary ", alias);
    }
    return WhenCancelled();
  }

  // The donor has answered already.
  absl::StatusOr<ServerFacts> Ask(const HostPort& address, absl::string_view role,
                                  const TabletAlias& alias) {
    if (alias == context_.operation.donor) {
      if (!facts_.donor.ok()) return facts_.donor.status();
      return facts_.donor->facts;
    }
    auto answer = AskServer<ServerFacts>(peers_, address, Describe);
    if (answer.ok()) return answer;
    return Annotate(answer.status(), absl::StrCat(role, alias.ToString()));
  }

  absl::Status WhenCancelled() const {
    return peers_.cancellation->cancelled() ? absl::CancelledError("cancelled") : absl::OkStatus();
  }

  const StepContext& context_;
  const Peers peers_;
  PreflightFacts facts_;
};

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
  if (!status.ok() && !known) return WithReason(std::move(status), Reason::kPreflightUnchecked);
  const bool has_choice = operation.request.donor.kind == DonorChoice::Kind::kAny;
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
  GRAFT_ASSIGN_OR_RETURN(const PreflightFacts facts, Gathering(context).Run());
  const std::vector<CheckResult> results = Preflight(facts);
  NoteFacts(facts, results, context.state);
  context.ReportProgress();
  return Judge(results, context.operation);
}

}  // namespace

absl::StatusOr<PreflightReport> MakePreflight(StepContext& context) {
  GRAFT_RETURN_IF_ERROR(ResolveDonor(context));
  GRAFT_ASSIGN_OR_RETURN(const PreflightFacts facts, Gathering(context).Run());
  return PreflightReport{context.options.alias, context.operation.donor, context.operation.source,
                         Preflight(facts), context.clock().Now()};
}

Peers PeersOf(const StepContext& context) {
  const auto open = [peers = context.peers](const HostPort& address) {
    return peers->Open(address);
  };
  return {open, context.deps.ask_all,
          std::shared_ptr<Cancellation>(context.control, &context.control->wait())};
}

StepOutcome PreflightStep(StepContext& context) {
  return LookAtAll(context);
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
  if (ahead == 0) return absl::OkStatus();
  return Failure(Reason::kClaimLost, "the claim on the donor was lost before CLONE was sent");
}

}  // namespace graft
