// catch_up: a good copy is followed for as long as anything moves, until it holds what its source
// has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "catch_up_suite.h"

namespace graft {
namespace {

TEST_F(CatchUpTest, ALongTransactionIsWaitedForHoweverLongItTakes) {
  Replication([](ReplicationScript& script) {
    script.applying = absl::Hours(3);
    script.gtid_executed_after = kNewer;
  });
  const Operation operation = Run(world_.Request());
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.attempt, 1);
  EXPECT_TRUE(NoteSaid("replication applies a transaction for 75s; 1 transaction behind") ||
              NoteSaid("replication applies a transaction for 1m15s; 1 transaction behind"));
  EXPECT_EQ(operation.progress.note, "");
}

TEST_F(CatchUpTest, ALongBacklogIsWaitedForWhileItMoves) {
  Replication([](ReplicationScript& script) {
    script.catch_up = absl::Hours(3);
    script.gtid_executed_after = kNewer;
  });
  EXPECT_EQ(Run(world_.Request()).outcome, Outcome::kDone);
}

TEST_F(CatchUpTest, AStandstillEndsItWithTheCopyFencedAndFollowed) {
  const absl::Time begin = world_.clock.Now();
  const Operation operation = Run(world_.Request());
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_TRUE(HasReason(operation.error, Reason::kCatchUpStalled)) << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kCloned);
  EXPECT_GT(world_.clock.Now() - begin, world_.options.catch_up_stall_timeout);
  EXPECT_TRUE(world_.recipient.Describe()->super_read_only);
  EXPECT_TRUE(world_.recipient.ReadReplication()->at(0).applier_running) << "still followed";
  EXPECT_EQ(world_.recipient.clones_started(), 1);
  EXPECT_EQ(world_.Record(world_.replica).type, TabletType::kRestore);
}

TEST_F(CatchUpTest, WithoutALimitAStandstillIsWaitedOut) {
  world_.options.catch_up_stall_timeout = absl::ZeroDuration();
  world_.clock.At(world_.clock.Now() + absl::Hours(2), [this] {
    world_.recipient.Edit([](FakeMysqlState& state) { state.facts.gtid_executed = kNewer; });
  });
  EXPECT_EQ(Run(world_.Request()).outcome, Outcome::kDone);
  EXPECT_TRUE(NoteSaid("replication stands still for "));
}

TEST_F(CatchUpTest, AStopThatIsPendingIsWaitedForBeforeReplicationIsSetUp) {
  world_.recipient.Edit([](FakeMysqlState& state) {
    ReplicationChannel channel;
    channel.receiver_running = channel.applier_running = true;
    state.donor.channels = {channel};
    // A server without this variable starts what the donor brought along.
    state.config.erase("skip_replica_start");
    state.variables.erase("skip_replica_start");
    state.replication.stop_takes = absl::Minutes(15);
    state.replication.gtid_executed_after = kNewer;
  });
  const Operation operation = Run(world_.Request());
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_TRUE(NoteSaid("waits for STOP REPLICA; replication applies a transaction for "));
  EXPECT_TRUE(world_.recipient.ReadReplication()->at(0).applier_running);
}

class SilentSourceTest : public CatchUpTest, public ::testing::WithParamInterface<absl::Status> {};

TEST_P(SilentSourceTest, NobodyHasCaughtUpWithASourceThatSaysNothing) {
  Replication([](ReplicationScript& script) { script.source_silent = true; });
  AtCatchUp([this] { RefuseAgent(GetParam()); });
  const Operation operation = Run(world_.Request());
  EXPECT_EQ(ReasonOf(operation.error), "CATCH_UP_STALLED") << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kCloned);
  EXPECT_TRUE(NoteSaid("the source does not say what it holds")) << operation.error;
}

TEST_P(SilentSourceTest, AnIdleSourceIsHeardByItsHeartbeats) {
  world_.options.catch_up_stall_timeout = absl::Minutes(2);
  absl::Time began;
  AtCatchUp([this, &began] {
    began = world_.clock.Now();
    RefuseAgent(GetParam());
  });
  const Operation operation = Run(world_.Request());
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_GE(operation.ended - began, absl::Seconds(20));
  EXPECT_LE(operation.ended - began, absl::Seconds(65));
}

// Its events come; its lag is zero only when they are applied.
TEST_P(SilentSourceTest, ABacklogIsWaitedForWithoutTheSourcesWord) {
  Replication([](ReplicationScript& script) {
    script.catch_up = absl::Hours(3);
    script.gtid_executed_after = kNewer;
  });
  AtCatchUp([this] { RefuseAgent(GetParam()); });
  EXPECT_EQ(Run(world_.Request()).outcome, Outcome::kDone);
  EXPECT_EQ(world_.recipient.Describe()->gtid_executed, kNewer);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, SilentSourceTest,
    ::testing::Values(WithReason(absl::UnavailableError("1040"), Reason::kTooManyConnections),
                      absl::DeadlineExceededError("no answer within 10s"),
                      absl::UnauthenticatedError("1045: no such account")),
    [](const auto& info) { return absl::StatusCodeToString(info.param.code()); });

TEST_F(CatchUpTest, ASourceThatIsAwayForLongerThanTheReceiverTriesIsFollowedWhenItIsBack) {
  Replication([](ReplicationScript& script) {
    script.receiver_errno = 2003;
    script.receiver_error = "Can't connect to MySQL server";
    script.gives_up = absl::Seconds(100);
    script.gtid_executed_after = kNewer;
  });
  world_.clock.At(world_.clock.Now() + absl::Minutes(8), [this] {
    Replication([](ReplicationScript& script) { script.receiver_errno = 0; });
  });
  const Operation operation = Run(world_.Request());
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_TRUE(NoteSaid("Can't connect to MySQL server"));
}

TEST_F(CatchUpTest, ASourceThatStaysAwayEndsItWithTheReceiverStarted) {
  Replication([](ReplicationScript& script) {
    script.receiver_errno = 2003;
    script.gives_up = absl::Seconds(100);
  });
  const Operation operation = Run(world_.Request());
  EXPECT_EQ(ReasonOf(operation.error), "CATCH_UP_STALLED") << operation.error;
  EXPECT_TRUE(world_.recipient.ReadReplication()->at(0).receives());
}

TEST_F(CatchUpTest, AReceiverThatStopsForAnotherReasonEndsIt) {
  Replication([](ReplicationScript& script) {
    script.receiver_errno = 13114;  // the source has purged what is needed
    script.gives_up = absl::ZeroDuration();
  });
  EXPECT_EQ(ReasonOf(Run(world_.Request()).error), "MYSQL_13114");
}

}  // namespace
}  // namespace graft
