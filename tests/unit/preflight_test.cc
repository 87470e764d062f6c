#include "provision/preflight.h"

#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

#include "base/errors.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PreflightFacts GoodFacts() {
  PreflightFacts facts;
  for (ServerFacts* server : {&facts.recipient, &facts.donor}) {
    server->version = "9.7.4-2";
    server->gtid_mode = "ON";
    server->clone_plugin_status = "ACTIVE";
    server->read_only = server->super_read_only = true;
    server->user_schemas = {"shop"};
  }
  facts.recipient.server_uuid = "00000000-0000-0000-0000-000000000101";
  facts.donor.server_uuid = "00000000-0000-0000-0000-000000000100";
  facts.donor.read_only = facts.donor.super_read_only = false;
  facts.recipient.privileges = {"CLONE_ADMIN", "SYSTEM_VARIABLES_ADMIN"};
  facts.donor.privileges = {"BACKUP_ADMIN"};
  facts.recipient_channels.emplace_back();
  return facts;
}

std::vector<std::string> Checks(const std::vector<Finding>& findings) {
  std::vector<std::string> checks;
  for (const Finding& finding : findings) checks.push_back(finding.check);
  return checks;
}

TEST(PreflightTest, GoodServersHaveNoFinding) {
  EXPECT_THAT(Checks(Preflight(GoodFacts())), IsEmpty());
}

TEST(PreflightTest, EachCheckFindsItsFaultAndNoOther) {
  const struct {
    const char* check;
    std::function<void(PreflightFacts&)> spoil;
    const char* text;  // what has to be in it, for the operator to act on
  } rows[] = {
      {"RECIPIENT_IS_PRIMARY",
       [](PreflightFacts& f) {
         f.recipient.read_only = f.recipient.super_read_only = false;
         f.recipient_channels.clear();
       },
       "super_read_only=ON"},
      {"DONOR_IS_RECIPIENT",
       [](PreflightFacts& f) { f.donor.server_uuid = f.recipient.server_uuid; },
       "00000000-0000-0000-0000-000000000101"},
      {"VERSIONS", [](PreflightFacts& f) { f.donor.version = "8.4.5"; }, "8.4.5"},
      {"VERSIONS", [](PreflightFacts& f) { f.recipient.version = "8.0.16"; }, "8.0.17"},
      {"VERSIONS", [](PreflightFacts& f) { f.recipient.version = "ten"; }, "\"ten\""},
      {"VERSIONS", [](PreflightFacts& f) { f.donor.version = ""; }, "no MySQL version"},
      {"RECIPIENT_PLUGIN", [](PreflightFacts& f) { f.recipient.clone_plugin_status = ""; },
       "recipient is not installed"},
      {"RECIPIENT_PLUGIN", [](PreflightFacts& f) { f.recipient.clone_plugin_status = "DISABLED"; },
       "recipient is DISABLED"},
      {"DONOR_PLUGIN", [](PreflightFacts& f) { f.donor.clone_plugin_status = ""; },
       "donor is not installed"},
      {"DONOR_PLUGIN", [](PreflightFacts& f) { f.donor.clone_plugin_status = "DELETED"; },
       "donor is DELETED"},
      {"RECIPIENT_PRIVILEGE",
       [](PreflightFacts& f) { f.recipient.privileges = {"SYSTEM_VARIABLES_ADMIN"}; },
       "GRANT CLONE_ADMIN"},
      {"DONOR_PRIVILEGE", [](PreflightFacts& f) { f.donor.privileges = {"SELECT"}; },
       "GRANT BACKUP_ADMIN"},
      {"LOWER_CASE_TABLE_NAMES", [](PreflightFacts& f) { f.donor.lower_case_table_names = 1; },
       "0 on the recipient and 1 on the donor"},
      {"GTID_MODE", [](PreflightFacts& f) { f.donor.gtid_mode = "OFF"; }, "OFF on the donor"},
      {"GTID_MODE", [](PreflightFacts& f) { f.recipient.gtid_mode = "ON_PERMISSIVE"; },
       "ON_PERMISSIVE on the recipient"},
  };
  for (const auto& [check, spoil, text] : rows) {
    PreflightFacts facts = GoodFacts();
    spoil(facts);
    const std::vector<Finding> findings = Preflight(facts);
    ASSERT_THAT(Checks(findings), ElementsAre(check));
    EXPECT_THAT(findings[0].text, HasSubstr(text));
  }
}

// A server looks like a primary by all three together only.
TEST(PreflightTest, AReplicaIsNoPrimary) {
  const std::function<void(PreflightFacts&)> ways_out[] = {
      [](PreflightFacts& f) { f.recipient.read_only = true; },
      [](PreflightFacts& f) { f.recipient_channels.emplace_back(); },  // a stopped one, too
      [](PreflightFacts& f) { f.recipient.user_schemas.clear(); },     // just initialised
  };
  for (const auto& way_out : ways_out) {
    PreflightFacts facts = GoodFacts();
    facts.recipient.read_only = facts.recipient.super_read_only = false;
    facts.recipient_channels.clear();
    ASSERT_THAT(Checks(Preflight(facts)), ElementsAre("RECIPIENT_IS_PRIMARY"));
    way_out(facts);
    EXPECT_THAT(Checks(Preflight(facts)), IsEmpty());
  }
}

TEST(PreflightTest, FindsEverythingAtOnce) {
  PreflightFacts facts;
  facts.recipient.user_schemas = {"shop"};
  facts.donor.lower_case_table_names = 2;
  EXPECT_THAT(Checks(Preflight(facts)),
              ElementsAre("RECIPIENT_IS_PRIMARY", "DONOR_IS_RECIPIENT", "VERSIONS",
                          "RECIPIENT_PLUGIN", "DONOR_PLUGIN", "RECIPIENT_PRIVILEGE",
                          "DONOR_PRIVILEGE", "LOWER_CASE_TABLE_NAMES", "GTID_MODE"));
}

TEST(PreflightTest, FindingsBecomeOneStatus) {
  EXPECT_TRUE(FindingsToStatus({}).ok());
  const absl::Status status =
      FindingsToStatus({{"DONOR_PLUGIN", "it is off"}, {"GTID_MODE", "it is OFF"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "it is off; and it is OFF");
  EXPECT_EQ(ReasonOf(status), "DONOR_PLUGIN");
}

}  // namespace
}  // namespace graft
