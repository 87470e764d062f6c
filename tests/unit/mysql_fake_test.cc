// The behaviour of the fake that the contract test cannot check on a real server in milliseconds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/errors.h"
#include "fakes/fake_mysql_server.h"
#include "fakes/simulated_clock.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FakeMysqlTest : public ::testing::Test {
 protected:
  int64_t Clone() {
    CloneRequest request;
    request.donor = {"donor", 3306};
    request.user = "vt_clone";
    const auto id = server_.StartClone(request, [this](absl::Status status) {
      EXPECT_FALSE(end_.has_value()) << "on_end was called twice";
      end_ = status;
    });
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or(0);
  }
  CloneStatus Status() { return server_.ReadClone().value().status.value(); }
  CloneStageRow Stage(CloneStage stage) {
    return server_.ReadClone()->stages.at(static_cast<size_t>(stage));
  }

  SimulatedClock clock_;
  FakeMysqlServer server_{clock_};
  std::optional<absl::Status> end_;
};

TEST_F(FakeMysqlTest, GoesThroughItsStagesByTheClock) {
  const int64_t id = Clone();
  EXPECT_EQ(Status().connection_id, id);
  EXPECT_EQ(Status().begin_time, server_.Describe()->now);
  EXPECT_THAT(server_.ReadClone()->stages, IsEmpty());
  clock_.Advance(absl::Milliseconds(500));
  EXPECT_EQ(Stage(CloneStage::kDropData).state, CloneState::kInProgress);
  EXPECT_THAT(server_.Describe()->user_schemas, ElementsAre("old"));
  clock_.Advance(absl::Seconds(26));  // half of FILE COPY's 51 s
  const CloneStageRow copy = Stage(CloneStage::kFileCopy);
  EXPECT_EQ(copy.state, CloneState::kInProgress);
  EXPECT_GT(copy.data_bytes, copy.estimate_bytes * 4 / 10);
  EXPECT_LT(copy.data_bytes, copy.estimate_bytes * 6 / 10);
  EXPECT_THAT(server_.Describe()->user_schemas, IsEmpty());
  EXPECT_FALSE(end_.has_value());
  clock_.Advance(absl::Seconds(34.55));
  ASSERT_TRUE(end_.has_value());
  EXPECT_TRUE(end_->ok());
  EXPECT_EQ(Status().state, CloneState::kInProgress);
  EXPECT_NE(Status().end_time, "");
}

TEST_F(FakeMysqlTest, ComesBackWithTheDonorsDataAfterTheRestart) {
  ASSERT_TRUE(server_
                  .SetVariables({{VariableChange::How::kGlobal, "event_scheduler", "OFF"},
                                 {VariableChange::How::kPersistOnly, "super_read_only", "ON"}})
                  .ok());
  Clone();
  clock_.Advance(absl::Seconds(62));
  EXPECT_EQ(ReasonOf(server_.Describe().status()), "MYSQL_GONE");
  clock_.Advance(absl::Seconds(10));
  const ServerFacts facts = server_.Describe().value();
  EXPECT_THAT(facts.user_schemas, ElementsAre("shop"));
  EXPECT_EQ(facts.gtid_executed, server_.state().donor.gtid_executed);
  EXPECT_LT(facts.uptime, absl::Seconds(10));
  EXPECT_TRUE(facts.super_read_only);
  EXPECT_EQ(server_.ReadVariables({"event_scheduler"})->at(0).value, "ON");
  EXPECT_EQ(Status().state, CloneState::kCompleted);
  EXPECT_EQ(Status().connection_id, 0);
  EXPECT_EQ(Status().gtid_executed, facts.gtid_executed);
}

TEST_F(FakeMysqlTest, UnsupervisedEndsWith3707AndWaitsToBeStarted) {
  server_.Edit([](FakeMysqlState& state) {
    state.script.supervised = false;
    state.script.down_until_started = absl::InfiniteDuration();
  });
  Clone();
  clock_.Advance(absl::Hours(1));
  ASSERT_TRUE(end_.has_value());
  EXPECT_EQ(ReasonOf(*end_), "RESTART_NEEDED");
  EXPECT_TRUE(absl::IsUnavailable(server_.ReadClone().status()));
  server_.StartServer();
  EXPECT_EQ(Status().state, CloneState::kCompleted);
}

