// Rows of preflight's table; see preflight_rows.h.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "unit/preflight_rows.h"

namespace graft {
namespace {

void SetAccount(ServerAccount& account, const char* host, const char* plugin,
                const char* fingerprint) {
  account.host = host;
  account.plugin = plugin;
  account.fingerprint = fingerprint;
}

TEST(PreflightAccountTest, AgentAccount) {
  const absl::Status denied = absl::PermissionDeniedError("it may not read mysql.user");
  ExpectRows({
      {"AGENT_ACCOUNT", kFatal, [](PreflightFacts& f) { f.donor->accounts->clear(); },
       "CREATE USER 'vt_dba'@'localhost'"},
      {"AGENT_ACCOUNT", kFatal,
       [](PreflightFacts& f) { f.donor->accounts->front().host = "127.0.0.1"; },
       "the donor does not have"},
      {"AGENT_ACCOUNT", kWarning, [](PreflightFacts& f) { f.donor->accounts->front().host = "%"; },
       "'vt_dba'@'%'"},
      {"AGENT_ACCOUNT", kWarning,
       [](PreflightFacts& f) { f.donor->accounts->front().fingerprint = "other"; },
       "whether with the same password"},
      {"AGENT_ACCOUNT", kWarning,
       [](PreflightFacts& f) { f.donor->accounts->front().plugin = "auth_socket"; },
       "by auth_socket on the donor"},
      // No salt: another hash is another password.
      {"AGENT_ACCOUNT", kFatal,
       [](PreflightFacts& f) {
         f.donor->accounts->front() = {"localhost", "mysql_native_password", "a"};
         f.recipient.accounts->front() = {"localhost", "mysql_native_password", "b"};
       },
       "another password"},
      {"AGENT_ACCOUNT", kUnchecked, [=](PreflightFacts& f) { f.donor->accounts = denied; },
       "mysql.user"},
      {"AGENT_ACCOUNT", kUnchecked, [=](PreflightFacts& f) { f.recipient.accounts = denied; },
       "mysql.user"},
      {"AGENT_ACCOUNT", kUnchecked, [](PreflightFacts& f) { f.recipient.accounts->clear(); },
       "'vt_dba'@'localhost'"},
  });
  ExpectFine({
      [](PreflightFacts& f) {
        SetAccount(f.donor->accounts->front(), "LOCALHOST", "auth_socket", "a");
        SetAccount(f.recipient.accounts->front(), "localhost", "auth_socket", "b");
      },
      [](PreflightFacts& f) {
        f.donor->accounts->push_back({"%", "caching_sha2_password", "other"});
      },
  });
}

// Its rights come by a role that is active on the donor, and would not be on the recipient.
TEST(PreflightAccountTest, WhatTheAgentMayDoAfterTheCopy) {
  const auto by_role = [](PreflightFacts& f) {
    f.donor->accounts->front().privileges->erase("CLONE_ADMIN");
  };
  ExpectRows({
      {"AGENT_ACCOUNT", kFatal, by_role,
       "would lack CLONE_ADMIN after the clone: on the recipient, only its default roles are "
       "active when it logs in; GRANT CLONE_ADMIN ON *.* TO 'vt_dba'@'localhost' on the shard's "
       "primary"},
      {"AGENT_ACCOUNT", kFatal,
       [](PreflightFacts& f) {
         f.recipient.variables["activate_all_roles_on_login"] = "ON";
         f.donor->accounts->front().with_all_roles->erase("RELOAD");
       },
       "would lack RELOAD after the clone; GRANT"},
      {"AGENT_ACCOUNT", kUnchecked,
       [=](PreflightFacts& f) {
         by_role(f);
         f.recipient.variables["mandatory_roles"] = "'dba'@'%'";
       },
       "unless a mandatory role"},
      {"AGENT_ACCOUNT", kFatal,
       [=](PreflightFacts& f) {
         by_role(f);
         f.donor->accounts->front().host = "%";
       },
       "'vt_dba'@'%' would lack CLONE_ADMIN"},
      {"AGENT_ACCOUNT", kUnchecked,
       [](PreflightFacts& f) { f.donor->accounts->front().privileges.reset(); },
       "cannot be seen; GRANT SELECT ON mysql.*"},
  });
  ExpectFine({[=](PreflightFacts& f) {
    by_role(f);
    f.recipient.variables["activate_all_roles_on_login"] = "ON";
  }});
}

}  // namespace
}  // namespace graft
