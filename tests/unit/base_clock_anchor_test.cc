// A clock that another process goes on with.

#include <gtest/gtest.h>

#include <memory>

#include "base/clocks.h"

namespace graft {
namespace {

TEST(ClockAnchorTest, TheMachineHasOne) {
  const ClockAnchor now = AnchorNow();
  EXPECT_FALSE(now.boot_id.empty());
  EXPECT_GT(now.monotonic, absl::ZeroDuration());
  EXPECT_TRUE(SameBoot(now, AnchorNow()));
}

TEST(ClockAnchorTest, SurvivesAsText) {
  const ClockAnchor anchor{"life-1", absl::Nanoseconds(12'345'678'901),
                           absl::FromUnixNanos(1'800'000'000'000'000'001)};
  const auto back = ClockAnchorFromText(ToText(anchor));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->boot_id, anchor.boot_id);
  EXPECT_EQ(back->monotonic, anchor.monotonic);
  EXPECT_EQ(back->time, anchor.time);
}

TEST(ClockAnchorTest, WhatIsNoAnchorIsRefused) {
  for (const char* text : {"", "life-1", "life-1 1", "life-1 one 2", "life-1 1 2 3", " 1 2"}) {
    EXPECT_EQ(ClockAnchorFromText(text).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(ClockAnchorTest, HoldsForOneLifeOfTheMachine) {
  const ClockAnchor now{"life-2", absl::Seconds(100), absl::UnixEpoch()};
  ClockAnchor kept = now;
  kept.monotonic = absl::Seconds(40);
  EXPECT_TRUE(SameBoot(kept, now));
  kept.monotonic = absl::Seconds(140);
  EXPECT_FALSE(SameBoot(kept, now)) << "later than now";
  kept = now;
  kept.boot_id = "life-1";
  EXPECT_FALSE(SameBoot(kept, now));
  EXPECT_FALSE(SameBoot({}, {})) << "a machine that does not tell";
}

// As if the wall clock had been set back by an hour between two processes.
TEST(ClockAnchorTest, AClockThatGoesOnDoesNotSeeTheWallClockBeingSet) {
  ClockAnchor kept = AnchorNow();
  kept.time += absl::Hours(1);
  const std::unique_ptr<Clock> first = MakeRealClock(kept);
  const absl::Time began = first->Now();
  const std::unique_ptr<Clock> second = MakeRealClock(*ClockAnchorFromText(ToText(kept)));
  const absl::Duration elapsed = second->Now() - began;
  EXPECT_GE(elapsed, absl::ZeroDuration());
  EXPECT_LT(elapsed, absl::Minutes(1));
  EXPECT_GT(second->Now() - absl::Now(), absl::Minutes(59));
}

}  // namespace
}  // namespace graft
