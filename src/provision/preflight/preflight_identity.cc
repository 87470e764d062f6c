// Checks of whose servers answer at the records' addresses, of whether the donor holds what the
// shard does, and of the account that the agent will need.

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "provision/donor/donor_fitness.h"
#include "provision/preflight/preflight_checks.h"

namespace graft {
namespace {

constexpr char kOtherRemedy[] =
    "find the server there; start the tablet's own server and agent, or correct the record";

bool DonorIsPrimary(const PreflightFacts& facts) {
  return facts.donor_alias == facts.primary_alias;
}

DonorEvidence DonorOf(const PreflightFacts& facts) {
  const ServerSurvey& donor = *facts.donor;
  return {DonorIsPrimary(facts), facts.donor_recorded_uuid, donor.facts,
          JudgeFollowing(donor.channels, facts.shard_addresses)};
}

ShardEvidence ShardOf(const PreflightFacts& facts) {
  const ServerFacts& recipient = facts.recipient.facts;
  ShardEvidence shard;
  if (facts.primary.ok()) shard.primary = *facts.primary;
  shard.recipient_executed = WithoutOwn(recipient.gtid_executed, recipient.server_uuid);
  shard.has_data = !shard.recipient_executed.empty() ||
                   (facts.primary.ok() && !facts.primary->gtid_executed.empty());
  return shard;
}

Verdict Found(const Objection& objection, const TabletAlias& donor, std::string remedy) {
  std::string found = absl::StrCat("donor ", donor.ToString(), ": ", objection.text);
  if (objection.certain) return Fatal(std::move(found), std::move(remedy));
  return Unclear(std::move(found), std::move(remedy));
}

// Whether another than the record's server answered there. No other donor helps against that.
std::optional<Verdict> OtherServer(absl::string_view role, const TabletAlias& alias,
                                   const std::string& recorded_uuid,
                                   const absl::StatusOr<ServerFacts>& facts) {
  if (!facts.ok()) return std::nullopt;
  const MaybeObjection objection = ObjectToServer(recorded_uuid, facts->server_uuid);
  if (!objection) return std::nullopt;
  Verdict verdict =
      Fatal(absl::StrCat(role, " ", alias.ToString(), ": ", objection->text), kOtherRemedy);
  verdict.side = CheckSide::kSource;
  return verdict;
}

std::optional<Verdict> OtherSourceOrPrimary(const PreflightFacts& facts) {
  if (facts.source_alias != facts.donor_alias) {
    auto other =
        OtherServer("source", facts.source_alias, facts.source_recorded_uuid, facts.source);
    if (other) return other;
  }
  if (DonorIsPrimary(facts)) return std::nullopt;
  return OtherServer("primary", facts.primary_alias, facts.primary_recorded_uuid, facts.primary);
}

const ServerAccount* FindHost(const std::vector<ServerAccount>& accounts, absl::string_view host) {
  for (const ServerAccount& account : accounts) {
    if (absl::EqualsIgnoreCase(account.host, host)) return &account;
  }
  return nullptr;
}

// The operating system vouches for the user: there is no password.
bool AsksTheSystem(const ServerAccount& account) {
  return account.plugin == "auth_socket" || account.plugin == "unix_socket";
}

// The same password makes the same authentication string: there is no salt in it.
bool IsUnsalted(const ServerAccount& account) {
  return account.plugin == "mysql_native_password";
}

Verdict Compare(const ServerAccount& mine, const ServerAccount& theirs, const std::string& name) {
  const std::string remedy =
      absl::StrCat("make sure that ", name, " has the agent's password on the donor: ALTER USER ",
                   name, " IDENTIFIED … there; else nobody gets into the recipient afterwards");
  if (mine.plugin != theirs.plugin) {
    return Warn(absl::StrCat(name, " authenticates by ", mine.plugin, " on the recipient and by ",
                             theirs.plugin, " on the donor"),
                remedy);
  }
  if (AsksTheSystem(mine) || mine.fingerprint == theirs.fingerprint) {
    return Passed(absl::StrCat(name, " is the same on both"));
  }
  if (IsUnsalted(mine)) {
    return Fatal(absl::StrCat(name,
                              " has another password on the donor, and will have it on the "
                              "recipient"),
                 remedy);
  }
  return Warn(absl::StrCat(name,
                           " exists on the donor; whether with the same password cannot be "
                           "seen, since it was not created by the same statement"),
              remedy);
}

// What the account can do after the copy: its grants and roles come from the donor; which roles are
// active when it logs in, the recipient's variables say.
std::optional<Verdict> LostPrivileges(const ServerSurvey& recipient, const ServerAccount& account,
                                      const std::string& name) {
  const bool all_roles = IsOn(recipient, "activate_all_roles_on_login");
  const auto& privileges = all_roles ? account.with_all_roles : account.privileges;
  if (!privileges.has_value()) {
    return Unclear(absl::StrCat("what ", name, " may do after the clone cannot be seen"),
                   "GRANT SELECT ON mysql.* to the clone account on the donor");
  }
  const std::vector<std::string> missing = MissingForARebuild(*privileges);
  if (missing.empty()) return std::nullopt;
  const std::string lost = absl::StrJoin(missing, ", ");
  const std::string found = absl::StrCat(
      name, " would lack ", lost, " after the clone",
      all_roles ? "" : ": on the recipient, only its default roles are active when it logs in");
  const std::string remedy =
      absl::StrCat("GRANT ", lost, " ON *.* TO ", name, " on the shard's primary");
  const bool mandatory = !VariableOf(recipient, "mandatory_roles").value_or("").empty();
  if (!mandatory) return Fatal(found, remedy);
  return Unclear(absl::StrCat(found, ", unless a mandatory role of the recipient's brings it"),
                 remedy);
}

}  // namespace

// Certain findings come first.
Verdict ServersAreTheirOwn(const PreflightFacts& facts) {
  const MaybeObjection objection = ObjectToIdentity(DonorOf(facts), ShardOf(facts));
  if (objection && objection->certain) return Found(*objection, facts.donor_alias, kOtherRemedy);
  const std::string& uuid = facts.donor->facts.server_uuid;
  if (!facts.donor_seen_uuid.empty() && facts.donor_seen_uuid != uuid) {
    return Fatal(absl::StrCat("donor ", facts.donor_alias.ToString(),
                              ": another server answers than a while ago: server_uuid ", uuid,
                              ", and it was ", facts.donor_seen_uuid),
                 kOtherRemedy);
  }
  if (const auto other = OtherSourceOrPrimary(facts)) return *other;
  if (objection) return Found(*objection, facts.donor_alias, kOtherRemedy);
  return Passed(
      absl::StrCat("the donor's server_uuid is ", uuid,
                   facts.donor_recorded_uuid.empty() ? ", which its record does not say" : ""));
}

Verdict DonorHoldsData(const PreflightFacts& facts) {
  const MaybeObjection objection = ObjectToData(DonorOf(facts), ShardOf(facts));
  if (!objection || objection->reason != Reason::kDonorEmpty) return Passed("it holds data");
  return Found(*objection, facts.donor_alias,
               "choose another donor; this one has never been provisioned, or was emptied");
}

Verdict DonorIsUpToDate(const PreflightFacts& facts) {
  if (facts.donor_is_backup) return Passed("SOURCE_BINLOGS says whether a backup can catch up");
  const MaybeObjection objection = ObjectToData(DonorOf(facts), ShardOf(facts));
  if (!objection || objection->reason != Reason::kDonorBehind) {
    return Passed("it lacks nothing that its replication will not bring");
  }
  return Found(*objection, facts.donor_alias,
               "let it follow the shard's primary and catch up, or choose another donor");
}

// Whether the agent can log in, and do its work, once the donor's accounts have replaced the
// recipient's.
Verdict AgentAccount(const PreflightFacts& facts) {
  const auto& theirs = facts.donor->accounts;
  if (!theirs.ok()) return Unchecked("the donor's accounts", theirs.status());
  const ServerSurvey& recipient = facts.recipient;
  const std::string& user = facts.agent_user;
  const std::string name = absl::StrCat("'", user, "'@'", recipient.account_host, "'");
  const ServerAccount* there = FindHost(*theirs, recipient.account_host);
  if (there == nullptr) {
    const std::string remedy = absl::StrCat(
        "CREATE USER ", name, " with the agent's password and privileges on the shard's primary");
    // It stands in for every host, but for one that has an account, perhaps an anonymous one.
    if (const ServerAccount* any = FindHost(*theirs, "%")) {
      const auto lost = LostPrivileges(recipient, *any, absl::StrCat("'", user, "'@'%'"));
      if (lost.has_value()) return *lost;
      return Warn(absl::StrCat("the donor has '", user, "'@'%' but no ", name), remedy);
    }
    return Fatal(absl::StrCat("the agent logs in as ", name,
                              ", which the donor does not have: "
                              "after the clone the agent could not get into the recipient"),
                 remedy);
  }
  if (!recipient.accounts.ok()) {
    return Unchecked("the recipient's accounts", recipient.accounts.status());
  }
  const ServerAccount* here = FindHost(*recipient.accounts, recipient.account_host);
  if (here == nullptr) {
    return Unchecked("the agent's account on the recipient", absl::NotFoundError(name));
  }
  Verdict same = Compare(*here, *there, name);
  if (same.outcome == CheckOutcome::kFatal) return same;
  return LostPrivileges(recipient, *there, name).value_or(std::move(same));
}

}  // namespace graft
