#include "bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "bench/comparison.h"
#include "bench/full_report.h"
#include "bench/report_json.h"
#include "bench/spread.h"
#include "bench/target.h"

namespace graft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

TEST(SpreadOf, TakesTheMiddleOfAnOddNumber) {
  const Spread spread = SpreadOf({3, 1, 10});
  EXPECT_EQ(spread.min, 1);
  EXPECT_EQ(spread.median, 3);
  EXPECT_EQ(spread.max, 10);
}

TEST(SpreadOf, TakesTheMeanOfTheMiddleTwoOfAnEvenNumber) {
  EXPECT_EQ(SpreadOf({8, 1, 4, 2}).median, 3);
}

TEST(SpreadText, ShowsNoSpreadOfOneValue) {
  EXPECT_EQ(SpreadText({1.25, 1, 2}, 2), "1.25 (1.00 to 2.00)");
  EXPECT_EQ(SpreadText({1.25}, 1), "1.2");
  EXPECT_EQ(SpreadText({}, 1), "-");
}

// Without the line breaks, which are for the eye.
std::string JsonOf(const FullReport& report) {
  return absl::StrJoin(absl::StrSplit(ToJson(report), absl::ByAnyChar("\n "), absl::SkipEmpty()),
                       " ");
}

std::string JsonOf(const Comparison& comparison) {
  FullReport report;
  report.sizes = {comparison};
  return JsonOf(report);
}

Comparison Example(int64_t size_bytes) {
  Comparison comparison;
  comparison.size_bytes = size_bytes;
  comparison.rows = 10;
  comparison.ways = {{kGraft, {3, 6, 2}, "", false},
                     {kByHand, {2, 3, 4}, "", false},
                     {kMysqldump, {33, std::nullopt, 26}, "", false},
                     {kMydumper, {}, "there is no mydumper", false}};
  comparison.agent = {{3, 0.03, 20}, {6, 0.12, 30}, {2, 0.02, 25}};
  return comparison;
}

TEST(Comparison, TellsWhereGraftsTimeGoes) {
  Comparison comparison = Example(256'000'000);
  for (const double seconds : {1.0, 3.0, 2.0}) {
    comparison.AddPart("clone", seconds);
    comparison.AddPart("verify", 0.001);
    comparison.AddPart("publish", seconds / 10);
  }
  EXPECT_THAT(ToText(comparison),
              HasSubstr("where graft's time goes, in seconds: clone 2.00, publish 0.20\n"));
  EXPECT_THAT(JsonOf(comparison), HasSubstr("\"graft_parts\": { \"clone\": { \"median\": 2.0,"));
}