TEST_F(FakeMysqlTest, FailureInTheCopyLeavesAnEmptyServer) {
  server_.Edit([](FakeMysqlState& state) {
    state.script.fail_in = CloneStage::kFileCopy;
    state.script.fail_with = absl::UnavailableError("donor lost");
    state.script.fail_errno = 3862;
  });
  Clone();
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(end_, absl::UnavailableError("donor lost"));
  EXPECT_EQ(Status().state, CloneState::kFailed);
  EXPECT_EQ(Status().error_no, 3862);
  EXPECT_EQ(Stage(CloneStage::kFileCopy).state, CloneState::kFailed);
  EXPECT_GT(Stage(CloneStage::kFileCopy).data_bytes, 0);
  EXPECT_THAT(server_.Describe()->user_schemas, IsEmpty());
  EXPECT_EQ(server_.Describe()->gtid_executed, "");
}

TEST_F(FakeMysqlTest, RefusalLeavesTheStatusRowUntouched) {
  server_.Edit([](FakeMysqlState& state) { state.script.fail_with = absl::AbortedError("no"); });
  Clone();
  EXPECT_FALSE(end_.has_value());
  clock_.Advance(absl::ZeroDuration());
  EXPECT_EQ(end_, absl::AbortedError("no"));
  EXPECT_FALSE(server_.ReadClone()->status.has_value());
  EXPECT_EQ(server_.clones_started(), 1);
}

TEST_F(FakeMysqlTest, SuperReadOnlyFailsInDropDataWithNothingLost) {
  server_.Edit([](FakeMysqlState& state) { state.variables["super_read_only"] = "ON"; });
  Clone();
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(ReasonOf(end_.value()), "READ_ONLY");
  EXPECT_EQ(Status().error_no, 1290);
  EXPECT_THAT(server_.Describe()->user_schemas, ElementsAre("old"));
}

TEST_F(FakeMysqlTest, SecondCloneIsRefusedAndTheFirstGoesOn) {
  Clone();
  clock_.Advance(absl::Seconds(5));
  std::optional<absl::Status> second;
  ASSERT_TRUE(server_.StartClone({}, [&second](absl::Status s) { second = std::move(s); }).ok());
  clock_.Advance(absl::Seconds(5));
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(ReasonOf(*second), "CLONE_RUNNING_HERE");
  EXPECT_EQ(Status().state, CloneState::kInProgress);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Status().state, CloneState::kCompleted);
}

TEST_F(FakeMysqlTest, KillEndsTheStatementAndTheClone) {
  const int64_t id = Clone();
  clock_.Advance(absl::Seconds(10));
  EXPECT_TRUE(absl::IsNotFound(server_.KillQuery(id + 1)));
  EXPECT_TRUE(server_.KillQuery(id).ok());
  clock_.Advance(absl::ZeroDuration());
  EXPECT_EQ(ReasonOf(end_.value()), "CLONE_KILLED");
  EXPECT_EQ(Status().error_no, 1317);
  EXPECT_TRUE(absl::IsNotFound(server_.KillQuery(id)));
}

TEST_F(FakeMysqlTest, LostConnectionDoesNotStopTheClone) {
  server_.Edit([](FakeMysqlState& state) { state.script.lose_connection = true; });
  Clone();
  clock_.Advance(absl::Seconds(40));
  EXPECT_EQ(ReasonOf(end_.value()), "MYSQL_GONE");
  EXPECT_EQ(Status().state, CloneState::kInProgress);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Status().state, CloneState::kCompleted);
}

TEST_F(FakeMysqlTest, CrashInTheCopyLeavesTheRowInProgressWith1317) {
  Clone();
  clock_.Advance(absl::Seconds(10));
  server_.Crash(absl::Seconds(3));
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(ReasonOf(end_.value()), "MYSQL_GONE");
  EXPECT_TRUE(absl::IsUnavailable(server_.Describe().status()));
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Status().state, CloneState::kInProgress);
  EXPECT_EQ(Status().connection_id, 0);
  EXPECT_EQ(Status().error_no, 1317);
  EXPECT_EQ(Stage(CloneStage::kFileCopy).state, CloneState::kFailed);
  EXPECT_THAT(server_.Describe()->user_schemas, IsEmpty());
}

TEST_F(FakeMysqlTest, CrashAfterTheCopyStillCompletes) {
  server_.Edit([](FakeMysqlState& state) { state.script.shutdown = absl::Seconds(10); });
  Clone();
  clock_.Advance(absl::Seconds(62));
  server_.Crash(absl::Seconds(1));
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(Status().state, CloneState::kCompleted);
}

