// Whether the agent can log in once the donor's accounts have replaced the recipient's.

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "provision/preflight/preflight_checks.h"

namespace graft {
namespace {

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

}  // namespace

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
    if (FindHost(*theirs, "%") != nullptr) {
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
  return Compare(*here, *there, name);
}

}  // namespace graft
