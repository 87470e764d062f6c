#include "provision/steps/preflight_facts.h"

#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/donor/donor_fitness.h"
#include "provision/donor/peers.h"
#include "provision/steps/steps.h"

namespace graft {
namespace {

std::string ValueOf(const ServerSurvey& survey, const std::string& name) {
  const auto found = survey.variables.find(name);
  return found == survey.variables.end() ? "" : found->second;
}

// The side at fault, as a reason: the same code means different work on each side.
absl::Status OnDonor(const absl::Status& status, const Operation& operation) {
  absl::Status annotated = Annotate(status, absl::StrCat("donor ", operation.donor.ToString(), " (",
                                                         operation.donor_mysql.ToString(), ")"));
  if (IsAway(status)) {
    return WithReason(annotated, Reason::kDonorUnreachable);
  }
  if (absl::IsUnauthenticated(status)) return WithReason(annotated, Reason::kDonorCredentials);
  if (absl::IsPermissionDenied(status)) return WithReason(annotated, Reason::kDonorPrivilege);
  return annotated;
}

absl::StatusOr<ServerFacts> FactsOf(const absl::StatusOr<ServerSurvey>& survey) {
  if (!survey.ok()) return survey.status();
  return survey->facts;
}

absl::StatusOr<ServerFacts> Describe(MysqlServer& server) {
  return server.Describe();
}

class Gathering {
 public:
  explicit Gathering(const StepContext& context)
      : deps_(context.deps),
        options_(context.options),
        state_(context.state),
        operation_(state_.operation),
        peers_(PeersOf(context)) {}

  absl::StatusOr<PreflightFacts> Run() {
    facts_.donor_alias = operation_.donor;
    facts_.donor_mysql = operation_.donor_mysql;
    facts_.donor_seen_uuid = state_.donor_uuid;
    facts_.source_alias = operation_.source;
    facts_.agent_user = options_.agent_user;
    facts_.clone_user = options_.clone_user;
    facts_.clone_use_ssl = options_.clone_use_ssl;
    facts_.agent_starts_mysqld = deps_.start_server != nullptr;
    facts_.settings = operation_.request.settings;
    facts_.allow = operation_.request.allow;
    GRAFT_RETURN_IF_ERROR(AskRecipientAndDonor());
    GRAFT_RETURN_IF_ERROR(ReadShard());
    GRAFT_RETURN_IF_ERROR(ReadUuid(operation_.donor, facts_.donor_recorded_uuid));
    GRAFT_RETURN_IF_ERROR(ReadUuid(operation_.source, facts_.source_recorded_uuid));
    GRAFT_RETURN_IF_ERROR(AskSource());
    GRAFT_RETURN_IF_ERROR(AskPrimary());
    return std::move(facts_);
  }

 private:
  absl::Status AskRecipient() {
    auto recipient = deps_.recipient.Survey(facts_.agent_user);
    if (!recipient.ok()) return Annotate(recipient.status(), "recipient");
    facts_.recipient = *std::move(recipient);
    facts_.host =
        deps_.host.Look(ValueOf(facts_.recipient, "datadir"), ValueOf(facts_.recipient, "pid_file"),
                        ValueOf(facts_.recipient, "plugin_dir"));
    return absl::OkStatus();
  }

  // The facts of the records. UNAVAILABLE, DEADLINE_EXCEEDED: the topology is away, which is no
  // finding.
  absl::Status ReadShard() {
    const auto shard = deps_.topology.GetShard(options_.keyspace, options_.shard);
    if (IsAway(shard.status())) return shard.status();
    facts_.primary = shard.ok() ? absl::NotFoundError("the shard has no primary") : shard.status();
    if (shard.ok()) facts_.primary_alias = shard->primary;
    const auto listed = deps_.topology.ListShardTablets(options_.keyspace, options_.shard);
    if (IsAway(listed.status())) return listed.status();
    if (!listed.ok()) return absl::OkStatus();
    for (const Tablet& tablet : listed->tablets) {
      if (!tablet.mysql.empty()) facts_.shard_addresses.push_back(tablet.mysql);
    }
    return absl::OkStatus();
  }

  // Each alone: the list lacks a cell that was away a moment ago. A record that is gone names none.
  absl::Status ReadUuid(const TabletAlias& alias, std::string& uuid) {
    const auto record = deps_.topology.GetTablet(alias);
    if (record.ok()) uuid = RecordedUuid(*record);
    return absl::IsNotFound(record.status()) ? absl::OkStatus() : record.status();
  }

  // graft connects to the donor while it reads the recipient. It reads the donor's transactions
  // after the recipient's.
  absl::Status AskRecipientAndDonor() {
    absl::Status recipient;
    const auto connected = AskServer<ServerFacts>(peers_, operation_.donor_mysql, Describe,
                                                  [&] { recipient = AskRecipient(); });
    GRAFT_RETURN_IF_ERROR(recipient);
    if (!connected.ok()) {
      facts_.donor = connected.status();
    } else {
      facts_.donor = AskServer<ServerSurvey>(
          peers_, operation_.donor_mysql,
          [user = facts_.agent_user](MysqlServer& server) { return server.Survey(user); });
    }
    if (!facts_.donor.ok()) facts_.donor = OnDonor(facts_.donor.status(), operation_);
    return WhenCancelled();
  }

  absl::Status AskSource() {
    if (operation_.source == operation_.donor) {
      facts_.source = FactsOf(facts_.donor);
      return absl::OkStatus();
    }
    facts_.source = Ask(operation_.source_mysql, "source ", operation_.source);
    return WhenCancelled();
  }

  absl::Status AskPrimary() {
    const TabletAlias& alias = facts_.primary_alias;
    if (alias.empty()) return absl::OkStatus();
    const auto record = deps_.topology.GetTablet(alias);
    if (IsAway(record.status())) return record.status();
    if (record.ok()) facts_.primary_recorded_uuid = RecordedUuid(*record);
    if (alias == operation_.donor) {
      facts_.primary = FactsOf(facts_.donor);
    } else if (!record.ok()) {
      facts_.primary = record.status();
    } else if (record->mysql.empty()) {
      facts_.primary = absl::UnavailableError(
          absl::StrCat("primary ", alias.ToString(), " has no MySQL address in the topology"));
    } else {
      facts_.primary = Ask(record->mysql, "primary ", alias);
    }
    return WhenCancelled();
  }

  absl::StatusOr<ServerFacts> Ask(const HostPort& address, absl::string_view role,
                                  const TabletAlias& alias) {
    auto answer = AskServer<ServerFacts>(peers_, address, Describe);
    if (answer.ok()) return answer;
    return Annotate(answer.status(), absl::StrCat(role, alias.ToString()));
  }

  absl::Status WhenCancelled() const {
    return peers_.cancellation->cancelled() ? absl::CancelledError("cancelled") : absl::OkStatus();
  }

  const ProvisionerDeps& deps_;
  const ProvisionerOptions& options_;
  const TabletState& state_;
  const Operation& operation_;
  const Peers peers_;
  PreflightFacts facts_;
};

}  // namespace

absl::StatusOr<PreflightFacts> GatherPreflightFacts(const StepContext& context) {
  return Gathering(context).Run();
}

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
  // The first look of an attempt notes the identity of the server. Later looks must find the same
  // server.
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

}  // namespace graft
