// Checks of what the rebuild takes away: an acknowledger from the primary, the recipient's own
// settings of its replication.

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "provision/preflight/preflight_checks.h"

namespace graft {
namespace {

// Whom the recipient follows, or did before the fence, if that server is not among them.
std::string OtherSource(const ServerSurvey& recipient, const std::string& server_uuid) {
  if (!recipient.channels.ok()) return "";
  std::string other;
  for (const ReplicationChannel& channel : *recipient.channels) {
    if (channel.source_uuid == server_uuid) return "";
    if (!channel.source_uuid.empty()) other = channel.source.ToString();
  }
  return other;
}

// A plugin of semi-synchronous replication that is in mysql.plugin here and not on the donor.
std::string LostSemiSyncPlugin(const std::vector<ServerPlugin>& mine,
                               const std::vector<ServerPlugin>& theirs) {
  for (const ServerPlugin& plugin : mine) {
    if (!plugin.by_statement || !absl::StartsWithIgnoreCase(plugin.name, "rpl_semi_sync")) continue;
    const bool comes = std::any_of(theirs.begin(), theirs.end(), [&](const ServerPlugin& other) {
      return other.by_statement && absl::EqualsIgnoreCase(other.name, plugin.name);
    });
    if (!comes) return plugin.name;
  }
  return "";
}

struct SettingsFate {
  std::vector<std::string> kept;
  std::vector<std::string> lost;
};

SettingsFate FateOf(const PreflightFacts& facts) {
  const ServerSurvey& recipient = facts.recipient;
  const bool forget = facts.allow.lost_replication_settings;
  SettingsFate fate;
  std::vector<std::string>& may_stay = forget ? fate.lost : fate.kept;
  for (const ReplicationChannel& channel : *recipient.channels) {
    const bool is_default = channel.name.empty();
    if (!is_default) {
      fate.lost.push_back(absl::StrCat(NameChannel(channel), " from ", channel.source.ToString()));
    }
    if (channel.delay == absl::ZeroDuration()) continue;
    (is_default ? may_stay : fate.lost)
        .push_back(absl::StrCat("SOURCE_DELAY=", absl::ToInt64Seconds(channel.delay), " of ",
                                NameChannel(channel)));
  }
  for (const ReplicationFilter& filter : *recipient.filters) {
    if (!filter.by_statement) continue;
    (CanBeSetAgain(filter, facts) ? may_stay : fate.lost)
        .push_back(absl::StrCat(filter.Text(), filter.channel.empty() ? "" : " of channel ",
                                filter.channel));
  }
  return fate;
}

// Commits that hang for no longer than this are slow, not lost.
constexpr absl::Duration kShortWait = absl::Minutes(1);

Verdict JudgeAcknowledgers(const SemiSync& primary, int64_t left) {
  if (!primary.waits) return Passed("the primary's commits wait for nobody");
  const std::string numbers =
      absl::StrCat("the primary's commits wait for semi-synchronous acknowledgers: it wants ",
                   primary.wait_for, ", and has ", left, " beside the recipient");
  if (left >= primary.wait_for) return Passed(numbers);
  constexpr char kRemedy[] =
      "start another replica with semi-synchronous replication first, or lower "
      "rpl_semi_sync_source_wait_for_replica_count on the primary for that time";
  if (primary.patience > kShortWait) {
    return Fatal(absl::StrCat(numbers, ": they would hang"), kRemedy);
  }
  return Warn(absl::StrCat(numbers, ": after ", absl::FormatDuration(primary.patience),
                           " they would go on without, and are lost if it dies then"),
              kRemedy);
}

}  // namespace

// The rebuild takes an acknowledger away from the primary, whose commits then wait for as long as
// rpl_semi_sync_source_timeout: often for ever.
Verdict SemiSyncStays(const PreflightFacts& facts) {
  const ServerSurvey& recipient = facts.recipient;
  if (!recipient.facts.semi_sync.acknowledges && !facts.acknowledged) {
    return Passed("the recipient acknowledges nothing now");
  }
  if (absl::IsNotFound(facts.primary.status())) return Passed("the shard has no primary");
  if (!facts.primary.ok()) return Unchecked("the primary's acknowledgers", facts.primary.status());
  const std::string other = OtherSource(recipient, facts.primary->server_uuid);
  if (!other.empty()) {
    return Warn(
        absl::StrCat("the recipient acknowledges to ", other, ", which is not the shard's primary"),
        "see whether that server has other acknowledgers");
  }
  const int64_t own = recipient.facts.semi_sync.acknowledges ? 1 : 0;
  Verdict stays =
      JudgeAcknowledgers(facts.primary->semi_sync, facts.primary->semi_sync.acknowledgers - own);
  if (stays.outcome != CheckOutcome::kPassed || facts.source_alias == facts.primary_alias) {
    return stays;
  }
  return Warn(
      absl::StrCat("the recipient acknowledges to the primary, and will follow ",
                   facts.source_alias.ToString(), " instead: the primary loses an acknowledger"),
      "--replicate-from primary keeps it");
}

// "a,b" may be two databases, or one with that name. A table with such a name, in a database
// without, is not thought of.
bool CanBeSetAgain(const ReplicationFilter& filter, const PreflightFacts& facts) {
  if (!filter.channel.empty() || !filter.by_statement || !filter.plain) return false;
  std::vector<std::string> names = facts.recipient.facts.user_schemas;
  if (facts.donor.ok()) {
    const std::vector<std::string>& more = facts.donor->facts.user_schemas;
    names.insert(names.end(), more.begin(), more.end());
  }
  const bool odd = std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return absl::StrContains(name, ',');
  });
  return !odd || !absl::StrContains(filter.rule, ',');
}

// RESET REPLICA ALL removes them. The operation sets those of the default channel again.
Verdict ReplicationSettingsStay(const PreflightFacts& facts) {
  const ServerSurvey& recipient = facts.recipient;
  const absl::Status& unseen =
      recipient.channels.ok() ? recipient.filters.status() : recipient.channels.status();
  if (!unseen.ok()) {
    return Warn(
        absl::StrCat("the recipient's replication settings cannot be seen: ", unseen.message()),
        "other channels, SOURCE_DELAY and filters may be lost");
  }
  const SettingsFate fate = FateOf(facts);
  std::vector<std::string> lost = fate.lost;
  const std::string plugin = LostSemiSyncPlugin(recipient.plugins, facts.donor->plugins);
  if (!plugin.empty()) lost.push_back(absl::StrCat(plugin, ", which INSTALL PLUGIN loaded"));
  if (!lost.empty()) {
    return Warn(absl::StrCat("the rebuilt replica will not have ", NameThem(lost)),
                "set it again afterwards; what its my.cnf sets and loads (plugin-load-add) stays");
  }
  if (fate.kept.empty()) return Passed("there are none");
  return Passed(absl::StrCat("set again: ", NameThem(fate.kept)));
}

}  // namespace graft
