// Rows of preflight's table; see preflight_rows.h.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "unit/preflight_rows.h"

namespace graft {
namespace {

using ::testing::ElementsAre;

TEST(PreflightRecipientTest, RecipientAlone) {
  const absl::Status denied = absl::PermissionDeniedError("it lacks PROCESS");
  ExpectRows({
      {"RECIPIENT_IS_PRIMARY", kFatal,
       [](PreflightFacts& f) {
         f.recipient.facts.read_only = f.recipient.facts.super_read_only = false;
         f.recipient.channels->clear();
       },
       "super_read_only=ON"},
      {"RECIPIENT_IS_PRIMARY", kFatal,
       [](PreflightFacts& f) { f.primary->server_uuid = f.recipient.facts.server_uuid; },
       "reparent"},
      {"RECIPIENT_HAS_REPLICAS", kFatal,
       [](PreflightFacts& f) {
         f.recipient.sessions->push_back(AppSession(7, "Binlog Dump GTID"));
       },
       "7 (app@10.0.0.7, Binlog Dump GTID)"},
      {"RECIPIENT_DONATES", kFatal,
       [](PreflightFacts& f) { f.recipient.sessions->push_back(AppSession(8, "clone")); },
       "8 (app@10.0.0.7, clone)"},
      {"RECIPIENT_PLUGIN", kFatal,
       [](PreflightFacts& f) {
         f.recipient.facts.clone_plugin_status = "";
         f.recipient.plugins.pop_back();  // which is no finding of PLUGINS as well
         f.host->plugin_libraries->clear();
       },
       "recipient is not installed"},
      {"RECIPIENT_PLUGIN", kFatal,
       [](PreflightFacts& f) { f.recipient.facts.clone_plugin_status = "DISABLED"; },
       "recipient is DISABLED"},
      {"RECIPIENT_PACKET", kFatal,
       [](PreflightFacts& f) { f.recipient.variables["max_allowed_packet"] = "2097151"; },
       "recipient is 2097151 bytes"},
      {"RECIPIENT_PACKET", kUnchecked,
       [](PreflightFacts& f) { f.recipient.variables.erase("max_allowed_packet"); },
       "max_allowed_packet"},
      {"INNODB_READ_ONLY", kFatal,
       [](PreflightFacts& f) { f.recipient.variables["innodb_force_recovery"] = "1"; },
       "innodb_force_recovery=1"},
      {"INNODB_READ_ONLY", kFatal,
       [](PreflightFacts& f) { f.recipient.variables["innodb_read_only"] = "ON"; },
       "innodb_read_only=ON"},
      {"INNODB_READ_ONLY", kUnchecked,
       [](PreflightFacts& f) { f.recipient.variables.erase("innodb_force_recovery"); },
       "innodb_force_recovery"},
      {"PERSISTED_VARIABLES", kFatal,
       [](PreflightFacts& f) { f.recipient.variables["persisted_globals_load"] = "OFF"; },
       "persisted_globals_load=OFF"},
      {"GROUP_REPLICATION", kFatal, [](PreflightFacts& f) { f.recipient.group_replication = true; },
       "STOP GROUP_REPLICATION"},
      {"GROUP_REPLICATION", kUnchecked,
       [=](PreflightFacts& f) { f.recipient.group_replication = denied; }, "it lacks PROCESS"},
      {"CLONE_LEFTOVERS", kFatal,
       [](PreflightFacts& f) { f.host->clone_leftovers = {"shop/t.ibd.#clone"}; },
       "shop/t.ibd.#clone"},
      {"RECIPIENT_SESSIONS", kWarning,
       [](PreflightFacts& f) { f.recipient.sessions->push_back(AppSession(9, "Sleep")); },
       "9 (app@10.0.0.7, Sleep)"},
      {"RECIPIENT_SESSIONS", kWarning,
       [](PreflightFacts& f) {
         f.recipient.sessions->push_back(AppSession(9, "Sleep"));
         f.recipient.sessions->back().user = "vt_dba";
         f.recipient.sessions->back().in_transaction = true;
       },
       "9 (vt_dba@10.0.0.7, in a transaction)"},
      {"RECIPIENT_SESSIONS", kWarning,
       [](PreflightFacts& f) {
         f.recipient.sessions->push_back(AppSession(9, "Query"));
         f.recipient.facts.privileges.erase("SYSTEM_USER");
       },
       "lack SYSTEM_USER"},
      {"CLONE_LEFTOVERS", kUnchecked,
       [](PreflightFacts& f) {
         f.host->not_looked_into = {"lost+found", "shop"};
       },
       "may not look into the databases' folders shop; run the agent as mysqld's user"},
      {"SUPERVISED", kWarning, [](PreflightFacts& f) { f.host->supervised = false; },
       "--mysqld-start-command"},
      {"SUPERVISED", kWarning, [](PreflightFacts& f) { f.host->supervised = std::nullopt; },
       "cannot be seen"},
  });
  ExpectFine({
      [](PreflightFacts& f) {
        f.host->supervised = false;
        f.agent_starts_mysqld = true;
      },
      [](PreflightFacts& f) {  // another of the agent's own connections
        f.recipient.sessions->push_back(AppSession(9, "Sleep"));
        f.recipient.sessions->back().user = "vt_dba";
      },
      [](PreflightFacts& f) { f.recipient.facts.privileges = {"ALL PRIVILEGES"}; },
      [](PreflightFacts& f) { f.host->not_looked_into = {"lost+found"}; },
      [](PreflightFacts& f) { f.recipient.variables["max_allowed_packet"] = "2097152"; },
  });
}

TEST(PreflightRecipientTest, EachPrivilegeOfTheRecipient) {
  for (const char* name :
       {"CLONE_ADMIN", "SYSTEM_VARIABLES_ADMIN", "PERSIST_RO_VARIABLES_ADMIN",
        "REPLICATION_SLAVE_ADMIN", "REPLICATION CLIENT", "RELOAD", "CONNECTION_ADMIN"}) {
    const std::string grant = std::string("GRANT ") + name + " ON *.* TO 'vt_dba'@'localhost'";
    const auto revoke = [name](PreflightFacts& f) { f.recipient.facts.privileges.erase(name); };
    ExpectRows({{"RECIPIENT_PRIVILEGE", kFatal, revoke, grant.c_str()}});
  }
  for (const char* name : {"SELECT", "PROCESS"}) {
    const auto revoke = [name](PreflightFacts& f) { f.recipient.facts.privileges.erase(name); };
    ExpectRows({{"RECIPIENT_PRIVILEGE", kUnchecked, revoke, name}});
  }
  // SUPER stands in for some of them.
  ExpectFine({[](PreflightFacts& f) {
    f.recipient.facts.privileges = {"SUPER",  "CLONE_ADMIN", "SYSTEM_VARIABLES_ADMIN",
                                    "RELOAD", "SELECT",      "PERSIST_RO_VARIABLES_ADMIN",
                                    "PROCESS"};
  }});
  ExpectRows(
      {{"RECIPIENT_PRIVILEGE", kFatal,
        [](PreflightFacts& f) {
          f.recipient.facts.privileges = {"SUPER", "RELOAD", "PROCESS"};
        },
        "GRANT CLONE_ADMIN, SYSTEM_VARIABLES_ADMIN, PERSIST_RO_VARIABLES_ADMIN, SELECT ON"}});
}

TEST(PreflightRecipientTest, UnreadableSessionsLeaveAllThatLooksAtThemOpen) {
  PreflightFacts facts = HealthyPair();
  facts.recipient.sessions = facts.donor->sessions = absl::PermissionDeniedError("needs PROCESS");
  std::vector<std::string> unchecked;
  for (const CheckResult& result : Preflight(facts)) {
    if (result.outcome == kUnchecked) unchecked.push_back(result.id);
    if (result.id == "DONOR_DDL") EXPECT_EQ(result.outcome, kWarning);
  }
  EXPECT_THAT(unchecked,
              ElementsAre("RECIPIENT_HAS_REPLICAS", "RECIPIENT_DONATES", "RECIPIENT_SESSIONS"));
}

TEST(PreflightRecipientTest, AHostThatCannotBeLookedAtLeavesItsFilesOpen) {
  PreflightFacts facts = HealthyPair();
  facts.host = absl::FailedPreconditionError("mysqld runs elsewhere");
  facts.donor->plugins.push_back({"audit_log", "audit_log.so", false});
  std::vector<std::string> unchecked;
  for (const CheckResult& result : Preflight(facts)) {
    if (result.outcome == CheckOutcome::kPassed) continue;
    EXPECT_EQ(result.outcome, result.id == "SUPERVISED" ? kWarning : kUnchecked) << result.id;
    unchecked.push_back(result.id);
  }
  EXPECT_THAT(unchecked, ElementsAre("CLONE_LEFTOVERS", "SUPERVISED", "PLUGINS", "DISK_SPACE",
                                     "TABLESPACE_PATHS"));
}

TEST(PreflightRecipientTest, AWritableServerWhoseReplicationCannotBeSeen) {
  PreflightFacts facts = HealthyPair();
  facts.recipient.facts.read_only = facts.recipient.facts.super_read_only = false;
  facts.recipient.channels = absl::PermissionDeniedError("it lacks REPLICATION CLIENT");
  std::vector<std::string> found;
  for (const CheckResult& result : Preflight(facts)) {
    if (result.outcome != CheckOutcome::kPassed) found.push_back(result.id);
    if (result.id == "RECIPIENT_IS_PRIMARY") EXPECT_EQ(result.outcome, kUnchecked);
  }
  EXPECT_THAT(found, ElementsAre("RECIPIENT_IS_PRIMARY", "REPLICATION_SETTINGS"));
}

}  // namespace
}  // namespace graft
