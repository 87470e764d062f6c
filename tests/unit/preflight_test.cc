#include "provision/preflight/preflight.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/errors.h"
#include "unit/preflight_pair.h"

namespace graft {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const Allowances kNone;
const Allowances kAllowUnchecked{/*non_innodb=*/false, {kAllChecks}};

// All findings that did not pass, in the table's order.
std::vector<std::string> Found(const PreflightFacts& facts) {
  std::vector<std::string> ids;
  for (const CheckResult& result : Preflight(facts)) {
    if (result.outcome != CheckOutcome::kPassed) ids.push_back(result.id);
  }
  return ids;
}

CheckResult Result(std::string id, CheckOutcome outcome, CheckSide side, std::string found,
                   std::string remedy) {
  return {std::move(id), side, outcome, "something", std::move(found), std::move(remedy)};
}

TEST(PreflightTest, AHealthyPairPassesEverything) {
  for (const PreflightFacts& facts : {HealthyPair(), HealthyPairWithReplicaAsDonor()}) {
    EXPECT_THAT(Found(facts), IsEmpty());
    EXPECT_TRUE(FindingsToStatus(Preflight(facts), kNone).ok());
    EXPECT_FALSE(OnlyDonorIsAtFault(Preflight(facts), kNone));
  }
}

TEST(PreflightTest, EveryRowIsToldWhetherItPassesOrNot) {
  const std::vector<CheckResult> results = Preflight(HealthyPair());
  std::set<std::string> ids;
  for (const CheckResult& result : results) {
    ids.insert(result.id);
    EXPECT_NE(result.looks_at, "") << result.id;
    EXPECT_NE(result.found, "") << result.id;
    EXPECT_EQ(result.remedy, "") << result.id;
  }
  EXPECT_EQ(ids.size(), results.size()) << "an id twice";
  EXPECT_GE(results.size(), 40u);
}

// Nothing was read: nothing may pass for good that the recipient's own facts do not show.
TEST(PreflightTest, WhatWasNotReadStops) {
  const std::vector<CheckResult> results = Preflight(PreflightFacts());
  const absl::Status status = FindingsToStatus(results, kAllowUnchecked);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(Found(PreflightFacts()),
              AllOf(Contains("RECIPIENT_HAS_REPLICAS"), Contains("RECIPIENT_PRIVILEGE"),
                    Contains("CLONE_LEFTOVERS"), Contains("DONOR_UNREACHABLE"),
                    Contains("DISK_SPACE"), Contains("SOURCE_BINLOGS")));
}

TEST(PreflightTest, FindsEverythingAtOnce) {
  PreflightFacts facts = HealthyPair();
  facts.recipient.facts.clone_plugin_status = "";
  facts.donor->facts.lower_case_table_names = 2;
  facts.donor->facts.privileges.clear();
  facts.host->free_bytes = 0;
  EXPECT_THAT(Found(facts), ElementsAre("RECIPIENT_PLUGIN", "DONOR_PRIVILEGE",
                                        "LOWER_CASE_TABLE_NAMES", "DISK_SPACE"));
  const absl::Status status = FindingsToStatus(Preflight(facts), kNone);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "RECIPIENT_PLUGIN");
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("clone plugin"), HasSubstr("GRANT BACKUP_ADMIN"),
                    HasSubstr("lower_case_table_names"), HasSubstr("GiB")));
}

TEST(PreflightTest, FindingsBecomeOneStatus) {
  EXPECT_TRUE(FindingsToStatus({}, kNone).ok());
  const std::vector<CheckResult> results = {
      Result("SUPERVISED", kWarning, CheckSide::kRecipient, "nobody", "start it"),
      Result("DONOR_BUSY", kUnchecked, CheckSide::kDonor, "it was not seen", "grant it"),
      Result("DONOR_PLUGIN", kFatal, CheckSide::kDonor, "it is off", "turn it on"),
      Result("GTID_MODE", kFatal, CheckSide::kDonor, "it is OFF", "")};
  const absl::Status status = FindingsToStatus(results, kNone);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(),
            "it is off; turn it on; and it is OFF; and it was not seen; grant it");
  EXPECT_EQ(ReasonOf(status), "DONOR_PLUGIN");
  EXPECT_EQ(FindingsToStatus(results, kAllowUnchecked).message(),
            "it is off; turn it on; and it is OFF");
}

