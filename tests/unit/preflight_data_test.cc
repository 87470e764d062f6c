// Rows of preflight's table; see preflight_rows.h.

#include <gmock/gmock.h>

#include <set>
#include <string>
#include <vector>

#include "unit/preflight_rows.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(PreflightDataTest, DiskSpace) {
  const absl::Status denied = absl::PermissionDeniedError("it lacks PROCESS");
  ExpectRows({
      // 10 GiB and 1 GiB of redo log against what is free and 1 GiB that the drop frees.
      {"DISK_SPACE", kFatal, [](PreflightFacts& f) { f.host->free_bytes = 10 * kGib - 1; },
       "need 11.00 GiB; the recipient has 10.00 GiB free and 1.00 GiB that dropping"},
      {"DISK_SPACE", kWarning, [](PreflightFacts& f) { f.host->free_bytes = 10 * kGib; },
       "make room"},
      {"DISK_SPACE", kFatal,
       [](PreflightFacts& f) {
         f.host->free_bytes = 10 * kGib;
         f.donor->variables["innodb_redo_log_capacity"] = "2147483648";
       },
       "need 12.00 GiB"},
      {"DISK_SPACE", kFatal,
       [](PreflightFacts& f) {
         f.donor->variables.erase("innodb_redo_log_capacity");
         SetVariable(f, "innodb_log_file_size", "0", "5368709120");
         SetVariable(f, "innodb_log_files_in_group", "0", "4");
       },
       "need 30.00 GiB"},
      {"DISK_SPACE", kUnchecked,
       [](PreflightFacts& f) {
         f.donor->variables.erase("innodb_redo_log_capacity");
         f.donor->variables["innodb_log_file_size"] = "1";
       },
       "innodb_redo_log_capacity of the donor"},
      {"DISK_SPACE", kUnchecked,
       [](PreflightFacts& f) {
         f.donor->variables.erase("innodb_redo_log_capacity");
         f.donor->variables["innodb_log_files_in_group"] = "1";
       },
       "innodb_redo_log_capacity of the donor"},
      {"DISK_SPACE", kUnchecked,
       [](PreflightFacts& f) { f.donor->variables.erase("innodb_redo_log_capacity"); },
       "innodb_redo_log_capacity of the donor"},
      {"DISK_SPACE", kUnchecked,
       [=](PreflightFacts& f) {
         f.host->free_bytes = 10 * kGib;
         f.recipient.tablespaces = denied;
       },
       "it lacks PROCESS"},
  });
  ExpectFine({
      [](PreflightFacts& f) { f.host->free_bytes = 11 * kGib; },
      // A twentieth is left over, not a byte less.
      [](PreflightFacts& f) { f.host->free_bytes = 10 * kGib + 11 * kGib / 20; },
      // There is enough free space, even if the drop frees none.
      [=](PreflightFacts& f) { f.recipient.tablespaces = denied; },
  });
}

TEST(PreflightDataTest, UnreadableTablespacesLeaveSizeAndPlacesAndEncryptionOpen) {
  PreflightFacts facts = HealthyPair();
  facts.donor->tablespaces = absl::PermissionDeniedError("it lacks PROCESS");
  std::vector<std::string> unchecked;
  for (const CheckResult& result : Preflight(facts)) {
    if (result.outcome != CheckOutcome::kPassed) unchecked.push_back(result.id);
    EXPECT_TRUE(result.outcome == CheckOutcome::kPassed || result.outcome == kUnchecked);
  }
  EXPECT_THAT(unchecked, ElementsAre("DISK_SPACE", "TABLESPACE_PATHS", "ENCRYPTION"));
}

// One encrypted part is seen: what else there is does not matter.
TEST(PreflightDataTest, EncryptedLogsCountThoughTablespacesCannotBeRead) {
  PreflightFacts facts = HealthyPair();
  facts.donor->tablespaces = absl::PermissionDeniedError("it lacks PROCESS");
  facts.donor->variables["innodb_redo_log_encrypt"] = "ON";
  for (const CheckResult& result : Preflight(facts)) {
    if (result.id == "ENCRYPTION") EXPECT_EQ(result.outcome, kFatal) << result.found;
  }
}

TEST(PreflightDataTest, PathsThatAreLookedAt) {
  PreflightFacts facts = HealthyPair();
  facts.donor->tablespaces->undo = {"./undo_001", "/u/more.ibu"};
  facts.donor->tablespaces->outside = {"/data2/a.ibd", "/data2/b.ibd"};
  facts.recipient.tablespaces->undo = {"/u/undo_001"};
  facts.recipient.tablespaces->outside = {"/data2/b.ibd"};
  EXPECT_THAT(DataPathsToLookAt(facts.recipient, *facts.donor), ElementsAre("/data2/a.ibd"));
  facts.recipient.variables["innodb_undo_directory"] = "/u/";
  EXPECT_THAT(DataPathsToLookAt(facts.recipient, *facts.donor),
              ElementsAre("/data2/a.ibd", "/u/more.ibu"));
  facts.recipient.tablespaces = absl::PermissionDeniedError("it lacks PROCESS");
  EXPECT_THAT(DataPathsToLookAt(facts.recipient, *facts.donor), IsEmpty());
  facts.recipient.variables["clone_ssl_ca"] = "ca.pem";
  facts.recipient.variables["clone_ssl_key"] = "/etc/key.pem";
  EXPECT_THAT(CloneSslFiles(facts.recipient),
              ElementsAre(Pair("clone_ssl_ca", "/var/lib/mysql/ca.pem"),
                          Pair("clone_ssl_key", "/etc/key.pem")));
}

