// Checks of the recipient that need no donor.

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "provision/preflight/preflight_checks.h"

namespace graft {
namespace {

// Privileges without which an operation would get stuck half-way. SET PERSIST_ONLY takes both
// variable privileges (3630), for every variable, and SUPER stands in for neither.
struct NeededPrivilege {
  const char* name;
  const char* stand_in;
};
constexpr NeededPrivilege kNeeded[] = {
    {"CLONE_ADMIN", nullptr},
    {"SYSTEM_VARIABLES_ADMIN", nullptr},
    {"PERSIST_RO_VARIABLES_ADMIN", nullptr},
    {"REPLICATION_SLAVE_ADMIN", "SUPER"},
    {"REPLICATION CLIENT", "SUPER"},
    {"RELOAD", nullptr},  // RESET REPLICA ALL
    {"CONNECTION_ADMIN", "SUPER"},
};
// These may also be granted where it cannot be seen, on performance_schema alone.
constexpr NeededPrivilege kNeededToSee[] = {{"SELECT", nullptr}, {"PROCESS", nullptr}};

template <size_t n>
std::vector<std::string> Missing(const std::set<std::string>& privileges,
                                 const NeededPrivilege (&needed)[n]) {
  std::vector<std::string> missing;
  for (const auto& [name, stand_in] : needed) {
    const bool stood_in = stand_in != nullptr && HasPrivilege(privileges, stand_in);
    if (!stood_in && !HasPrivilege(privileges, name)) missing.emplace_back(name);
  }
  return missing;
}

std::string Account(const ServerSurvey& server) {
  return absl::StrCat("'", server.account_user, "'@'", server.account_host, "'");
}

// One that CLONE would meet: not the agent's own, unless somebody works under its name.
bool IsForeign(const ServerSession& session, const PreflightFacts& facts) {
  if (IsBinlogDump(session) || IsClone(session)) return false;
  return session.in_transaction || session.user != facts.agent_user;
}

// CLONE leaves its files in the folders of databases. What else the agent may not read there, as
// lost+found, does not matter.
Verdict NoLeftovers(const PreflightFacts& facts) {
  const std::vector<std::string>& unread = facts.host->not_looked_into;
  std::vector<std::string> databases;
  std::copy_if(
      unread.begin(), unread.end(), std::back_inserter(databases), [](const std::string& folder) {
        return folder[0] != '#' && folder != "lost+found" && folder != "performance_schema";
      });
  if (!databases.empty()) {
    return Unclear(
        absl::StrCat("the agent may not look into the databases' folders ", NameThem(databases)),
        "run the agent as mysqld's user, or let its group read the data directory");
  }
  if (unread.empty()) return Passed("none");
  return Passed(absl::StrCat("none; not looked into: ", NameThem(unread)));
}

}  // namespace

std::vector<std::string> MissingForARebuild(const std::set<std::string>& privileges) {
  return Missing(privileges, kNeeded);
}

// Primaries that the topology does not know: a server that takes writes and replicates from no
// source, or the primary's server under another tablet's name.
Verdict RecipientIsNoPrimary(const PreflightFacts& facts) {
  const ServerSurvey& server = facts.recipient;
  if (facts.primary.ok() && facts.primary->server_uuid == server.facts.server_uuid) {
    return Fatal(absl::StrCat("the recipient's server is the primary of the shard (server_uuid ",
                              server.facts.server_uuid, ")"),
                 "a primary is never overwritten: reparent the shard first");
  }
  if (server.facts.read_only) return Passed("it is read-only");
  if (server.facts.user_schemas.empty()) return Passed("it holds no data");
  if (!server.channels.ok()) {
    return Unchecked("the replication channels of the recipient, which takes writes,",
                     server.channels.status());
  }
  if (!server.channels->empty()) return Passed("it has a replication source");
  return Fatal(
      "the recipient's server takes writes, holds data and follows nobody, as a primary "
      "does",
      "if it is none, SET GLOBAL super_read_only=ON there and ask again");
}

Verdict RecipientHasNoReplicas(const PreflightFacts& facts) {
  const auto& sessions = facts.recipient.sessions;
  if (!sessions.ok()) return Unchecked("the recipient's sessions", sessions.status());
  const std::vector<std::string> replicas = NameSessions(*sessions, IsBinlogDump);
  if (replicas.empty()) return Passed("nobody reads its binary logs");
  return Fatal(absl::StrCat("others read the recipient's binary logs, which CLONE deletes: ",
                            NameThem(replicas)),
               "let these replicas follow another server first");
}

Verdict RecipientDonatesToNobody(const PreflightFacts& facts) {
  const auto& sessions = facts.recipient.sessions;
  if (!sessions.ok()) return Unchecked("the recipient's sessions", sessions.status());
  const std::vector<std::string> clones = NameSessions(*sessions, IsClone);
  if (clones.empty()) return Passed("nobody clones it");
  return Fatal(absl::StrCat("the recipient is being cloned itself, by session ", clones.front()),
               "wait for that clone's end");
}

Verdict RecipientPlugin(const PreflightFacts& facts) {
  return PluginIsActive(facts.recipient, "recipient");
}

Verdict RecipientPrivileges(const PreflightFacts& facts) {
  const ServerSurvey& server = facts.recipient;
  const std::vector<std::string> missing = MissingForARebuild(server.facts.privileges);
  const std::string unseen = absl::StrJoin(Missing(server.facts.privileges, kNeededToSee), ", ");
  const std::string all = absl::StrJoin(missing, ", ");
  if (!missing.empty()) {
    return Fatal(absl::StrCat("the agent's account on the recipient lacks ", all),
                 absl::StrCat("GRANT ", all, unseen.empty() ? "" : ", ", unseen, " ON *.* TO ",
                              Account(server)));
  }
  if (!unseen.empty()) {
    return Unclear(absl::StrCat("the agent's account on the recipient lacks ", unseen,
                                " on *.*: whether it will see what CLONE does is not known"),
                   absl::StrCat("GRANT ", unseen, " ON *.* TO ", Account(server)));
  }
  return Passed("it has all it needs");
}

// Without performance_schema, clone_status and clone_progress stay empty, and nothing shows the
// result of CLONE.
Verdict RecipientShowsClones(const PreflightFacts& facts) {
  if (!VariableOf(facts.recipient, "performance_schema").has_value()) {
    return VariableMissing("performance_schema", "recipient");
  }
  if (IsOn(facts.recipient, "performance_schema")) return Passed("ON");
  return Fatal("performance_schema is OFF on the recipient: clone_status would stay empty",
               "take performance_schema=OFF out of its my.cnf and restart it");
}

// 1836 at the first DROP.
Verdict RecipientInnodbWrites(const PreflightFacts& facts) {
  const auto recovery = NumberOf(facts.recipient, "innodb_force_recovery");
  if (!recovery.has_value()) return VariableMissing("innodb_force_recovery", "recipient");
  constexpr char kRemedy[] = "remove the setting from its my.cnf and restart it";
  if (*recovery > 0) {
    return Fatal(absl::StrCat("the recipient runs with innodb_force_recovery=", *recovery),
                 kRemedy);
  }
  if (IsOn(facts.recipient, "innodb_read_only")) {
    return Fatal("the recipient runs with innodb_read_only=ON", kRemedy);
  }
  return Passed("InnoDB writes");
}

// With it off the server starts without mysqld-auto.cnf, where the fence across the restart is.
Verdict RecipientLoadsPersisted(const PreflightFacts& facts) {
  const auto loads = VariableOf(facts.recipient, "persisted_globals_load");
  const bool off = loads.has_value() && !IsOn(facts.recipient, "persisted_globals_load");
  if (!off) return Passed("the recipient starts with what was persisted");
  return Fatal(
      "the recipient runs with persisted_globals_load=OFF: after the clone it would come "
      "up writable, with its channels and events running",
      "remove the setting from its my.cnf and restart it");
}

// 3875.
Verdict RecipientInNoGroup(const PreflightFacts& facts) {
  const auto& member = facts.recipient.group_replication;
  if (!member.ok()) return Unchecked("the recipient's group membership", member.status());
  if (!*member) return Passed("it is in no group");
  return Fatal("the recipient is a member of a replication group", "STOP GROUP_REPLICATION there");
}

Verdict RecipientPacket(const PreflightFacts& facts) {
  return PacketIsLargeEnough(facts.recipient, "recipient");
}

// DROP DATA waits for every metadata lock; a session that holds one makes it fail half-way (1205).
Verdict RecipientSessions(const PreflightFacts& facts) {
  const auto& sessions = facts.recipient.sessions;
  if (!sessions.ok()) return Unchecked("the recipient's sessions", sessions.status());
  const std::vector<std::string> foreign =
      NameSessions(*sessions, [&](const ServerSession& one) { return IsForeign(one, facts); });
  if (foreign.empty()) return Passed("nobody else is connected");
  const bool ends_all = HasPrivilege(facts.recipient.facts.privileges, "SYSTEM_USER");
  return Warn(absl::StrCat("others are connected to the recipient, and could keep CLONE waiting: ",
                           NameThem(foreign)),
              ends_all ? "the operation ends these sessions; keep their applications away"
                       : "the operation ends these sessions, as far as their accounts lack "
                         "SYSTEM_USER: grant it to the agent's account, or end them yourself");
}

// 1086 for ever.
Verdict CloneLeftovers(const PreflightFacts& facts) {
  if (!facts.host.ok()) {
    return Unchecked("the recipient's data directory", facts.host.status());
  }
  if (facts.host->clone_leftovers.empty()) return NoLeftovers(facts);
  return Fatal(absl::StrCat("files of an earlier clone lie in the recipient's data directory, and "
                            "CLONE would fail on them (1086): ",
                            NameThem(facts.host->clone_leftovers)),
               "stop the recipient's mysqld, remove these files, start it again");
}

// Never fatal: an unsupervised mysqld stays down after the copy (3707), but completes it whenever
// it is started.
Verdict Supervised(const PreflightFacts& facts) {
  if (facts.agent_starts_mysqld) return Passed("the agent starts mysqld if nobody does");
  constexpr char kRemedy[] =
      "have mysqld restarted by a supervisor that sets MYSQLD_PARENT_PID (systemd, mysqld_safe, "
      "graft-mysqld run), give the agent --mysqld-start-command, or be ready to start it";
  const bool seen = facts.host.ok() && facts.host->supervised.has_value();
  if (!seen) {
    return Warn("whether somebody restarts the recipient's mysqld after the copy cannot be seen",
                kRemedy);
  }
  if (*facts.host->supervised) return Passed("mysqld is restarted when it asks for it");
  return Warn("nobody restarts the recipient's mysqld: it will be down after the copy", kRemedy);
}

}  // namespace graft