TEST(PreflightTest, EachCheckCanBeAllowedByItsWordAndNothingElse) {
  for (const CheckResult& result : Preflight(HealthyPair())) {
    EXPECT_TRUE(RequireChecks({false, {result.id}}).ok()) << result.id;
    Allowances allow;
    EXPECT_TRUE(AllowUnchecked({result.id}, allow).ok()) << result.id;
  }
  EXPECT_TRUE(RequireChecks(kAllowUnchecked).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(RequireChecks({false, {"DONOR_UNFIT"}})));
  Allowances allow;
  EXPECT_TRUE(absl::IsInvalidArgument(AllowUnchecked({"DISK_SPACE", "DISC_SPACE"}, allow)));
  EXPECT_TRUE(allow.unchecked.empty());
  EXPECT_TRUE(AllowUnchecked({"DISK_SPACE", "all"}, allow).ok());
  EXPECT_EQ(allow, kAllowUnchecked);
}

TEST(PreflightTest, WhatIsUncheckedStopsUnlessAllowed) {
  const std::vector<CheckResult> results = {
      Result("DISK_SPACE", kUnchecked, CheckSide::kRecipient, "no size", "grant PROCESS"),
      Result("ENCRYPTION", kUnchecked, CheckSide::kRecipient, "no flags", "grant PROCESS")};
  const absl::Status status = FindingsToStatus(results, kNone);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), "DISK_SPACE");
  EXPECT_EQ(status.message(),
            "no size; and no flags; grant PROCESS, or pass --allow-unchecked=DISK_SPACE,ENCRYPTION")
      << "one remedy, told once";
  EXPECT_TRUE(FindingsToStatus(results, kAllowUnchecked).ok());
  EXPECT_EQ(FindingsToStatus(results, {false, {"ENCRYPTION"}}).message(),
            "no size; grant PROCESS, or pass --allow-unchecked=DISK_SPACE");
}

TEST(PreflightTest, TheFirstFatalResultDecidesTheCode) {
  const struct {
    const char* id;
    absl::StatusCode code;
  } rows[] = {{"DISK_SPACE", absl::StatusCode::kResourceExhausted},
              {"DONOR_UNREACHABLE", absl::StatusCode::kUnavailable},
              {"DONOR_CREDENTIALS", absl::StatusCode::kUnauthenticated},
              {"DONOR_PRIVILEGE", absl::StatusCode::kPermissionDenied},
              {"VERSIONS", absl::StatusCode::kFailedPrecondition}};
  for (const auto& [id, code] : rows) {
    const CheckResult first = Result(id, kFatal, CheckSide::kDonor, "a", "b");
    const CheckResult other = Result("GTID_MODE", kFatal, CheckSide::kDonor, "c", "d");
    EXPECT_EQ(FindingsToStatus({first, other}, kNone).code(), code) << id;
    EXPECT_EQ(FindingsToStatus({other, first}, kNone).code(), absl::StatusCode::kFailedPrecondition)
        << id;
  }
}

TEST(PreflightTest, AnotherDonorMayDoOnlyIfNothingElseStops) {
  const CheckResult busy = Result("DONOR_BUSY", kFatal, CheckSide::kDonor, "busy", "wait");
  const CheckResult errant =
      Result("ERRANT_TRANSACTIONS", kUnchecked, CheckSide::kDonor, "unread", "");
  const CheckResult disk = Result("DISK_SPACE", kFatal, CheckSide::kRecipient, "full", "tidy up");
  const CheckResult look = Result("CLONE_LEFTOVERS", kUnchecked, CheckSide::kRecipient, "?", "");
  const CheckResult warning =
      Result("SUPERVISED", kWarning, CheckSide::kRecipient, "nobody", "start it");
  EXPECT_TRUE(OnlyDonorIsAtFault({busy}, kNone));
  EXPECT_TRUE(OnlyDonorIsAtFault({busy, warning, errant}, kNone));
  EXPECT_TRUE(OnlyDonorIsAtFault({busy, look}, kAllowUnchecked));
  EXPECT_FALSE(OnlyDonorIsAtFault({busy, look}, kNone));
  EXPECT_FALSE(OnlyDonorIsAtFault({busy, disk}, kNone));
  EXPECT_FALSE(OnlyDonorIsAtFault({disk}, kNone));
  EXPECT_FALSE(OnlyDonorIsAtFault({warning}, kNone));
  EXPECT_FALSE(OnlyDonorIsAtFault({errant}, kAllowUnchecked));
}

