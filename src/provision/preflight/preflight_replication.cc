// Checks of the recipient's old replication, of the donor's replication, and of the replication
// after the copy.

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/gtid_set.h"
#include "provision/donor/donor_fitness.h"
#include "provision/preflight/preflight_checks.h"

namespace graft {
namespace {

bool SourceIsDonor(const PreflightFacts& facts) {
  return facts.source.ok() && facts.source->server_uuid == facts.donor->facts.server_uuid;
}

Verdict BadGtids(const absl::Status& status) {
  return Unchecked("a GTID set", status);
}

// Of a primary: what is left of its time as a replica says nothing about its data.
Verdict OldChannels(const std::vector<ReplicationChannel>& channels) {
  std::vector<std::string> left;
  for (const ReplicationChannel& channel : channels) {
    if (!channel.receives() || !channel.applier_running) left.push_back(NameChannel(channel));
  }
  if (left.empty()) return Passed("it runs");
  return Warn(absl::StrCat("the donor is the shard's primary, and a channel from its time as a "
                           "replica is left there, stopped: ",
                           absl::StrJoin(left, ", ")),
              "RESET REPLICA ALL there removes it; the copy does not keep it");
}

// The record of another tablet names the recipient's server_uuid.
std::optional<Verdict> PerhapsTwice(const PreflightFacts& facts) {
  if (facts.perhaps_with_it.empty()) return std::nullopt;
  return Warn(absl::StrCat("the record of tablet ", facts.perhaps_with_it.front().ToString(),
                           " names the recipient's server_uuid, and its server does not answer"),
              "if its data directory is a copy of the recipient's, remove auto.cnf there; if it is "
              "no more, remove the record");
}

// By the recipient's own replication: the other server may be none of the shard's tablets.
bool IsThrownOff(const ServerSurvey& recipient) {
  const auto& channels = recipient.channels;
  return channels.ok() && std::any_of(channels->begin(), channels->end(), [](const auto& channel) {
           return channel.server_uuid_is_taken();
         });
}

}  // namespace

// Without GTIDs there is no auto-position.
Verdict GtidMode(const PreflightFacts& facts) {
  const std::string& recipient = facts.recipient.facts.gtid_mode;
  const std::string& donor = facts.donor->facts.gtid_mode;
  if (recipient == "ON" && donor == "ON") return Passed("ON on both");
  Verdict verdict = Fatal(
      absl::StrCat("gtid_mode is ", recipient, " on the recipient and ", donor, " on the donor"),
      "both must be ON to replicate with auto-position");
  if (recipient != "ON") verdict.side = CheckSide::kRecipient;
  return verdict;
}

// The recipient keeps its own; a source refuses a replica with its number (13117), and throws a
// replica off for another one with the same server_uuid (13114).
Verdict ServerIds(const PreflightFacts& facts) {
  if (!facts.with_the_recipients_uuid.empty()) {
    return Fatal(
        absl::StrCat("the server of tablet ", facts.with_the_recipients_uuid.front().ToString(),
                     " has the recipient's server_uuid, ", facts.recipient.facts.server_uuid,
                     ": a source throws one of them off for the other"),
        "one is a copy of the other's data directory: stop the copy's mysqld, remove "
        "auto.cnf there, start it again");
  }
  if (IsThrownOff(facts.recipient)) {
    return Fatal(
        absl::StrCat("the source has thrown the recipient off for another server with the same "
                     "server_uuid, ",
                     facts.recipient.facts.server_uuid, ", and would do so again",
                     facts.perhaps_with_it.empty()
                         ? ""
                         : absl::StrCat("; the record of tablet ",
                                        facts.perhaps_with_it.front().ToString(), " names it")),
        "SHOW REPLICAS on the source shows the other's address: stop that mysqld, remove auto.cnf "
        "of the copied data directory, start it again; then START REPLICA on the recipient");
  }
  const auto recipient = NumberOf(facts.recipient, "server_id");
  const auto donor = NumberOf(*facts.donor, "server_id");
  if (!recipient.has_value()) return VariableMissing("server_id", "recipient");
  if (!donor.has_value()) return VariableMissing("server_id", "donor");
  constexpr char kRemedy[] = "give the recipient a server_id of its own in its my.cnf";
  if (*recipient == 0) return Fatal("the recipient's server_id is 0: no source serves it", kRemedy);
  if (*recipient != *donor) {
    return PerhapsTwice(facts).value_or(Passed(absl::StrCat(*recipient, " and ", *donor)));
  }
  const std::string found =
      absl::StrCat("donor and recipient have the same server_id ", *recipient);
  return SourceIsDonor(facts) ? Fatal(found, kRemedy) : Warn(found, kRemedy);
}

// CHANGE REPLICATION SOURCE refuses a longer password (3056), START REPLICA a wrong one (1045).
Verdict ReplicationAccount(const PreflightFacts& facts) {
  constexpr size_t kLongest = 32;
  const std::string& user = facts.repl_user;
  if (facts.repl_password_length > kLongest) {
    return Fatal(absl::StrCat("the password of ", user, " has ", facts.repl_password_length,
                              " characters, and replication takes ", kLongest, " at most"),
                 "give the account and --db-repl-password-file a shorter password");
  }
  const absl::Status& status = facts.source_as_replica.status();
  if (absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status)) {
    const std::string found = absl::StrCat("the source refuses ", user, ": ", status.message());
    const std::string remedy =
        "check --db-repl-user, --db-repl-password-file and --db-repl-use-ssl";
    // The account may be one for mysqld's machine alone.
    if (!facts.host.ok()) return Unclear(absl::StrCat(found, ", to the agent's machine"), remedy);
    return Fatal(found, remedy);
  }
  if (!status.ok()) return Unchecked(absl::StrCat("whether the source lets ", user, " in"), status);
  if (facts.source_as_replica->privileges.count("REPLICATION SLAVE") > 0) {
    return Passed(absl::StrCat("the source lets ", user, " in"));
  }
  return Fatal(absl::StrCat(user, " may not replicate from the source"),
               absl::StrCat("GRANT REPLICATION SLAVE ON *.* TO ", user, " on the shard's primary"));
}