TEST_F(FakeMysqlTest, FailedRecoveryComesUpEmpty) {
  server_.Edit([](FakeMysqlState& state) { state.script.fail_in = CloneStage::kRecovery; });
  Clone();
  clock_.Advance(absl::Hours(1));
  EXPECT_TRUE(end_.value().ok());
  EXPECT_EQ(Status().state, CloneState::kFailed);
  EXPECT_EQ(Status().error_no, 1815);
  EXPECT_THAT(server_.Describe()->user_schemas, IsEmpty());
}

TEST_F(FakeMysqlTest, AbandonedStatementIsNeverReported) {
  Clone();
  server_.AbandonClone();
  clock_.Advance(absl::Hours(1));
  EXPECT_FALSE(end_.has_value());
  EXPECT_EQ(Status().state, CloneState::kCompleted);
}

TEST_F(FakeMysqlTest, ObjectMayEndBeforeItsScheduledCalls) {
  bool called = false;
  {
    FakeMysqlServer other(clock_);
    ASSERT_TRUE(other.StartClone({}, [&called](const absl::Status&) { called = true; }).ok());
  }
  clock_.Advance(absl::Hours(1));
  EXPECT_FALSE(called);
}

TEST_F(FakeMysqlTest, StallFreezesTheBytes) {
  server_.Edit([](FakeMysqlState& state) { state.script.stall = absl::Minutes(10); });
  Clone();
  clock_.Advance(absl::Seconds(30));
  const int64_t before = Stage(CloneStage::kFileCopy).data_bytes;
  clock_.Advance(absl::Minutes(9));
  EXPECT_EQ(Stage(CloneStage::kFileCopy).data_bytes, before);
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(Stage(CloneStage::kFileCopy).state, CloneState::kCompleted);
}

TEST_F(FakeMysqlTest, InjectedFaultsAreUsedUp) {
  server_.FailNext("Describe", absl::DeadlineExceededError("slow"), 2);
  EXPECT_TRUE(absl::IsDeadlineExceeded(server_.Describe().status()));
  EXPECT_TRUE(absl::IsDeadlineExceeded(server_.Describe().status()));
  EXPECT_TRUE(server_.Describe().ok());
  EXPECT_EQ(server_.calls("Describe"), 3);
}

TEST_F(FakeMysqlTest, CutOffCloneGoesOn) {
  Clone();
  clock_.Advance(absl::Seconds(5));
  server_.SetDown(true);
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(ReasonOf(end_.value()), "MYSQL_GONE");
  EXPECT_TRUE(absl::IsUnavailable(server_.ReadClone().status()));
  server_.SetDown(false);
  EXPECT_EQ(Status().state, CloneState::kInProgress);
}

TEST_F(FakeMysqlTest, ReplicationConnectsLagsAndCatchesUp) {
  server_.Edit([](FakeMysqlState& state) {
    state.replication.connect = absl::Seconds(2);
    state.replication.catch_up = absl::Seconds(10);
    state.replication.gtid_executed_after = "aaaaaaaa-71ca-11e1-9e33-c80aa9429562:8-9";
  });
  EXPECT_TRUE(absl::IsFailedPrecondition(server_.StartReplication(std::nullopt)));
  ReplicationSource source;
  source.address = {"donor", 3306};
  ASSERT_TRUE(server_.StartReplication(source).ok());
  EXPECT_TRUE(server_.ReadReplication()->at(0).receiver_connecting);
  EXPECT_EQ(server_.ReadReplication()->at(0).lag, std::nullopt);
  clock_.Advance(absl::Seconds(5));
  EXPECT_TRUE(server_.ReadReplication()->at(0).receiver_running);
  EXPECT_EQ(server_.ReadReplication()->at(0).lag, absl::Seconds(7));
  clock_.Advance(absl::Seconds(8));
  EXPECT_EQ(server_.ReadReplication()->at(0).lag, absl::ZeroDuration());
  EXPECT_EQ(server_.Describe()->gtid_executed, "aaaaaaaa-71ca-11e1-9e33-c80aa9429562:1-9");
}

TEST_F(FakeMysqlTest, ClonedChannelsStartUnlessSkipped) {
  for (const char* skip : {"OFF", "ON"}) {
    FakeMysqlServer server(clock_);
    server.Edit([skip](FakeMysqlState& state) {
      state.persisted["skip_replica_start"] = skip;
      ReplicationChannel channel;
      channel.receiver_running = channel.applier_running = true;
      state.donor.channels = {channel};
    });
    ASSERT_TRUE(server.StartClone({}, [](const absl::Status&) {}).ok());
    clock_.Advance(absl::Hours(1));
    const bool runs = server.ReadReplication()->at(0).applier_running;
    EXPECT_EQ(runs, std::string(skip) == "OFF");
  }
}

}  // namespace
}  // namespace graft
