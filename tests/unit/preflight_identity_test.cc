// Rows of preflight's table about whose servers answer and what they hold; see preflight_rows.h.

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/errors.h"
#include "unit/preflight_rows.h"

namespace graft {
namespace {

constexpr char kForeign[] = "99999999-0000-0000-0000-000000000009";

std::string Upto(int last) {
  return absl::StrCat(kPrimaryUuid, ":1-", last);
}

TEST(PreflightIdentityTest, AnotherServerThanTheRecordNames) {
  ExpectRows({
      {"OTHER_SERVER", kFatal, [](PreflightFacts& f) { f.donor_recorded_uuid = kForeign; },
       "donor zone1-0000000100: another server answers"},
      {"OTHER_SERVER", kFatal, [](PreflightFacts& f) { f.donor_seen_uuid = kForeign; },
       "another server answers than a while ago"},
  });
  ExpectRows(
      {
          {"OTHER_SERVER", kFatal,
           [](PreflightFacts& f) { f.source_recorded_uuid = f.primary_recorded_uuid = kForeign; },
           "source zone1-0000000100: another server answers"},
          {"OTHER_SERVER", kFatal,
           [](PreflightFacts& f) {
             f.source_alias = f.donor_alias;
             f.primary_recorded_uuid = kForeign;
           },
           "primary zone1-0000000100: another server answers"},
      },
      HealthyPairWithReplicaAsDonor);
  ExpectFine({
      [](PreflightFacts& f) { f.donor_seen_uuid = kPrimaryUuid; },
      // A vttablet's record; the data speaks for it.
      [](PreflightFacts& f) {
        f.donor_recorded_uuid = f.source_recorded_uuid = f.primary_recorded_uuid = "";
      },
      // The recipient was the primary once, or has errant transactions: nobody else's business.
      [](PreflightFacts& f) {
        f.donor_recorded_uuid = "";
        f.recipient.facts.gtid_executed = "";
      },
  });
}

// No other donor helps against a foreign server in the primary's or the source's place.
TEST(PreflightIdentityTest, WhoseFaultItIs) {
  PreflightFacts facts = HealthyPairWithReplicaAsDonor();
  facts.primary_recorded_uuid = kForeign;
  EXPECT_FALSE(OnlyDonorIsAtFault(Preflight(facts), {}));
  facts = HealthyPairWithReplicaAsDonor();
  facts.donor_recorded_uuid = kForeign;
  EXPECT_TRUE(OnlyDonorIsAtFault(Preflight(facts), {}));
}

// The record names no server: what answers there must hold what the recipient has.
TEST(PreflightIdentityTest, AForeignServerUnderARecordThatNamesNone) {
  const std::vector<std::string> sets = {"", std::string(kForeign) + ":1-500"};
  for (const std::string& set : sets) {
    PreflightFacts facts = HealthyPair();
    facts.donor_recorded_uuid = facts.source_recorded_uuid = facts.primary_recorded_uuid = "";
    facts.donor->facts.gtid_executed = set;
    facts.source = facts.primary = facts.donor->facts;
    const std::vector<CheckResult> results = Preflight(facts);
    const auto row = std::find_if(results.begin(), results.end(),
                                  [](const auto& result) { return result.id == "OTHER_SERVER"; });
    EXPECT_EQ(row->outcome, kUnchecked);
    EXPECT_THAT(row->found, testing::HasSubstr("100 transactions"));
    EXPECT_THAT(row->remedy, testing::HasSubstr("--allow-unchecked"));
    EXPECT_FALSE(FindingsToStatus(results, {}).ok());
  }
}

TEST(PreflightIdentityTest, WhatTheRecipientAloneExecutedSaysNothing) {
  PreflightFacts facts = HealthyPair();
  facts.donor_recorded_uuid = "";
  facts.recipient.facts.gtid_executed += ",00000000-0000-0000-0000-000000000101:1-7";
  EXPECT_TRUE(FindingsToStatus(Preflight(facts), {}).ok());
}

TEST(PreflightIdentityTest, ADonorThatHoldsNothing) {
  const auto empty_it = [](PreflightFacts& f) {
    f.donor->facts.gtid_executed = "";
    f.donor->facts.user_schemas.clear();
  };
  // Its replication runs, so it might come to hold all: it does not hold it now.
  ExpectRows({{"DONOR_EMPTY", kFatal, empty_it, "it holds nothing"}},
             HealthyPairWithReplicaAsDonor);
  // The primary itself, emptied: what the recipient holds is more.
  PreflightFacts facts = HealthyPair();
  empty_it(facts);
  facts.source = facts.primary = facts.donor->facts;
  EXPECT_EQ(ReasonOf(FindingsToStatus(Preflight(facts), {})), "DONOR_EMPTY");
  facts.recipient.facts.gtid_executed = "";
  EXPECT_TRUE(FindingsToStatus(Preflight(facts), {}).ok()) << "a new shard";
}

// The primary is down or there is none: an empty donor is found all the same.
TEST(PreflightIdentityTest, ADonorThatHoldsNothingWithoutAPrimary) {
  for (const absl::Status& none : {absl::NotFoundError("none"), absl::UnavailableError("down")}) {
    PreflightFacts facts = HealthyPairWithReplicaAsDonor();
    facts.donor->facts.gtid_executed = "";
    facts.donor->facts.user_schemas.clear();
    facts.primary = none;
    EXPECT_EQ(ReasonOf(FindingsToStatus(Preflight(facts), {false, {kAllChecks}})), "DONOR_EMPTY");
  }
}

TEST(PreflightIdentityTest, WhatADonorLacksMustBeLag) {
  ExpectRows(
      {
          {"DONOR_BEHIND", kFatal,
           [](PreflightFacts& f) {
             f.donor->facts.gtid_executed = Upto(90);
             f.donor->channels->clear();
           },
           "it lacks 10 transactions (3e11fa47-71ca-11e1-9e33-c80aa9429562:91-100) of the primary, "
           "and it follows nobody"},
          {"DONOR_BEHIND", kUnchecked,
           [](PreflightFacts& f) {
             f.donor->facts.gtid_executed = Upto(90);
             f.donor->channels->front().source.host = "elsewhere.example";
           },
           "it follows elsewhere.example:3306, which no record of the shard has"},
          {"DONOR_BEHIND", kFatal,
           [](PreflightFacts& f) {
             f.donor->facts.gtid_executed = Upto(90);
             f.donor->channels->front().lag.reset();
           },
           "how far it is behind db-100.example:3306 is unknown"},
          {"DONOR_BEHIND", kFatal,
           [](PreflightFacts& f) {
             f.donor->facts.gtid_executed = Upto(50);
             f.primary->gtid_purged = Upto(60);
           },
           "it lacks transactions that the primary has purged: 10 transactions"},
      },
      HealthyPairWithReplicaAsDonor);
  ExpectFine(
      {
          [](PreflightFacts& f) { f.donor->facts.gtid_executed = Upto(90); },
          [](PreflightFacts& f) {
            f.donor->facts.gtid_executed = Upto(90);
            f.donor->channels->front().source = {"DB-101.example", 3306};  // a chain
          },
          [](PreflightFacts& f) {
            f.donor->facts.gtid_executed = Upto(60);
            f.primary->gtid_purged = Upto(60);
          },
          [](PreflightFacts& f) { f.donor->channels->front().source.host = "elsewhere.example"; },
      },
      HealthyPairWithReplicaAsDonor);
}

TEST(PreflightIdentityTest, PerformanceSchema) {
  ExpectRows({
      {"PERFORMANCE_SCHEMA", kFatal,
       [](PreflightFacts& f) { f.recipient.variables["performance_schema"] = "OFF"; },
       "performance_schema is OFF on the recipient"},
      {"PERFORMANCE_SCHEMA", kUnchecked,
       [](PreflightFacts& f) { f.recipient.variables.erase("performance_schema"); },
       "performance_schema of the recipient"},
  });
}

}  // namespace
}  // namespace graft