// What a filter keeps away from a server no GTID tells: its copy would lack that, and seem whole. A
// recipient that has the same filter is to lack it.
std::optional<Verdict> LeavesOut(const std::vector<ReplicationChannel>& channels,
                                 const std::string& server, const PreflightFacts& facts) {
  std::set<std::string> own;
  if (facts.recipient.filters.ok()) {
    for (const auto& filter : *facts.recipient.filters) own.insert(filter.Text());
  }
  for (const ReplicationChannel& channel : channels) {
    for (const std::string& filter : channel.filters) {
      if (own.count(filter) > 0) continue;
      return Fatal(absl::StrCat(server, " replicates with the filter ", filter,
                                ", which the recipient does not have: the copy would lack what "
                                "that leaves out"),
                   "choose a donor without filters, the primary for instance");
    }
  }
  return std::nullopt;
}

// Also by a filter of a server that the donor follows.
std::optional<Verdict> DonorLeavesOut(const PreflightFacts& facts) {
  if (auto verdict = LeavesOut(*facts.donor->channels, "the donor", facts)) return verdict;
  std::optional<Verdict> unseen;
  for (const ServerAbove& server : facts.above_donor) {
    const std::string name = absl::StrCat("the server ", server.address.ToString(),
                                          ", from which the donor has its data,");
    if (!server.channels.ok()) {
      unseen = Unchecked(absl::StrCat("whether ", name, " replicates with a filter"),
                         server.channels.status());
    } else if (auto verdict = LeavesOut(*server.channels, name, facts)) {
      return verdict;
    }
  }
  return unseen;
}

// A donor that is merely behind is as good as its age; one whose applier failed has other data
// than its source, and its copy would fail on the same transaction.
Verdict DonorReplication(const PreflightFacts& facts) {
  if (facts.donor_is_backup) return Passed("the donor serves a backup, and follows nobody");
  const auto& channels = facts.donor->channels;
  if (!channels.ok()) return Unchecked("the donor's replication", channels.status());
  if (channels->empty()) return Passed("it follows nobody");
  if (facts.donor_alias == facts.primary_alias) return OldChannels(*channels);
  const std::optional<Verdict> left_out = DonorLeavesOut(facts);
  if (left_out) return *left_out;
  std::vector<std::string> stopped;
  for (const ReplicationChannel& channel : *channels) {
    if (channel.applier_errno != 0 || channel.lacks_binlogs()) {
      const bool applier = channel.applier_errno != 0;
      return Fatal(absl::StrCat("replication is broken on the donor, in ", NameChannel(channel),
                                ": ", applier ? channel.applier_errno : channel.receiver_errno,
                                ": ", applier ? channel.applier_error : channel.receiver_error),
                   "choose another donor; this one needs to be rebuilt itself");
    }
    if (!channel.receiver_running || !channel.applier_running) {
      stopped.push_back(absl::StrCat(NameChannel(channel),
                                     channel.receiver_error.empty() ? "" : ": ",
                                     channel.receiver_error));
    }
  }
  if (stopped.empty()) return Passed("it runs");
  return Warn(
      absl::StrCat("replication does not run on the donor, in ", absl::StrJoin(stopped, ", ")),
      "its data is as old as that; START REPLICA there, or choose another donor");
}

