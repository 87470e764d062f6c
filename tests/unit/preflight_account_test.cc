// Rows of preflight's table; see preflight_rows.h.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "unit/preflight_rows.h"

namespace graft {
namespace {

constexpr CheckOutcome kFatal = CheckOutcome::kFatal;
constexpr CheckOutcome kUnchecked = CheckOutcome::kUnchecked;
constexpr CheckOutcome kWarning = CheckOutcome::kWarning;

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
        f.donor->accounts->front() = {"LOCALHOST", "auth_socket", "a"};
        f.recipient.accounts->front() = {"localhost", "auth_socket", "b"};
      },
      [](PreflightFacts& f) {
        f.donor->accounts->push_back({"%", "caching_sha2_password", "other"});
      },
  });
}

}  // namespace
}  // namespace graft
