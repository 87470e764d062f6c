#include "view/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace graft::view {
namespace {

TEST(ViewTextTest, Bytes) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(-1), "0 B");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1024), "1.0 KiB");
  EXPECT_EQ(HumanBytes(1536), "1.5 KiB");
  EXPECT_EQ(HumanBytes(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(HumanBytes(103'500'000'000), "96.4 GiB");
  EXPECT_EQ(HumanBytes(int64_t{3} << 40), "3.0 TiB");
  EXPECT_EQ(HumanRate(1.5 * 1024 * 1024), "1.5 MiB/s");
}

TEST(ViewTextTest, AHundredPercentIsSaidOnlyWhenReached) {
  EXPECT_EQ(PercentText(0), "0.0");
  EXPECT_EQ(PercentText(43.25), "43.2");
  EXPECT_EQ(PercentText(43.3), "43.3");
  EXPECT_EQ(PercentText(99.99), "99.9");
  EXPECT_EQ(PercentText(100), "100.0");
  EXPECT_EQ(PercentText(250), "100.0");
  EXPECT_EQ(PercentText(std::numeric_limits<double>::quiet_NaN()), "0.0");
  EXPECT_EQ(PercentOf(0.999), 99);
  EXPECT_EQ(PercentOf(1), 100);
  EXPECT_EQ(PercentOf(std::numeric_limits<double>::quiet_NaN()), 0);
  EXPECT_EQ(Fraction(1, 0), 0);
  EXPECT_EQ(Fraction(3, 2), 1);
}

TEST(ViewTextTest, Times) {
  const absl::Time time = absl::FromUnixSeconds(1'800'000'000);
  EXPECT_EQ(UtcTime(time), "2027-01-15 08:00:00Z");
  EXPECT_EQ(AgoText(time, time + absl::Seconds(75)), "1m15s ago");
  EXPECT_EQ(AgoText(time, time - absl::Seconds(1)), "0ms ago");
}

TEST(ViewTextTest, AnEstimateIsNoFinerThanItCanBeKnown) {
  const auto rough = [](double seconds) { return RoughDuration(absl::Seconds(seconds)); };
  EXPECT_EQ(rough(0), "a moment");
  EXPECT_EQ(rough(0.9), "a moment");
  EXPECT_EQ(rough(7.4), "7s");
  EXPECT_EQ(rough(33), "35s");
  EXPECT_EQ(rough(59), "1m");
  EXPECT_EQ(rough(250), "4m");
  EXPECT_EQ(rough(280), "4m30s");
  EXPECT_EQ(rough(1530), "26m");
  EXPECT_EQ(rough(7900), "2h10m");
  EXPECT_EQ(rough(36000), "10h");
}

TEST(ViewTextTest, ListsAreCutAndCounted) {
  EXPECT_EQ(Listed({}, 2), "");
  EXPECT_EQ(Listed({"a", "b"}, 2), "a, b");
  EXPECT_EQ(Listed({"a", "b", "c"}, 2, 4), "a, b and 5 more");
  EXPECT_EQ(Count(1, "session"), "1 session");
  EXPECT_EQ(Count(0, "session"), "0 sessions");
}

}  // namespace
}  // namespace graft::view