Verdict DonorLag(const PreflightFacts& facts) {
  if (facts.donor_is_backup) return Passed("the donor serves a backup");
  const auto& channels = facts.donor->channels;
  if (!channels.ok()) {
    return Warn(
        absl::StrCat("how far the donor lags cannot be seen: ", channels.status().message()),
        "the recipient will have to catch up with that");
  }
  absl::Duration most = absl::ZeroDuration();
  for (const ReplicationChannel& channel : *channels) {
    most = std::max(most, channel.lag.value_or(absl::ZeroDuration()));
  }
  const std::string found = absl::StrCat("the donor lags by ", absl::FormatDuration(most));
  if (most <= kLongLag) return Passed(found);
  return Warn(found, "the recipient will have to catch up with that; another donor may be nearer");
}

// A replica made from them could never follow the primary, and would carry them on.
Verdict ErrantTransactions(const PreflightFacts& facts) {
  constexpr char kLook[] = "the primary's transactions";
  if (absl::IsNotFound(facts.primary.status())) {
    return Warn("the shard has no primary to compare the donor's transactions with",
                "compare the donor's gtid_executed with that of the server you will promote");
  }
  if (!facts.primary.ok()) return Unchecked(kLook, facts.primary.status());
  const ServerFacts& donor = facts.donor->facts;
  if (facts.primary->server_uuid == donor.server_uuid) return Passed("the donor is the primary");
  const auto errant = GtidDifference(donor.gtid_executed, facts.primary->gtid_executed);
  if (!errant.ok()) return BadGtids(errant.status());
  if (errant->empty()) return Passed("the primary has all that the donor has");
  return Fatal(
      absl::StrCat("the donor has transactions that the primary has not: ", DescribeGtids(*errant)),
      "choose another donor; look into these before this one is rebuilt");
}

// CLONE deletes them together with the old data. Often the operator wants that, but must know it
// beforehand.
Verdict RecipientTransactions(const PreflightFacts& facts) {
  const std::string& mine = facts.recipient.facts.gtid_executed;
  auto own = GtidDifference(mine, facts.donor->facts.gtid_executed);
  if (own.ok() && facts.primary.ok()) {
    own = GtidDifference(own->ToString(), facts.primary->gtid_executed);
  }
  if (!own.ok()) {
    return Warn(absl::StrCat("whether only the recipient has some transactions cannot be seen: ",
                             own.status().message()),
                "look at its gtid_executed");
  }
  if (own->empty()) return Passed("others have all of its transactions");
  return Warn(
      absl::StrCat(
          "only the recipient has ", DescribeGtids(*own),
          facts.primary.ok() ? "" : "; at least the donor has not, and the primary was not asked"),
      "save them from its binary logs first, if they matter: CLONE deletes both");
}

// 1236, once the copy is made.
Verdict SourceBinlogs(const PreflightFacts& facts) {
  if (!facts.source.ok()) {
    return Unchecked("the source's binary logs", facts.source.status());
  }
  if (SourceIsDonor(facts)) {
    if (!VariableOf(*facts.donor, "log_bin").has_value()) {
      return VariableMissing("log_bin", "donor");
    }
    if (!IsOn(*facts.donor, "log_bin")) {
      return Fatal("the donor, which is to be the source, writes no binary log",
                   "set log_bin there, or follow the primary: --replicate-from primary");
    }
    return Passed("the source is the donor");
  }
  const auto lost = GtidDifference(facts.source->gtid_purged, facts.donor->facts.gtid_executed);
  if (!lost.ok()) return BadGtids(lost.status());
  if (lost->empty()) return Passed("the source has all that the donor has not");
  return Fatal(absl::StrCat("the source has purged transactions that the donor has not: ",
                            DescribeGtids(*lost)),
               "choose a donor that is further on, or follow the donor: --replicate-from donor");
}

}  // namespace graft
