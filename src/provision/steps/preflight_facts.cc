#include "provision/steps/steps.h"

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "provision/donor/donor_fitness.h"
#include "provision/donor/peers.h"

namespace graft {
namespace {

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

class Gathering {
 public:
  explicit Gathering(const StepContext& context) : context_(context), peers_(PeersOf(context)) {}

  absl::StatusOr<PreflightFacts> Run() {
    facts_.donor_alias = context_.operation.donor;
    facts_.donor_mysql = context_.operation.donor_mysql;
    facts_.donor_seen_uuid = context_.state.donor_uuid;
    facts_.donor_is_backup = context_.operation.from_backup;
    facts_.source_alias = context_.operation.source;
    facts_.agent_user = context_.options.agent_user;
    facts_.clone_user = context_.options.clone.user;
    facts_.clone_use_ssl = context_.options.clone.use_ssl;
    facts_.repl_user = context_.options.repl.user;
    facts_.repl_password_length = context_.options.repl.password.Reveal().size();
    facts_.acknowledged =
        context_.state.fence.acknowledged && context_.operation.data_state == DataState::kIntact;
    facts_.agent_starts_mysqld = context_.deps.start_server != nullptr;
    facts_.settings = context_.operation.request.settings;
    facts_.allow = context_.operation.request.allow;
    GRAFT_RETURN_IF_ERROR(AskRecipientAndDonor());
    GRAFT_RETURN_IF_ERROR(ReadShard());
    GRAFT_RETURN_IF_ERROR(ReadUuid(context_.operation.donor, facts_.donor_recorded_uuid));
    GRAFT_RETURN_IF_ERROR(ReadUuid(context_.operation.source, facts_.source_recorded_uuid));
    GRAFT_RETURN_IF_ERROR(AskSource());
    GRAFT_RETURN_IF_ERROR(AskPrimary());
    GRAFT_RETURN_IF_ERROR(AskAboveDonor());
    return std::move(facts_);
  }

  // What SEMI_SYNC needs. `recipient`: as it is now.
  absl::StatusOr<PreflightFacts> RunForAcknowledgers(ServerFacts recipient) {
    facts_.recipient.facts = std::move(recipient);
    facts_.recipient.channels = context_.deps.recipient.ReadReplication();
    GRAFT_RETURN_IF_ERROR(ReadShard());
    if (facts_.primary_alias == context_.operation.donor) {
      facts_.primary = Describe(*peers_.open(context_.operation.donor_mysql));
    } else {
      GRAFT_RETURN_IF_ERROR(AskPrimary());
    }
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
    std::vector<std::string> ssl_files;
    for (const auto& [variable, path] : CloneSslFiles(facts_.recipient)) ssl_files.push_back(path);
    facts_.existing_ssl_files = Existing(ssl_files);
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
    std::string own;
    for (const Tablet& tablet : listed->tablets) {
      if (tablet.mysql.empty()) continue;
      facts_.shard_addresses.push_back(tablet.mysql);
      if (tablet.alias == context_.options.alias) own = tablet.mysql.ToString();
    }
    for (const Tablet& tablet : listed->tablets) {
      if (tablet.mysql.empty() || tablet.mysql.ToString() == own) continue;
      const std::string& uuid = facts_.recipient.facts.server_uuid;
      if (tablet.alias == context_.options.alias || RecordedUuid(tablet) != uuid) continue;
      const auto answer = AskServer<ServerFacts>(peers_, tablet.mysql, Describe);
      if (!answer.ok()) facts_.perhaps_with_it.push_back(tablet.alias);
      if (!answer.ok() || answer->server_uuid != uuid) continue;
      facts_.with_the_recipients_uuid.push_back(tablet.alias);
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
      facts_.existing_paths = Existing(DataPathsToLookAt(facts_.recipient, *facts_.donor));
    }
    return WhenCancelled();
  }

  absl::StatusOr<std::set<std::string>> Existing(const std::vector<std::string>& paths) const {
    GRAFT_ASSIGN_OR_RETURN(const auto existing, context_.deps.host.Existing(paths));
    return std::set<std::string>(existing.begin(), existing.end());
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
    if (record.ok()) primary_mysql_ = record->mysql;
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

  // Up to the primary, and no further than a chain can sensibly be.
  absl::Status AskAboveDonor() {
    constexpr size_t kMost = 8;
    constexpr absl::Duration kPatience = absl::Seconds(3);
    const bool is_primary = facts_.primary_alias == facts_.donor_alias;
    if (is_primary || !facts_.donor.ok() || !facts_.donor->channels.ok()) return absl::OkStatus();
    std::vector<ReplicationChannel> channels = *facts_.donor->channels;
    std::set<std::string> seen = {primary_mysql_.ToString()};
    for (size_t i = 0; i < channels.size() && facts_.above_donor.size() < kMost; ++i) {
      const HostPort source = channels[i].source;
      const bool primary =
          facts_.primary.ok() && channels[i].source_uuid == facts_.primary->server_uuid;
      const bool unused = channels[i].source_uuid.empty();  // nothing came by it
      if (primary || unused || !seen.insert(source.ToString()).second) continue;
      using Channels = std::vector<ReplicationChannel>;
      GRAFT_ASSIGN_OR_RETURN(
          auto answers,
          AskServers<Channels>(
              peers_, {peers_.open(source)},
              [](MysqlServer& server) { return server.ReadReplication(); }, kPatience));
      if (answers[0].ok()) channels.insert(channels.end(), answers[0]->begin(), answers[0]->end());
      facts_.above_donor.push_back({source, std::move(answers[0])});
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
  HostPort primary_mysql_;  // by its record; empty: there is none
};

}  // namespace

std::string ValueOf(const ServerSurvey& survey, const std::string& name) {
  const auto found = survey.variables.find(name);
  return found == survey.variables.end() ? "" : found->second;
}

absl::StatusOr<PreflightFacts> GatherFacts(const StepContext& context) {
  return Gathering(context).Run();
}

absl::StatusOr<PreflightFacts> GatherAcknowledgers(const StepContext& context,
                                                   ServerFacts recipient) {
  return Gathering(context).RunForAcknowledgers(std::move(recipient));
}

Peers PeersOf(const StepContext& context) {
  const auto open = [peers = context.peers](const HostPort& address) {
    return peers->Open(address);
  };
  return {open, context.deps.ask_all,
          std::shared_ptr<Cancellation>(context.control, &context.control->wait())};
}

}  // namespace graft
