// Rows of preflight's table; see preflight_rows.h.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "unit/preflight_rows.h"

namespace graft {
namespace {

void HasNamedTimeZone(PreflightFacts& f) {
  f.recipient.variables["time_zone"] = "Europe/Berlin";
  f.donor->named_time_zones = false;
}

void HasAuditLog(PreflightFacts& f) {
  f.recipient.plugins.push_back({"AUDIT_log", "audit_log.so", true});
  f.recipient.sources["audit_log_file"] = "EXPLICIT";
}

TEST(PreflightCompatibilityTest, WhetherTheTwoFit) {
  ExpectRows({
      {"DONOR_IS_RECIPIENT", kFatal,
       [](PreflightFacts& f) {
         f.donor->facts.server_uuid = f.donor_recorded_uuid = f.recipient.facts.server_uuid;
         f.source->server_uuid = f.recipient.facts.server_uuid;
       },
       "00000000-0000-0000-0000-000000000101"},
      {"VERSIONS", kFatal, [](PreflightFacts& f) { f.donor->facts.version = "8.4.5"; }, "8.4.5"},
      {"VERSIONS", kFatal, [](PreflightFacts& f) { f.recipient.facts.version = "8.0.16"; },
       "8.0.17"},
      {"VERSIONS", kFatal, [](PreflightFacts& f) { f.recipient.facts.version = "ten"; }, "\"ten\""},
      {"VERSIONS", kFatal, [](PreflightFacts& f) { f.donor->facts.version = ""; },
       "no MySQL version"},
      {"VERSIONS", kFatal,
       [](PreflightFacts& f) {
         f.donor->facts.version = "8.0.25-15";
         f.recipient.facts.version = "8.0.25";
       },
       "what follows the patch level"},
      {"OPERATING_SYSTEM", kFatal,
       [](PreflightFacts& f) { f.donor->variables["version_compile_os"] = "debian-linux-gnu"; },
       "Linux on the recipient and debian-linux-gnu on the donor"},
      {"OPERATING_SYSTEM", kUnchecked,
       [](PreflightFacts& f) { f.recipient.variables.erase("version_compile_os"); },
       "version_compile_os of the recipient"},
      {"ARCHITECTURE", kFatal,
       [](PreflightFacts& f) { f.donor->variables["version_compile_machine"] = "aarch64"; },
       "aarch64"},
      {"PAGE_SIZE", kFatal,
       [](PreflightFacts& f) { f.donor->variables["innodb_page_size"] = "4096"; }, "4096"},
      {"PAGE_SIZE", kUnchecked,
       [](PreflightFacts& f) { f.donor->variables.erase("innodb_page_size"); },
       "innodb_page_size of the donor"},
      {"LOWER_CASE_TABLE_NAMES", kFatal,
       [](PreflightFacts& f) { f.donor->facts.lower_case_table_names = 1; },
       "0 on the recipient and 1 on the donor"},
      {"CHARACTER_SETS", kFatal,
       [](PreflightFacts& f) { f.donor->variables["character_set_filesystem"] = "utf8mb4"; },
       "character_set_filesystem is binary on the recipient"},
      {"CHARACTER_SETS", kFatal,
       [](PreflightFacts& f) {
         f.donor->variables["character_set_server"] = "latin1";
         f.donor->variables["collation_server"] = "latin1_swedish_ci";
       },
       "latin1 on the donor, collation_server"},
      {"CHARACTER_SETS", kUnchecked,
       [](PreflightFacts& f) { f.donor->variables.erase("collation_server"); },
       "collation_server of the donor"},
      {"COLLATIONS", kFatal, [](PreflightFacts& f) { f.donor->collations.insert("klingon_ci"); },
       "klingon_ci"},
      {"RECIPIENT_OPTIONS", kUnchecked, HasNamedTimeZone,
       "time_zone is Europe/Berlin, and the donor has no time zone tables: if my.cnf has"},
      {"RECIPIENT_OPTIONS", kUnchecked,
       [](PreflightFacts& f) {
         HasNamedTimeZone(f);
         f.donor->named_time_zones = std::nullopt;
       },
       "does not show whether it has time zone tables"},
      {"RECIPIENT_OPTIONS", kUnchecked,
       [](PreflightFacts& f) { f.recipient.sources["validate_password.policy"] = "GLOBAL"; },
       "go with the old data: validate_password.policy: without loose_"},
      {"RECIPIENT_OPTIONS", kUnchecked, HasAuditLog, "audit_log_file"},
      {"RECIPIENT_OPTIONS", kUnchecked,
       [](PreflightFacts& f) {  // which the donor's own my.cnf loads
         HasAuditLog(f);
         f.donor->sources["audit_log_file"] = "COMPILED";
         f.donor->plugins.push_back({"AUDIT_log", "audit_log.so", false});
       },
       "audit_log_file"},
      {"CLONE_PLUGIN_LOADING", kWarning,
       [](PreflightFacts& f) { f.recipient.plugins[1].by_statement = true; },
       "plugin-load-add=mysql_clone.so"},
  });
  ExpectFine({
      [](PreflightFacts& f) {
        HasNamedTimeZone(f);
        f.recipient.variables["time_zone"] = "+01:00";
      },
      [](PreflightFacts& f) {
        HasNamedTimeZone(f);
        f.donor->named_time_zones = true;
      },
      [](PreflightFacts& f) {
        f.recipient.sources["validate_password.length"] = "COMPILED";
        f.recipient.sources["validate_password.policy"] = "GLOBAL";
        f.donor->sources["validate_password.policy"] = "COMPILED";
      },
      [](PreflightFacts& f) {
        HasAuditLog(f);
        f.donor->plugins.push_back({"AUDIT_log", "audit_log.so", true});
        f.recipient.plugins.push_back(f.donor->plugins.back());
      },
      [](PreflightFacts& f) {
        HasAuditLog(f);
        f.recipient.plugins.back().by_statement = false;
      },
      [](PreflightFacts& f) { f.recipient.collations.insert("klingon_ci"); },
      [](PreflightFacts& f) { f.donor->plugins[1].by_statement = true; },
      [](PreflightFacts& f) {
        f.donor->plugins[1].by_statement = f.recipient.plugins[1].by_statement = true;
      },
      [](PreflightFacts& f) { f.donor->facts.version = "9.7.0"; },
      [](PreflightFacts& f) {
        f.donor->facts.version = "8.0.26-16";
        f.recipient.facts.version = "8.0.26";
      },
  });
}

TEST(PreflightCompatibilityTest, SystemTablespace) {
  const struct {
    const char* recipient;
    const char* donor;
    CheckOutcome outcome;
  } rows[] = {
      {"ibdata1:12M:autoextend", "ibdata1:76M:autoextend", CheckOutcome::kPassed},
      {"ibdata1:12M:autoextend:max:1G", "ibdata1:12288K:autoextend", CheckOutcome::kPassed},
      {"ibdata1:1G;ibdata2:12M:autoextend", "ibdata1:1024M;ibdata2:50M", CheckOutcome::kPassed},
      {"a:12M;b:12M:autoextend", "a:12M", CheckOutcome::kPassed},
      {"a:12582912", "b:12M", CheckOutcome::kPassed},
      // Fewer files than the donor has; a fixed one of another size.
      {"a:12M:autoextend", "a:12M;b:12M:autoextend", kFatal},
      {"a:12M", "a:24M", kFatal},
      {"a:12M;b:12M:autoextend", "a:24M;b:12M:autoextend", kFatal},
      // The donor's one may have grown since.
      {"a:12M;b:12M:autoextend", "a:12M:autoextend", kUnchecked},
      {"a:12M", "a:12M:autoextend", kUnchecked},
      {"a:12M:autoextend", "", kUnchecked},
      {"nonsense", "a:12M", kUnchecked},
      {"a:", "a:12M", kUnchecked},
      {"a:xM", "a:12M", kUnchecked},
  };
  for (const auto& [recipient, donor, outcome] : rows) {
    PreflightFacts facts = HealthyPair();
    SetVariable(facts, "innodb_data_file_path", recipient, donor);
    for (const CheckResult& result : Preflight(facts)) {
      EXPECT_EQ(result.outcome, result.id == "DATA_FILE_PATH" ? outcome : CheckOutcome::kPassed)
          << recipient << " from " << donor << ": " << result.id << " " << result.found;
    }
  }
}

TEST(PreflightCompatibilityTest, Plugins) {
  const auto keyring = [](PreflightFacts& f) {
    f.donor->plugins.push_back({"audit_log", "audit_log.so", false});
  };
  const auto versions = [](PreflightFacts& f, const char* version) {
    f.recipient.facts.version = f.donor->facts.version = version;
  };
  ExpectRows({
      {"PLUGINS", kFatal, keyring, "audit_log (audit_log.so)"},
      {"PLUGINS", kFatal,
       [](PreflightFacts& f) {
         f.donor->plugins.push_back({"FEDERATED", "", false});
       },
       "FEDERATED"},
      {"PLUGINS", kFatal,
       [](PreflightFacts& f) {
         f.donor->plugins.push_back({"FEDERATED", "", false});
         f.host->plugin_libraries = std::nullopt;
       },
       "FEDERATED"},
      {"PLUGINS", kUnchecked,
       [=](PreflightFacts& f) {
         keyring(f);
         f.host->plugin_libraries = std::nullopt;
       },
       "cannot be seen: audit_log (audit_log.so)"},
      {"PLUGINS", kFatal,
       [=](PreflightFacts& f) {
         keyring(f);
         f.host->plugin_libraries->push_back("audit_log.so");
         versions(f, "8.0.21");
       },
       "audit_log"},
  });
  ExpectFine({
      [=](PreflightFacts& f) {
        keyring(f);
        f.host->plugin_libraries->push_back("audit_log.so");
      },
      [=](PreflightFacts& f) {
        keyring(f);
        f.host->plugin_libraries->push_back("audit_log.so");
        versions(f, "8.0.22");
      },
      [=](PreflightFacts& f) {
        keyring(f);
        f.recipient.plugins.push_back({"AUDIT_LOG", "other.so", true});
      },
      [](PreflightFacts& f) {
        f.recipient.plugins.push_back({"more", "more.so", true});
      },
  });
}

TEST(PreflightCompatibilityTest, WhoseMatterAMismatchIs) {
  const auto side_of = [](const char* id, const PreflightFacts& facts) {
    for (const CheckResult& result : Preflight(facts)) {
      if (result.id == id) return result.side;
    }
    return CheckSide::kSource;
  };
  PreflightFacts facts = HealthyPair();
  facts.donor->facts.gtid_mode = "OFF";
  EXPECT_EQ(side_of("GTID_MODE", facts), CheckSide::kDonor);
  facts.recipient.facts.gtid_mode = "OFF";
  EXPECT_EQ(side_of("GTID_MODE", facts), CheckSide::kRecipient);
  facts.donor->facts.version = "8.4.0";
  EXPECT_EQ(side_of("VERSIONS", facts), CheckSide::kDonor);
  facts.recipient.facts.version = "5.7.44";
  EXPECT_EQ(side_of("VERSIONS", facts), CheckSide::kRecipient);
}

}  // namespace
}  // namespace graft
