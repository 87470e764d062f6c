// What an agent finds when it starts, and the clock it goes on with.
#include "agent/tablet_at_start.h"

#include <gtest/gtest.h>

#include <string>

#include "agent/agent_clock.h"
#include "agent/shown_percent.h"
#include "base/clock_anchor.h"
#include "base/files.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

Operation With(Outcome outcome, DataState data_state) {
  Operation operation;
  operation.outcome = outcome;
  operation.data_state = data_state;
  operation.type_before = TabletType::kRdonly;
  operation.type_after = TabletType::kReplica;
  return operation;
}

TEST(FormerLifeTest, TheNewestOperationCounts) {
  const Operation bad = With(Outcome::kFailed, DataState::kEmpty);
  const Operation good = With(Outcome::kDone, DataState::kCloned);
  const Operation running = With(Outcome::kRunning, DataState::kPartial);
  EXPECT_FALSE(IsUnfinished({}));
  EXPECT_FALSE(EndedBadly({}));
  EXPECT_TRUE(EndedBadly({good, bad}));
  EXPECT_FALSE(EndedBadly({bad, good}));
  EXPECT_TRUE(IsUnfinished({bad, running}));
  EXPECT_FALSE(EndedBadly({bad, running}));
  Operation fenced = With(Outcome::kCancelled, DataState::kIntact);
  EXPECT_FALSE(EndedBadly({fenced}));
  fenced.fence.up = true;
  EXPECT_TRUE(EndedBadly({fenced}));
}

TEST(FormerLifeTest, TheRecordSpeaksForAJournalThatIsGone) {
  Tablet record;
  record.type = TabletType::kRestore;
  record.tags["graft.data_state"] = "EMPTY";
  EXPECT_TRUE(RecordSaysDropped({}, record));
  EXPECT_FALSE(RecordSaysDropped({With(Outcome::kDone, DataState::kCloned)}, record));
  record.tags["graft.data_state"] = "CLONED";
  EXPECT_FALSE(RecordSaysDropped({}, record));
  record.tags["graft.data_state"] = "PARTIAL";
  record.type = TabletType::kReplica;
  EXPECT_FALSE(RecordSaysDropped({}, record));
}

TEST(FormerLifeTest, TheTypeToComeBackTo) {
  EXPECT_EQ(TypeWithoutOperation({}, TabletType::kSpare), TabletType::kSpare);
  EXPECT_EQ(TypeWithoutOperation({With(Outcome::kDone, DataState::kCloned)}, TabletType::kSpare),
            TabletType::kReplica);
  EXPECT_EQ(TypeWithoutOperation({With(Outcome::kFailed, DataState::kIntact)}, TabletType::kSpare),
            TabletType::kRdonly);
}

TEST(FormerLifeTest, AnnouncesItsPortsAndHoldsBackWhatMayHoldNoData) {
  AgentOptions options;
  options.alias = {"zone1", 101};
  options.hostname = "db-101";
  options.mysql_socket = "/run/mysql.sock";
  options.init_type = TabletType::kReplica;
  const Tablet plain = AnnouncedTablet(options, {}, {15100, 16100});
  EXPECT_EQ(plain.type, TabletType::kReplica);
  EXPECT_EQ(plain.port_map.at("vt"), 15100);
  EXPECT_EQ(plain.port_map.at("graft"), 16100);
  EXPECT_EQ(AnnouncedTablet(options, {}, {0, 16100}).port_map.count("vt"), 0U);
  EXPECT_TRUE(plain.mysql.empty()) << "its port is the server's to say";
  const auto type_after = [&](const Operation& last) {
    return AnnouncedTablet(options, {last}, {}).type;
  };
  EXPECT_EQ(type_after(With(Outcome::kFailed, DataState::kPartial)), TabletType::kRestore);
  EXPECT_EQ(type_after(With(Outcome::kDone, DataState::kCloned)), TabletType::kReplica);
  options.restore_with_clone = true;
  EXPECT_EQ(AnnouncedTablet(options, {}, {}).type, TabletType::kRestore);
  options.mysql_socket.clear();
  options.mysql_address = {"10.0.0.1", 3306};
  EXPECT_EQ(AnnouncedTablet(options, {}, {}).mysql.ToString(), "10.0.0.1:3306");
}

class AgentClockTest : public ::testing::Test {
 protected:
  // As if the wall clock had been an hour ahead when the process before began.
  void KeepAnHourAhead() {
    ClockAnchor anchor = AnchorNow();
    anchor.time += absl::Hours(1);
    ASSERT_TRUE(WriteFile(folder_.path() + "/clock", ToText(anchor)).ok());
  }
  absl::Duration Ahead(bool go_on) {
    return OpenAgentClock(folder_.path(), go_on)->Now() - absl::Now();
  }

  TempFolder folder_{"clock"};
};

TEST_F(AgentClockTest, GoesOnWithTheClockOfAnUnfinishedOperation) {
  KeepAnHourAhead();
  EXPECT_GT(Ahead(true), absl::Minutes(59));
  EXPECT_GT(Ahead(true), absl::Minutes(59)) << "and the next process as well";
}

TEST_F(AgentClockTest, BeginsAnewOtherwise) {
  KeepAnHourAhead();
  EXPECT_LT(Ahead(false), absl::Minutes(1));
  EXPECT_LT(Ahead(true), absl::Minutes(1)) << "the new anchor is kept";
}

TEST(ShownPercentTest, TheNextProcessShowsNoLess) {
  const TempFolder folder("percent");
  Operation shown = With(Outcome::kRunning, DataState::kPartial);
  shown.request.id = "op-1";
  shown.attempt = 2;
  shown.progress.percent = 60.123456789;
  ShownPercent(folder.path()).OnProgress(shown);

  Operation journalled = shown;
  journalled.progress.percent = 8;
  const auto restored = [&](const Operation& last) {
    std::vector<Operation> history = {last};
    ShownPercent(folder.path()).Restore(history);
    return history.back().progress.percent;
  };
  EXPECT_EQ(restored(journalled), 60.123456789);
  Operation another = journalled;
  another.request.id = "op-2";
  EXPECT_EQ(restored(another), 8);
  another = journalled;
  another.attempt = 3;
  EXPECT_EQ(restored(another), 8) << "a new attempt begins anew";
  another = journalled;
  another.outcome = Outcome::kFailed;
  EXPECT_EQ(restored(another), 8);
  journalled.progress.percent = 70;
  EXPECT_EQ(restored(journalled), 70);
  ASSERT_TRUE(WriteFile(folder.path() + "/percent", "op-1 2 nonsense").ok());
  EXPECT_EQ(restored(journalled), 70);
}

TEST_F(AgentClockTest, WhatCannotBeReadCostsNoMore) {
  ASSERT_TRUE(WriteFile(folder_.path() + "/clock", "nonsense").ok());
  EXPECT_LT(absl::AbsDuration(Ahead(true)), absl::Minutes(1));
  EXPECT_NE(OpenAgentClock("/nowhere/at/all", true), nullptr);
}

}  // namespace
}  // namespace graft