// The median of the rounds' ratios is not the ratio of the medians: here 1.5 against 1.
TEST(Comparison, ComparesRoundByRound) {
  const Comparison comparison = Example(1'000'000'000);
  EXPECT_THAT(comparison.Ratios(kGraft, kByHand), ElementsAre(1.5, 2, 0.5));
  EXPECT_THAT(ToText(comparison), HasSubstr("graft over by hand: 1.500 (0.500 to 2.000)"));
}

TEST(Comparison, LeavesOutRoundsInWhichAWayHadNoPart) {
  EXPECT_THAT(Example(1).Ratios(kMysqldump, kGraft), ElementsAre(11, 13));
  EXPECT_THAT(Example(1).Ratios(kMydumper, kGraft), IsEmpty());
}

TEST(Comparison, IsATableThatSaysWhatWasNotMeasured) {
  const std::string text = ToText(Example(256'000'000));
  EXPECT_THAT(text, StartsWith("256 MB, 10 rows"));
  EXPECT_THAT(text, HasSubstr("| mysqldump to mysql   | 29.50 (26.00 to 33.00) | "
                              "12.00 (11.00 to 13.00) | 9 | 2 |"));
  EXPECT_THAT(text, HasSubstr("| mydumper to myloader | not measured: there is no mydumper |"));
  EXPECT_THAT(text, HasSubstr("1.00 (1.00 to 2.00) % of a core, at most 25.0 (20.0 to 30.0) MB"));
}

TEST(Comparison, AWayThatWasGivenUpWouldHaveTakenMore) {
  Comparison comparison = Example(4'000'000'000);
  comparison.ways[2].given_up = true;
  EXPECT_THAT(ToText(comparison),
              HasSubstr("| mysqldump to mysql   | given up after 30 (26 to 33) | "
                        "more than 12.00 (11.00 to 13.00) | below 136 | 2 |"));
  EXPECT_THAT(JsonOf(comparison), HasSubstr("\"given_up\": true"));
  EXPECT_TRUE(TargetsOf(comparison)[1].met());
}

TEST(Comparison, IsHeldAgainstTargetsOnlyWhereItIsLargeEnough) {
  EXPECT_THAT(TargetsOf(Example(256'000'000)), IsEmpty());
  EXPECT_THAT(TargetsOf(Example(980'000'000)), SizeIs(1));
  const std::vector<Target> targets = TargetsOf(Example(3'900'000'000));
  ASSERT_THAT(targets, SizeIs(2));
  EXPECT_EQ(targets[0].figure, 1.5);
  EXPECT_FALSE(targets[0].met());
  EXPECT_EQ(targets[1].figure, 12);
  EXPECT_TRUE(targets[1].met());
  EXPECT_EQ(ToText(targets),
            "- 3.90 GB, graft over by hand: 1.500, MISSED: at most 1.05\n"
            "- 3.90 GB, mysqldump to mysql over graft: 12.000, met: at least 10\n");
}

TEST(RoundOrder, BeginsWithAnotherOneEachTimeAndHasTheSlowOnesLast) {
  const std::vector<bool> slow = {false, true, false, false, true};
  EXPECT_THAT(RoundOrder(slow, 0, true), ElementsAre(0, 2, 3, 1, 4));
  EXPECT_THAT(RoundOrder(slow, 1, true), ElementsAre(2, 3, 0, 4, 1));
  EXPECT_THAT(RoundOrder(slow, 2, false), ElementsAre(3, 0, 2));
  EXPECT_THAT(RoundOrder({true}, 1, false), IsEmpty());
}

TEST(IdleReport, SaysWhatItMeasured) {
  IdleReport report;
  report.resident_mb = 31.25;
  report.anonymous_mb = 8.5;
  report.cpu_percent = 0.12345678;
  report.seconds = 60;
  report.threads = 12;
  FullReport full;
  full.idle = report;
  EXPECT_THAT(JsonOf(full), HasSubstr("\"idle\": { \"resident_mb\": 31.25, \"anonymous_mb\": 8.5, "
                                      "\"cpu_percent\": 0.1235, \"seconds\": 60.0, "
                                      "\"threads\": 12 }"));
}

TEST(SettingTimes, AreComparedWithTheFirstRoundByRound) {
  const std::vector<SettingTimes> times = {{"as it is", {{2, 1}, {4, 2}}},
                                           {"one", {{3, 2}, {4, 3}}}};
  EXPECT_THAT(
      ToText(times),
      HasSubstr("| one | 3.50 (3.00 to 4.00) | 1.25 (1.00 to 1.50) | 2.50 (2.00 to 3.00) |"));
}

TEST(WatchCost, IsWhatTheWatchersTakeBeyondNone) {
  const std::vector<WatchCost> costs = {{0, 1, 25, 0}, {100, 1.5, 30, 100}, {1000, 5.5, 95, 1000}};
  EXPECT_THAT(ToText(costs), HasSubstr("| 1000 | 5.50 | 95.0 | 4.50 | 70.0 | 1000 |"));
  const std::vector<Target> targets = TargetsOf(costs);
  ASSERT_THAT(targets, SizeIs(2));
  EXPECT_TRUE(targets[0].met());
  EXPECT_FALSE(targets[1].met());
}

TEST(FullReport, HasTheSizeNearestToAGigabyteOnTop) {
  FullReport report;
  report.sizes = {Example(256'000'000), Example(1'300'000'000), Example(4'000'000'000)};
  report.sizes[1].ways[0].seconds = {8, 9, 4};
  const std::string json = JsonOf(report);
  EXPECT_THAT(json, StartsWith("{ \"overhead_ratio\": { \"median\": 3.0, \"min\": 1.0, "
                               "\"max\": 4.0, \"runs\": [ 4.0, 3.0, 1.0 ] }, "
                               "\"graft_seconds\": [ 8.0, 9.0, 4.0 ], "
                               "\"by_hand_seconds\": [ 2.0, 3.0, 4.0 ], "
                               "\"size_bytes\": 1300000000"));
}

TEST(FullReport, LeavesOutWhatWasNotAskedFor) {
  FullReport report;
  report.idle.emplace();
  EXPECT_THAT(ToText(report), StartsWith("## An idle agent\n"));
  EXPECT_THAT(ToJson(report), HasSubstr("\"idle\": {"));
  EXPECT_THAT(ToJson(report), Not(HasSubstr("overhead_ratio")));
  EXPECT_THAT(ToJson(report), Not(HasSubstr("watchers")));
}

}  // namespace
}  // namespace graft