TEST(PreflightDataTest, TheDonorsData) {
  const absl::Status denied = absl::PermissionDeniedError("it lacks PROCESS");
  ExpectRows({
      {"TABLESPACE_PATHS", kFatal,
       [](PreflightFacts& f) { f.donor->tablespaces->outside = {"/data2/shop/t.ibd"}; },
       "/data2/shop/t.ibd"},
      {"TABLESPACE_PATHS", kFatal,
       [](PreflightFacts& f) {
         f.donor->tablespaces->outside = {"/data2/shop/t.ibd"};
         f.recipient.variables["innodb_directories"] = "/data;/data22;/dat";
       },
       "innodb_directories"},
      {"TABLESPACE_PATHS", kFatal,
       [](PreflightFacts& f) {
         f.donor->tablespaces->outside = {"/data2/shop/t.ibd"};
         f.recipient.variables.erase("datadir");
       },
       "/data2/shop/t.ibd"},
      {"TABLESPACE_PATHS", kWarning,
       [](PreflightFacts& f) {
         f.donor->tablespaces->outside = {"/data2/shop/t.ibd"};
         f.recipient.variables["innodb_directories"] = "/data1;/data2";
       },
       "free space was not looked at"},
      {"TABLESPACE_PATHS", kFatal,
       [](PreflightFacts& f) {
         f.donor->tablespaces->outside = {"/data2/shop/t.ibd"};
         f.recipient.variables["innodb_directories"] = "/data2";
         f.existing_paths = std::set<std::string>{"/data2/shop/t.ibd"};
       },
       "not the recipient's lie where CLONE would write: /data2/shop/t.ibd; if another server"},
      {"TABLESPACE_PATHS", kUnchecked, [=](PreflightFacts& f) { f.existing_paths = denied; },
       "it lacks PROCESS"},
      {"TABLESPACE_PATHS", kUnchecked,
       [=](PreflightFacts& f) {
         f.recipient.tablespaces = denied;
         f.host->linked_databases = {{"shop", 1}};
       },
       "the recipient's data files"},
      {"TABLESPACE_PATHS", kFatal,
       [](PreflightFacts& f) {
         f.host->linked_databases = {{"shop", 3}};
         f.recipient.tablespaces->files_in = {{"shop", 2}};
       },
       "links to places that hold other data files too: shop"},
      {"TABLESPACE_PATHS", kFatal,
       [](PreflightFacts& f) {
         f.host->linked_databases = {{"far", 1}};
         f.donor->tablespaces->files_in = {{"far", 1}};
       },
       "other data files too: far"},
      {"CLONE_SSL_FILES", kFatal,
       [](PreflightFacts& f) { f.recipient.variables["clone_ssl_ca"] = "/nowhere/ca.pem"; },
       "no such file: clone_ssl_ca=/nowhere/ca.pem; SET GLOBAL"},
      {"CLONE_SSL_FILES", kWarning,
       [](PreflightFacts& f) {
         f.recipient.variables["clone_ssl_ca"] = "/etc/ca.pem";
         f.existing_ssl_files = std::set<std::string>{"/etc/ca.pem"};
       },
       "CLONE will use the recipient's clone_ssl_ca=/etc/ca.pem"},
      {"NON_INNODB_TABLES", kFatal,
       [](PreflightFacts& f) { f.donor->non_innodb_tables->push_back("shop.log (MyISAM)"); },
       "shop.log (MyISAM); ALTER TABLE"},
      {"NON_INNODB_TABLES", kWarning,
       [](PreflightFacts& f) {
         f.donor->non_innodb_tables->push_back("shop.log (MyISAM)");
         f.allow.non_innodb = true;
       },
       "arrive empty: shop.log (MyISAM)"},
      {"NON_INNODB_TABLES", kFatal,
       [](PreflightFacts& f) { f.donor->non_innodb_tables = std::vector<std::string>(13, "t"); },
       "t, t, t, t, t, t, t, t, t, t and 3 more;"},
      {"NON_INNODB_TABLES", kUnchecked,
       [](PreflightFacts& f) {
         f.donor->non_innodb_tables = absl::PermissionDeniedError("GRANT SELECT ON *.*");
       },
       "GRANT SELECT ON *.*"},
      {"ENCRYPTION", kFatal,
       [](PreflightFacts& f) { f.donor->tablespaces->encrypted = {"shop/card"}; },
       "(shop/card) but the recipient has no keyring"},
      {"ENCRYPTION", kFatal,
       [](PreflightFacts& f) {
         f.donor->tablespaces->encrypted = {"shop/card"};
         f.recipient.keyring_active = true;
         f.clone_use_ssl = false;
       },
       "but the copy is configured without TLS; give the agent --db-clone-use-ssl"},
      {"ENCRYPTION", kFatal,
       [](PreflightFacts& f) { f.donor->variables["innodb_redo_log_encrypt"] = "ON"; },
       "innodb_redo_log_encrypt"},
      {"ENCRYPTION", kFatal,
       [](PreflightFacts& f) { f.donor->variables["innodb_undo_log_encrypt"] = "1"; },
       "innodb_undo_log_encrypt"},
  });
  ExpectFine({
      [](PreflightFacts& f) { f.donor->tablespaces->outside = {"/var/lib/mysql/x/t.ibd"}; },
      [](PreflightFacts& f) {
        f.host->linked_databases = {{"shop", 2}, {"backups", 9}};
        f.recipient.tablespaces->files_in = {{"shop", 2}};
      },
      [](PreflightFacts& f) {
        f.donor->tablespaces->encrypted = {"shop/card"};
        f.recipient.keyring_active = true;
      },
      [](PreflightFacts& f) {  // it has a keyring that it does not need
        f.recipient.keyring_active = true;
        f.clone_use_ssl = false;
      },
  });
}

}  // namespace
}  // namespace graft