// One cause, one sentence; and what it leaves open is the donor's matter too.
TEST(PreflightTest, ADonorThatDoesNotAnswerIsOneFindingOnly) {
  const struct {
    absl::Status status;
    const char* id;
  } rows[] = {
      {absl::UnavailableError("donor zone1-0000000100: 2003"), "DONOR_UNREACHABLE"},
      {absl::DeadlineExceededError("donor zone1-0000000100: no answer"), "DONOR_UNREACHABLE"},
      {absl::InternalError("donor zone1-0000000100: odd"), "DONOR_UNREACHABLE"},
      {absl::UnauthenticatedError("donor zone1-0000000100: 1045"), "DONOR_CREDENTIALS"},
      {absl::PermissionDeniedError("donor zone1-0000000100: 1227"), "DONOR_PRIVILEGE"},
  };
  for (const auto& [status, id] : rows) {
    PreflightFacts facts = HealthyPair();
    facts.donor = status;
    facts.source = facts.primary = status;
    const std::vector<CheckResult> results = Preflight(facts);
    const absl::Status judged = FindingsToStatus(results, kNone);
    EXPECT_EQ(ReasonOf(judged), id) << status;
    EXPECT_THAT(std::string(judged.message()),
                AllOf(StartsWith(std::string(status.message())), Not(HasSubstr(kDonorNotAsked))));
    EXPECT_TRUE(OnlyDonorIsAtFault(results, kNone)) << status;
    for (const CheckResult& result : results) {
      if (result.id == "DONOR_CREDENTIALS" && absl::IsPermissionDenied(status)) {
        EXPECT_EQ(result.outcome, CheckOutcome::kPassed);
      }
      if (result.outcome == CheckOutcome::kPassed || result.id == id) continue;
      EXPECT_EQ(result.outcome, kUnchecked) << result.id;
      EXPECT_EQ(result.found, kDonorNotAsked) << result.id;
    }
  }
}

// If the recipient is at fault too, the donor's silence does not decide.
TEST(PreflightTest, TheRecipientsOwnFaultsComeFirst) {
  PreflightFacts facts = HealthyPair();
  facts.donor = absl::UnavailableError("2003");
  facts.recipient.facts.clone_plugin_status = "DISABLED";
  const std::vector<CheckResult> results = Preflight(facts);
  const absl::Status status = FindingsToStatus(results, kNone);
  EXPECT_EQ(ReasonOf(status), "RECIPIENT_PLUGIN");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(OnlyDonorIsAtFault(results, kNone));
}

// A server looks like a primary by all three together only.
TEST(PreflightTest, AReplicaIsNoPrimary) {
  using Change = void (*)(PreflightFacts&);
  const Change ways_out[] = {
      [](PreflightFacts& f) { f.recipient.facts.read_only = true; },
      [](PreflightFacts& f) { f.recipient.channels->emplace_back(); },    // a stopped one, too
      [](PreflightFacts& f) { f.recipient.facts.user_schemas.clear(); },  // just initialised
  };
  for (const Change way_out : ways_out) {
    PreflightFacts facts = HealthyPair();
    facts.recipient.facts.read_only = facts.recipient.facts.super_read_only = false;
    facts.recipient.channels->clear();
    ASSERT_THAT(Found(facts), ElementsAre("RECIPIENT_IS_PRIMARY"));
    way_out(facts);
    EXPECT_THAT(Found(facts), IsEmpty());
  }
}

}  // namespace
}  // namespace graft
