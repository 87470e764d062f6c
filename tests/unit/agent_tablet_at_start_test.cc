// The state at an agent's start, and the clock with which it goes on.
#include "agent/tablet_agent.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/state_dir.h"
#include "base/clocks.h"
#include "base/files.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

TabletState With(Outcome outcome, DataState data_state) {
  TabletState state;
  state.operation.request.id = "op-1";
  state.operation.outcome = outcome;
  state.operation.data_state = data_state;
  state.type_before = TabletType::kRdonly;
  state.type_after = TabletType::kReplica;
  return state;
}

TEST(TabletAtStartTest, WithoutAnOperationNothingIsUnfinishedOrBad) {
  EXPECT_FALSE(IsUnfinished({})) << "an outcome of kRunning is the default's";
  EXPECT_FALSE(EndedBadly({}));
  TabletState fenced;
  fenced.fence.up = true;
  EXPECT_FALSE(EndedBadly(fenced));
}

TEST(TabletAtStartTest, HowTheNewestOperationEnded) {
  for (const DataState data :
       {DataState::kIntact, DataState::kPartial, DataState::kEmpty, DataState::kCloned}) {
    EXPECT_TRUE(IsUnfinished(With(Outcome::kRunning, data)));
    EXPECT_FALSE(EndedBadly(With(Outcome::kRunning, data)));
    EXPECT_FALSE(EndedBadly(With(Outcome::kDone, data)));
    for (const Outcome outcome : {Outcome::kFailed, Outcome::kCancelled}) {
      EXPECT_FALSE(IsUnfinished(With(outcome, data)));
      EXPECT_EQ(EndedBadly(With(outcome, data)), data != DataState::kIntact) << DataStateName(data);
    }
  }
  TabletState fenced = With(Outcome::kCancelled, DataState::kIntact);
  fenced.fence.up = true;
  EXPECT_TRUE(EndedBadly(fenced));
}

TEST(TabletAtStartTest, TheRecordSpeaksForAJournalThatIsGone) {
  Tablet record;
  record.type = TabletType::kRestore;
  for (const char* dropped : {"EMPTY", "PARTIAL"}) {
    record.tags["graft.data_state"] = dropped;
    EXPECT_TRUE(RecordSaysDropped({}, record));
    EXPECT_FALSE(RecordSaysDropped(With(Outcome::kDone, DataState::kCloned), record));
  }
  record.tags["graft.data_state"] = "CLONED";
  EXPECT_FALSE(RecordSaysDropped({}, record));
  record.tags["graft.data_state"] = "PARTIAL";
  record.type = TabletType::kReplica;
  EXPECT_FALSE(RecordSaysDropped({}, record));
}

TEST(TabletAtStartTest, TheTypeToComeBackTo) {
  EXPECT_EQ(TypeWithoutOperation({}, TabletType::kSpare), TabletType::kSpare);
  EXPECT_EQ(TypeWithoutOperation(With(Outcome::kDone, DataState::kCloned), TabletType::kSpare),
            TabletType::kSpare)
      << "a new --init-tablet-type counts";
  TabletState failed = With(Outcome::kFailed, DataState::kIntact);
  EXPECT_EQ(TypeWithoutOperation(failed, TabletType::kSpare), TabletType::kSpare);
  failed.type_before = TabletType::kRestore;
  EXPECT_EQ(TypeWithoutOperation(failed, TabletType::kSpare), TabletType::kRestore)
      << "it was out of service before";
  failed.type_before = TabletType::kUnknown;
  EXPECT_EQ(TypeWithoutOperation(failed, TabletType::kSpare), TabletType::kSpare)
      << "it failed before it had read the record";
}

TEST(TabletAtStartTest, AnnouncesItsPortsAndHoldsBackWhatMayHoldNoData) {
  TabletAgent::Options options;
  options.provisioner.alias = {"zone1", 101};
  options.provisioner.init_type = TabletType::kReplica;
  options.hostname = options.advertised_mysql.host = "db-101";
  const Tablet plain = AnnouncedTablet(options, {}, {15100, 16100});
  EXPECT_EQ(plain.type, TabletType::kReplica);
  EXPECT_EQ(plain.port_map.at("vt"), 15100);
  EXPECT_EQ(plain.port_map.at("graft"), 16100);
  EXPECT_EQ(AnnouncedTablet(options, {}, {0, 16100}).port_map.count("vt"), 0U);
  EXPECT_TRUE(plain.mysql.empty()) << "its port is the server's to say";
  const auto type_after = [&](const TabletState& last) {
    return AnnouncedTablet(options, last, {}).type;
  };
  EXPECT_EQ(type_after(With(Outcome::kFailed, DataState::kPartial)), TabletType::kRestore);
  EXPECT_EQ(type_after(With(Outcome::kDone, DataState::kCloned)), TabletType::kReplica);
  // Somebody deleted the record of a tablet that is being rebuilt.
  EXPECT_EQ(type_after(With(Outcome::kRunning, DataState::kPartial)), TabletType::kRestore);
  TabletState running = With(Outcome::kRunning, DataState::kIntact);
  EXPECT_EQ(type_after(running), TabletType::kReplica) << "it serves on until the fence";
  running.fence.up = true;
  EXPECT_EQ(type_after(running), TabletType::kRestore);
  options.restore_with_clone = true;
  EXPECT_EQ(AnnouncedTablet(options, {}, {}).type, TabletType::kRestore);
  options.advertised_mysql = {"10.0.0.1", 3306};
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
  Operation shown = With(Outcome::kRunning, DataState::kPartial).operation;
  shown.attempt = 2;
  shown.progress.percent = 60.123456789;
  ShownPercent(folder.path()).OnProgress(shown);

  Operation journalled = shown;
  journalled.progress.percent = 8;
  const auto restored = [&](const Operation& last) {
    std::vector<TabletState> states(2);
    states.back().operation = last;
    ShownPercent(folder.path()).Restore(states);
    EXPECT_EQ(states.front().operation.progress.percent, 0) << "of the newest alone";
    return states.back().operation.progress.percent;
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
