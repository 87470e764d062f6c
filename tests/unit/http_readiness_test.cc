#include "provision/operation/decisions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/status_scenes.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ReadinessTest : public ::testing::Test {
 protected:
  std::vector<std::string> Reasons() { return WhyNotReady(tablet_, newest_, now_); }

  // A past operation that is to be seen as it ended.
  Operation& Newest() {
    if (!newest_.has_value()) {
      newest_ = Operation();
      newest_->request.id = "op-1";
      newest_->recipient = {"zone1", 101};
      newest_->outcome = Outcome::kFailed;
    }
    return *newest_;
  }

  const absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  TabletSnapshot tablet_ = IdleScene(now_).tablet;
  std::optional<Operation> newest_;
};

TEST_F(ReadinessTest, AReplicaThatReplicatesIsReady) {
  EXPECT_THAT(Reasons(), IsEmpty());
}

TEST_F(ReadinessTest, APrimaryNeedNotReplicate) {
  tablet_.type = TabletType::kPrimary;
  tablet_.super_read_only = false;
  tablet_.replication.clear();
  EXPECT_THAT(Reasons(), IsEmpty());
}

TEST_F(ReadinessTest, AServerThatIsAwayIsNamedOnce) {
  tablet_.mysql_reachable = false;
  tablet_.mysql_error = "no socket";
  tablet_.replication.clear();
  EXPECT_THAT(Reasons(), ElementsAre("mysqld does not answer: no socket"));
}

TEST_F(ReadinessTest, AServerNotYetAskedIsNotAway) {
  EXPECT_THAT(
      WhyNotReady(StartingScene(now_).tablet, std::nullopt, now_),
      ElementsAre("mysqld has not been asked yet", "the tablet's record has not been written yet"));
}

TEST_F(ReadinessTest, OldNewsIsNoNews) {
  tablet_.read_at = now_ - kStaleAfter;
  EXPECT_THAT(Reasons(), IsEmpty());
  tablet_.read_at = now_ - kStaleAfter - absl::Seconds(12);
  EXPECT_THAT(Reasons(), ElementsAre("mysqld was last asked 42.0s ago, so its present "
                                     "state is not known"));
}

TEST_F(ReadinessTest, TypesThatServeNothing) {
  for (const TabletType type : {TabletType::kRestore, TabletType::kBackup, TabletType::kDrained}) {
    tablet_.type = type;
    EXPECT_THAT(Reasons(), ElementsAre(HasSubstr(std::string(TabletTypeName(type)))));
  }
  for (const TabletType type : {TabletType::kRdonly, TabletType::kSpare, TabletType::kReplica}) {
    tablet_.type = type;
    EXPECT_THAT(Reasons(), IsEmpty()) << TabletTypeName(type);
  }
}

TEST_F(ReadinessTest, AnOperationCountsFromTheFenceOn) {
  Newest().outcome = Outcome::kRunning;
  Newest().step = Step::kClaimDonor;
  EXPECT_THAT(Reasons(), IsEmpty()) << "it may wait for its donor for an hour";
  Newest().data_state = DataState::kPartial;
  EXPECT_THAT(Reasons(), ElementsAre("operation op-1 is rebuilding the tablet: step claim_donor",
                                     "the tablet's data is PARTIAL"));
  Newest().data_state = DataState::kIntact;
  Newest().step = Step::kFence;
  tablet_.replication.clear();
  EXPECT_THAT(Reasons(), ElementsAre("operation op-1 is rebuilding the tablet: step fence"));
}

TEST_F(ReadinessTest, AnOperationThatWaitsSaysForWhatAndHowLong) {
  Newest().outcome = Outcome::kRunning;
  Newest().step = Step::kVerify;
  Newest().progress.note = "the journal cannot be written";
  Newest().progress.waiting_since = now_ - absl::Seconds(12);
  EXPECT_THAT(Reasons(),
              ElementsAre("operation op-1 is rebuilding the tablet: step verify",
                          "the operation has waited 12.0s: the journal cannot be written"));
}

TEST_F(ReadinessTest, WhatABadEndLeft) {
  Newest().data_state = DataState::kEmpty;
  tablet_.fenced = true;
  EXPECT_THAT(
      Reasons(),
      ElementsAre(
          "the tablet's data is EMPTY: rebuild it with graftctl reprovision zone1-0000000101 "
          "--from-any --watch"));
  Newest().data_state = DataState::kIntact;
  EXPECT_THAT(Reasons(), ElementsAre(HasSubstr("graftctl release takes it down")));
  tablet_.fenced = false;
  EXPECT_THAT(Reasons(), IsEmpty());
  Newest().outcome = Outcome::kDone;
  Newest().data_state = DataState::kCloned;
  EXPECT_THAT(Reasons(), IsEmpty());
}

// A leftover of a life before, or of a state directory that is gone: no operation speaks of it.
TEST_F(ReadinessTest, AFenceNeedsNoOperationToCount) {
  newest_.reset();
  tablet_.fenced = true;
  EXPECT_THAT(Reasons(), ElementsAre(HasSubstr("graft's fence is still up")));
}

TEST_F(ReadinessTest, AFenceThatGoesUpAndDownWithItsOperationIsNoReasonOfItsOwn) {
  Newest().outcome = Outcome::kRunning;
  Newest().step = Step::kPublish;
  Newest().data_state = DataState::kCloned;
  tablet_.fenced = true;
  EXPECT_THAT(Reasons(), ElementsAre("operation op-1 is rebuilding the tablet: step publish"));
}

TEST_F(ReadinessTest, WhatTheAgentHoldsAgainstItsTabletIsNamed) {
  tablet_.held_back = {"a record of the journal cannot be read"};
  EXPECT_THAT(Reasons(), ElementsAre("a record of the journal cannot be read"));
}

TEST_F(ReadinessTest, AnOperationThatWaitsInTheQueueLeavesItReady) {
  Newest().outcome = Outcome::kRunning;
  Newest().step = Step::kClaimDonor;
  Newest().progress.note = "zone1-0000000102 serves another";
  Newest().progress.waiting_since = now_ - absl::Minutes(12);
  EXPECT_THAT(Reasons(), IsEmpty());
}

TEST_F(ReadinessTest, ThreadsThatHaveStoppedAreNamedWithTheirErrors) {
  ReplicationChannel& channel = tablet_.replication[0];
  channel.applier_running = false;
  channel.applier_errno = 1032;
  channel.applier_error = "no such row";
  EXPECT_THAT(Reasons(), ElementsAre("replication from db-100.example:3306: the applier has "
                                     "stopped: error 1032: no such row"));
  channel.receiver_running = false;
  EXPECT_THAT(Reasons(), ElementsAre(HasSubstr("the receiver has stopped"), HasSubstr("applier")));
  tablet_.replication.clear();
  EXPECT_THAT(Reasons(), ElementsAre("the tablet has no replication source"));
}

// Or a whole shard would be unready at once while its primary restarts.
TEST_F(ReadinessTest, AReceiverThatConnectsIsNoReason) {
  tablet_.replication[0].receiver_running = false;
  tablet_.replication[0].receiver_connecting = true;
  EXPECT_THAT(Reasons(), IsEmpty());
}

TEST_F(ReadinessTest, LagIsNoReasonButShown) {
  tablet_.replication[0].lag = absl::Hours(3);
  EXPECT_THAT(Reasons(), IsEmpty());
  EXPECT_EQ(LagLine(tablet_), "replication lag: 3h00m");
  tablet_.replication[0].lag = std::nullopt;
  EXPECT_EQ(LagLine(tablet_), "");
}

}  // namespace
}  // namespace graft
