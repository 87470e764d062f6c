#include "provision/preflight/preflight_facts.h"

#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"

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
  if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) {
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

absl::StatusOr<ServerFacts> AskSource(StepContext& context, const PreflightFacts& facts) {
  const Operation& operation = context.operation;
  if (operation.source == operation.donor) return FactsOf(facts.donor);
  auto answer = context.deps.open_peer(operation.source_mysql)->Describe();
  if (answer.ok()) return answer;
  return Annotate(answer.status(), absl::StrCat("source ", operation.source.ToString()));
}

bool IsAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

// Into the facts; UNAVAILABLE, DEADLINE_EXCEEDED: the topology is away, which is nobody's finding.
absl::Status AskPrimary(StepContext& context, PreflightFacts& facts) {
  Topology& topology = context.deps.topology;
  const auto shard = topology.GetShard(context.options.keyspace, context.options.shard);
  if (IsAway(shard.status())) return shard.status();
  if (!shard.ok() || shard->primary.empty()) {
    facts.primary = shard.ok() ? absl::NotFoundError("the shard has no primary") : shard.status();
    return absl::OkStatus();
  }
  if (shard->primary == context.operation.donor) {
    facts.primary = FactsOf(facts.donor);
    return absl::OkStatus();
  }
  const std::string name = absl::StrCat("primary ", shard->primary.ToString());
  const auto primary = topology.GetTablet(shard->primary);
  if (IsAway(primary.status())) return primary.status();
  if (!primary.ok()) {
    facts.primary = primary.status();
  } else if (primary->mysql.empty()) {
    facts.primary = absl::UnavailableError(name + " has no MySQL address in the topology");
  } else {
    facts.primary = context.deps.open_peer(primary->mysql)->Describe();
    if (!facts.primary.ok()) facts.primary = Annotate(facts.primary.status(), name);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PreflightFacts> GatherPreflightFacts(StepContext& context) {
  const Operation& operation = context.operation;
  PreflightFacts facts;
  facts.donor_alias = operation.donor;
  facts.donor_mysql = operation.donor_mysql;
  facts.agent_user = context.options.agent_user;
  facts.clone_user = context.options.clone_user;
  facts.clone_use_ssl = context.options.clone_use_ssl;
  facts.agent_starts_mysqld = context.deps.start_server != nullptr;
  facts.settings = operation.request.settings;
  facts.allow = operation.request.allow;

  auto recipient = context.recipient().Survey(facts.agent_user);
  if (!recipient.ok()) return Annotate(recipient.status(), "recipient");
  facts.recipient = *std::move(recipient);
  facts.host = context.deps.host.Look(ValueOf(facts.recipient, "datadir"),
                                      ValueOf(facts.recipient, "pid_file"),
                                      ValueOf(facts.recipient, "plugin_dir"));
  facts.donor = context.deps.open_peer(operation.donor_mysql)->Survey(facts.agent_user);
  if (!facts.donor.ok()) facts.donor = OnDonor(facts.donor.status(), operation);
  facts.source = AskSource(context, facts);
  GRAFT_RETURN_IF_ERROR(AskPrimary(context, facts));
  return facts;
}

void NoteFacts(const PreflightFacts& facts, const std::vector<CheckResult>& results,
               Operation& operation) {
  operation.server_uuid = facts.recipient.facts.server_uuid;
  operation.data_directory = ValueOf(facts.recipient, "datadir");
  operation.error_log = ValueOf(facts.recipient, "log_error");
  if (operation.data_before == DataState::kIntact) {
    operation.proof.gtid_before = facts.recipient.facts.gtid_executed;
  }
  operation.findings.clear();
  for (const CheckResult& result : results) {
    if (result.outcome != CheckOutcome::kPassed) operation.findings.push_back(result);
  }
  if (!facts.donor.ok()) return;
  operation.donor_uuid = facts.donor->facts.server_uuid;
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
