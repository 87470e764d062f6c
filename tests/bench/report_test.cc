#include "bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace graft {
namespace {

using testing::HasSubstr;

TEST(SpreadOf, TakesTheMiddleOfAnOddNumber) {
  const Spread spread = SpreadOf({3, 1, 10});
  EXPECT_EQ(spread.min, 1);
  EXPECT_EQ(spread.median, 3);
  EXPECT_EQ(spread.max, 10);
}

TEST(SpreadOf, TakesTheMeanOfTheMiddleTwoOfAnEvenNumber) {
  EXPECT_EQ(SpreadOf({8, 1, 4, 2}).median, 3);
}

// The median of the pairs' ratios is not the ratio of the medians: here 1.5 against 1.
TEST(OverheadReport, ComparesPairByPair) {
  OverheadReport report;
  report.size_bytes = 1000;
  report.graft_seconds = {3, 6, 2};
  report.by_hand_seconds = {2, 3, 4};
  const std::string json = ToJson(report);
  EXPECT_THAT(json, HasSubstr("\"overhead_ratio\": {\"median\": 1.5000, \"min\": 0.5000, "
                              "\"max\": 2.0000, \"runs\": [1.5000, 2.0000, 0.5000]}"));
  EXPECT_THAT(json, HasSubstr("\"graft_seconds\": [3.0000, 6.0000, 2.0000]"));
  EXPECT_THAT(json, HasSubstr("\"by_hand_seconds\": [2.0000, 3.0000, 4.0000]"));
  EXPECT_THAT(json, HasSubstr("\"size_bytes\": 1000}"));
  EXPECT_THAT(ToText(report), HasSubstr("ratio    median 1.500"));
}

TEST(IdleReport, SaysWhatItMeasured) {
  IdleReport report;
  report.resident_mb = 31.25;
  report.anonymous_mb = 8.5;
  report.cpu_percent = 0.05;
  report.seconds = 60;
  report.threads = 12;
  EXPECT_EQ(ToJson(report),
            "{\"idle\": {\"resident_mb\": 31.25, \"anonymous_mb\": 8.50, \"cpu_percent\": 0.0500, "
            "\"seconds\": 60.0, \"threads\": 12}}\n");
}

}  // namespace
}  // namespace graft
