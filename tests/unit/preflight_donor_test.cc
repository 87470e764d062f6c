// Rows of preflight's table; see preflight_rows.h.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "unit/preflight_rows.h"

namespace graft {
namespace {

TEST(PreflightDonorTest, DonorAlone) {
  const absl::Status denied = absl::PermissionDeniedError("it lacks PROCESS");
  ExpectRows({
      {"DONOR_PRIVILEGE", kFatal,
       [](PreflightFacts& f) { f.donor->facts.privileges.erase("BACKUP_ADMIN"); },
       "GRANT BACKUP_ADMIN ON *.* TO 'vt_clone'@'%'"},
      {"DONOR_PRIVILEGE", kWarning,
       [](PreflightFacts& f) {
         f.donor->facts.privileges = {"BACKUP_ADMIN", "SELECT"};
       },
       "GRANT PROCESS, REPLICATION CLIENT ON"},
      {"DONOR_ADDRESS", kFatal, [](PreflightFacts& f) { f.donor_mysql.host = "::1"; }, "IPv4"},
      {"DONOR_PLUGIN", kFatal,
       [](PreflightFacts& f) { f.donor->facts.clone_plugin_status = "DELETED"; },
       "donor is DELETED"},
      {"DONOR_PLUGIN", kFatal, [](PreflightFacts& f) { f.donor->facts.clone_plugin_status = ""; },
       "donor is not installed"},
      {"DONOR_TLS", kFatal,
       [](PreflightFacts& f) {
         f.clone_use_ssl = false;
         f.donor->variables["require_secure_transport"] = "ON";
       },
       "--db-clone-use-ssl"},
      {"DONOR_PACKET", kFatal,
       [](PreflightFacts& f) { f.donor->variables["max_allowed_packet"] = "1048576"; },
       "donor is 1048576 bytes"},
      {"DONOR_PACKET", kUnchecked,
       [](PreflightFacts& f) { f.donor->variables.erase("max_allowed_packet"); },
       "max_allowed_packet of the donor"},
      {"DONOR_BUSY", kWarning,
       [](PreflightFacts& f) { f.donor->sessions->push_back(AppSession(8, "clone")); },
       "8 (app@10.0.0.7, clone)"},
      {"REDO_LOG_DISABLED", kFatal, [](PreflightFacts& f) { f.donor->redo_log_enabled = false; },
       "ENABLE INNODB REDO_LOG"},
      {"DONOR_CONNECTIONS", kWarning,
       [](PreflightFacts& f) { f.donor->variables["max_connections"] = "16"; },
       "16 of 16 connections left; a clone of 16 threads takes up to 17"},
      {"DONOR_CONNECTIONS", kWarning,
       [](PreflightFacts& f) {
         f.donor->variables["max_connections"] = "17";
         f.donor->sessions->push_back(AppSession(9, "Sleep"));
       },
       "16 of 17"},
      {"DONOR_CONNECTIONS", kWarning,
       [](PreflightFacts& f) {
         f.settings.max_concurrency = 128;
         f.donor->variables["max_connections"] = "128";
       },
       "--max-concurrency"},
      {"DONOR_CONNECTIONS", kWarning,
       [](PreflightFacts& f) { f.donor->variables.erase("max_connections"); }, "max_connections"},
      {"DONOR_DDL", kWarning,
       [](PreflightFacts& f) {
         f.donor->sessions->push_back(AppSession(9, "Query", "alter table t ADD c INT"));
       },
       "alter table t ADD c INT"},
      {"DONOR_DDL", kWarning,
       [](PreflightFacts& f) {
         f.donor->sessions->push_back(AppSession(9, "Query", "CREATE TABLE u (a INT)"));
         f.donor->sessions->back().state = "Waiting for backup lock";
       },
       "holds the donor's backup lock"},
  });
  ExpectFine({
      [](PreflightFacts& f) { f.clone_use_ssl = false; },
      [](PreflightFacts& f) { f.donor->variables["max_allowed_packet"] = "2097152"; },
      [](PreflightFacts& f) { f.recipient.variables.erase("clone_max_concurrency"); },
      [](PreflightFacts& f) {
        f.donor->sessions = {AppSession(1, "Binlog Dump GTID"),
                             AppSession(2, "Query", "SELECT 'DROP '")};
      },
      [](PreflightFacts& f) {
        f.donor->variables["max_connections"] = "5";
        f.settings.max_concurrency = 4;
      },
  });
}

}  // namespace
}  // namespace graft
