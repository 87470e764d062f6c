// Cases in which two things went wrong at once, or one that nobody had thought of; each is named
// after what has to hold.
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "base/errors.h"
#include "provision_world.h"

namespace graft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The agent dies in the copy, which goes on; what the next one is handed.
Operation DieInTheCopy(ProvisionWorld& world) {
  world.clock.At(world.clock.Now() + absl::Seconds(20), [&world] { world.control->Stop(); });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kRunning);
  EXPECT_EQ(world.recipient.clones_started(), 1);
  world.recipient.AbandonClone();
  world.control = std::make_shared<OperationControl>();
  return world.journal.Load()->states.back().operation;
}

TEST(TwoFaultsTest, ALookThatFailsAfterATakeUpIsNoEvidence) {
  for (const absl::Status& failure :
       {absl::DeadlineExceededError("no answer within 10s"), absl::PermissionDeniedError("1142"),
        absl::Status(WithReason(absl::UnavailableError("1040"), Reason::kTooManyConnections))}) {
    ProvisionWorld world;
    Operation operation = DieInTheCopy(world);
    EXPECT_NE(operation.data_state, DataState::kIntact) << "from before CLONE was sent";
    world.recipient.FailNext("ReadClone", failure, 5);
    world.Run(operation);
    EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
    EXPECT_EQ(world.recipient.clones_started(), 1);
  }
}

TEST(TwoFaultsTest, AJournalThatCannotBeWrittenAfterATakeUpIsNoEvidence) {
  ProvisionWorld world;
  Operation operation = DieInTheCopy(world);
  world.journal.FailNext(40, absl::UnavailableError("disk full"));
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(world.recipient.clones_started(), 1);
}

TEST(TwoFaultsTest, AShortRefusalOfConnectionsLeavesTheWatchdogAwake) {
  ProvisionWorld world;
  world.options.stall_timeout = absl::Minutes(3);
  world.options.max_attempts = 1;
  world.recipient.Edit([](FakeMysqlState& state) { state.script.stall = absl::Hours(5); });
  world.clock.At(world.clock.Now() + absl::Seconds(10), [&] { world.recipient.SetDown(true); });
  world.clock.At(world.clock.Now() + absl::Seconds(13), [&] { world.recipient.SetDown(false); });
  Operation operation = world.Request();
  const absl::Time began = world.clock.Now();
  world.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "CLONE_STALLED") << operation.error;
  EXPECT_LT(world.clock.Now() - began, absl::Minutes(6));
}

TEST(TwoFaultsTest, AGrantedCancelOutlivesTheAgent) {
  ProvisionWorld world;
  world.clock.At(world.clock.Now() + absl::Seconds(20), [&world] {
    EXPECT_TRUE(world.Cancel(CancelWish::kEvenIfDropped).ok());
    world.control->Stop();
  });
  Operation operation = world.Request();
  world.Run(operation);
  ASSERT_EQ(operation.outcome, Outcome::kRunning);
  world.recipient.AbandonClone();
  world.control = std::make_shared<OperationControl>();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kCancelled) << operation.error;
  EXPECT_EQ(ReasonOf(operation.error), "CANCELLED");
}

// The journal that refused every write since CLONE was sent knows no connection to kill.
TEST(TwoFaultsTest, ACopyWhoseConnectionWasNeverJournalledCanBeEndedAllTheSame) {
  ProvisionWorld world;
  Operation operation = DieInTheCopy(world);
  TabletState journalled = world.journal.Load()->states.back();
  journalled.clone->connection_id = 0;
  journalled.clone->begin_time.clear();
  ASSERT_TRUE(world.journal.Save(journalled).ok());
  world.clock.At(world.clock.Now() + absl::Seconds(5),
                 [&world] { EXPECT_TRUE(world.Cancel(CancelWish::kEvenIfDropped).ok()); });
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kCancelled) << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kEmpty);
}

// A copy that could not be followed, asked for again, and the new CLONE ends while it drops.
TEST(TwoFaultsTest, ACopyThatIsDroppedInPartIsNotCalledCloned) {
  ProvisionWorld world;
  world.options.max_attempts = 1;
  world.options.catch_up_stall_timeout = absl::Minutes(1);
  world.recipient.Edit([](FakeMysqlState& state) { state.replication.connect = absl::Hours(9); });
  Operation first = world.Request();
  world.Run(first);
  ASSERT_EQ(ReasonOf(first.error), "CATCH_UP_STALLED") << first.error;
  ASSERT_EQ(first.data_state, DataState::kCloned);
  world.recipient.Edit([](FakeMysqlState& state) {
    state.script.fail_in = CloneStage::kDropData;
    state.script.fail_with = WithReason(absl::CancelledError("1317"), Reason::kCloneKilled);
  });
  Operation second = world.Request();
  second.request.id = "op-2";
  world.Run(second);
  EXPECT_EQ(second.outcome, Outcome::kFailed);
  EXPECT_EQ(second.data_state, DataState::kPartial) << second.error;
}

TEST(TwoFaultsTest, AStatementKilledAfterTheCopyDoesNotCostTheCopy) {
  for (const Step step : {Step::kReplicate, Step::kCatchUp}) {
    ProvisionWorld world;
    world.observer.on_step = [&](const Operation& operation) {
      if (operation.step != step) return;
      world.recipient.FailNext("ReadReplication",
                               WithReason(absl::CancelledError("1317"), Reason::kCloneKilled), 2);
    };
    Operation operation = world.Request();
    world.Run(operation);
    EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
    EXPECT_EQ(world.recipient.clones_started(), 1) << StepName(step);
  }
}

// Granted in the copy, which was made before it could be ended.
TEST(TwoFaultsTest, ACancelThatCameTooLateNamesNoLaterFailure) {
  ProvisionWorld world;
  world.options.catch_up_stall_timeout = absl::Minutes(1);
  world.recipient.Edit([](FakeMysqlState& state) { state.replication.connect = absl::Hours(9); });
  world.observer.on_step = [&](const Operation& operation) {
    if (operation.step != Step::kCatchUp) return;
    TabletState granted = *world.owner->state();
    granted.cancel = GrantedCancel{CancelWish::kEvenIfDropped, world.clock.Now()};
    ASSERT_TRUE(world.journal.Save(granted).ok());
    world.control->Stop();
  };
  Operation operation = world.Request();
  world.Run(operation);
  ASSERT_EQ(operation.outcome, Outcome::kRunning);
  world.observer.on_step = nullptr;
  world.control = std::make_shared<OperationControl>();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(ReasonOf(operation.error), "CATCH_UP_STALLED") << operation.error;
}

// Another agent works on this server; what an earlier operation here left is not for us to touch.
TEST(TwoFaultsTest, AServerThatAnotherAgentHoldsIsLeftAlone) {
  ProvisionWorld world;
  world.observer.on_step = [&](const Operation& operation) {
    if (operation.step == Step::kClone) world.control->Stop();
  };
  Operation operation = world.Request();
  world.Run(operation);
  ASSERT_EQ(operation.outcome, Outcome::kRunning);
  ASSERT_TRUE(world.state.fence.up);
  world.control = std::make_shared<OperationControl>();
  world.recipient.ReleaseServer();
  const auto other = world.recipient.Another();
  ASSERT_TRUE(other->HoldServer(0).ok());
  const auto before = world.recipient.state();
  world.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "SERVER_HELD") << operation.error;
  EXPECT_EQ(world.recipient.state().variables, before.variables);
  EXPECT_EQ(world.recipient.state().persisted, before.persisted);
}

TEST(TwoFaultsTest, AServerThatWasDownAtTheTakeUpIsHeldBeforeItIsFenced) {
  ProvisionWorld world;
  const auto other = world.recipient.Another();
  ASSERT_TRUE(other->HoldServer(0).ok());
  world.recipient.FailNext("HoldServer",
                           WithReason(absl::UnavailableError("2002"), Reason::kMysqlGone), 1);
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "SERVER_HELD") << operation.error;
  EXPECT_FALSE(world.state.fence.up);
}

TEST(TwoFaultsTest, ACopyLeftBehindOnWhichSomethingWasExecutedIsMadeAgain) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.script.supervised = false;
    state.script.down_until_started = absl::InfiniteDuration();
  });
  Operation first = world.Request();
  world.Run(first);
  ASSERT_EQ(ReasonOf(first.error), "RESTART_TIMEOUT");
  EXPECT_NE(first.data_state, DataState::kIntact);
  world.recipient.StartServer();
  world.clock.Advance(absl::Minutes(1));
  world.recipient.Edit([](FakeMysqlState& state) {  // mended by hand, and a month of transactions
    state.script = CloneScript();
    state.facts.gtid_executed = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-90";
  });
  world.control = std::make_shared<OperationControl>();
  Operation second = world.Request();
  second.request.id = "op-2";
  world.Run(second);
  EXPECT_EQ(second.outcome, Outcome::kDone) << second.error;
  EXPECT_EQ(world.recipient.clones_started(), 2);
}

TEST(TwoFaultsTest, AgentAndServerDeadInTheCopyIsNeverCalledIntact) {
  ProvisionWorld world;
  Operation operation = DieInTheCopy(world);
  world.recipient.Crash(absl::InfiniteDuration());
  world.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "RESTART_TIMEOUT");
  EXPECT_NE(operation.data_state, DataState::kIntact);
  EXPECT_THAT(std::string(operation.error.message()),
              HasSubstr("whether the copy was complete shows when mysqld is started"));
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kRestore);
}

TEST(TwoFaultsTest, ACleanStopOfMysqldInTheCopyIsTriedAgain) {
  ProvisionWorld world;
  world.clock.At(world.clock.Now() + absl::Seconds(30),
                 [&world] { world.recipient.Shutdown(absl::Seconds(2)); });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  ASSERT_THAT(operation.failed_attempts, SizeIs(1));
  EXPECT_EQ(ReasonOf(operation.failed_attempts[0].error), "RECIPIENT_STOPPED");
}

TEST(TwoFaultsTest, AKillBySomebodyElseIsNamedAndAnotherDonorTaken) {
  ProvisionWorld world;
  world.AddOther();
  world.clock.At(world.clock.Now() + absl::Seconds(30), [&world] {
    const auto id = world.recipient.state().clone.status->connection_id;
    EXPECT_TRUE(world.recipient.KillQuery(id).ok());
  });
  Operation operation = world.Request({DonorChoice::Kind::kAny, {}});
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  ASSERT_THAT(operation.failed_attempts, SizeIs(1));
  EXPECT_EQ(ReasonOf(operation.failed_attempts[0].error), "CLONE_KILLED");
  EXPECT_THAT(std::string(operation.failed_attempts[0].error.message()), HasSubstr("KILL"));
  EXPECT_NE(operation.failed_attempts[0].donor, operation.donor);
}

// As an agent leaves it whose state directory is removed in the copy.
void LeaveFence(FakeMysqlServer& server) {
  using How = VariableChange::How;
  std::vector<VariableChange> changes;
  for (const char* name : {"super_read_only", "read_only", "skip_replica_start"}) {
    changes.push_back({How::kPersistOnly, name, "ON"});
  }
  changes.push_back({How::kPersistOnly, "event_scheduler", "OFF"});
  changes.push_back({How::kGlobal, "event_scheduler", "OFF"});
  EXPECT_TRUE(server.SetVariables(changes).ok());
}

TEST(TwoFaultsTest, AFenceWhoseJournalIsGoneIsKnownForGraftsOwnAndTakenDown) {
  ProvisionWorld world;
  LeaveFence(world.recipient);
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_THAT(world.recipient.state().persisted, IsEmpty());
  EXPECT_EQ(world.recipient.state().variables.at("event_scheduler"), "ON");
}

TEST(TwoFaultsTest, WhatAnOperatorPersistedAloneIsHisWish) {
  ProvisionWorld world;
  EXPECT_TRUE(
      world.recipient.SetVariables({{VariableChange::How::kPersistOnly, "super_read_only", "ON"}})
          .ok());
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(world.recipient.state().persisted.at("super_read_only"), "ON");
}

TEST(ReleaseTest, TakesDownAFenceThatNobodyRemembers) {
  ProvisionWorld world;
  LeaveFence(world.recipient);
  Operation operation = world.Release(false);
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_THAT(world.recipient.state().persisted, IsEmpty());
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica);
}

TEST(ReleaseTest, SaysThatThereIsNothingToRelease) {
  ProvisionWorld world;
  Operation operation = world.Release(false);
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(ReasonOf(operation.error), "NOTHING_TO_RELEASE") << operation.error;
}

TEST(ReleaseTest, OfDroppedDataOnlyForWhoVouchesForIt) {
  ProvisionWorld world;
  world.options.max_attempts = 1;
  world.clock.At(world.clock.Now() + absl::Seconds(30),
                 [&world] { world.recipient.Crash(absl::Seconds(1)); });
  Operation failed = world.Request();
  world.Run(failed);
  ASSERT_EQ(failed.data_state, DataState::kEmpty);
  ASSERT_EQ(world.Record(world.replica).type, TabletType::kRestore);

  Operation timid = world.Release(false);
  world.Run(timid);
  EXPECT_EQ(ReasonOf(timid.error), "DATA_NOT_GOOD") << timid.error;
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kRestore);

  Operation sure = world.Release(true);
  sure.request.id = "release-2";
  world.Run(sure);
  EXPECT_EQ(sure.outcome, Outcome::kDone) << sure.error;
  EXPECT_EQ(sure.data_state, DataState::kIntact);
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica);
  EXPECT_THAT(world.recipient.state().persisted, IsEmpty());
}

// mysqld is only frozen; it thaws after the operation has ended, and copies on.
TEST(ReleaseTest, IsRefusedWhileTheCopyRuns) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.script.copy = absl::Minutes(30); });
  Operation operation = DieInTheCopy(world);
  world.recipient.SetDown(true);
  world.Run(operation);
  ASSERT_EQ(ReasonOf(operation.error), "RESTART_TIMEOUT") << operation.error;
  world.recipient.SetDown(false);

  Operation release = world.Release(true);
  world.Run(release);
  EXPECT_EQ(release.outcome, Outcome::kFailed);
  EXPECT_EQ(ReasonOf(release.error), "CLONE_STILL_RUNS") << release.error;
  EXPECT_NE(release.data_state, DataState::kIntact);
  EXPECT_TRUE(world.state.fence.up);
  EXPECT_TRUE(world.state.clone.has_value());
  EXPECT_EQ(world.recipient.state().persisted.at("super_read_only"), "ON");
  EXPECT_EQ(world.recipient.calls("StartReplication"), 0);
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kRestore);

  Operation again = world.Request();
  again.request.id = "op-2";
  world.Run(again);
  EXPECT_EQ(again.outcome, Outcome::kDone) << again.error;
  EXPECT_EQ(world.recipient.clones_started(), 1) << "the copy that ran is taken up";
}

TEST(ReleaseTest, OfACopyWhoseServerSaysNothingIsNotTriedBlindly) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.script.copy = absl::Minutes(30); });
  Operation operation = DieInTheCopy(world);
  world.recipient.SetDown(true);
  world.Run(operation);
  Operation release = world.Release(true);
  world.Run(release);
  EXPECT_EQ(ReasonOf(release.error), "MYSQL_GONE") << release.error;
  EXPECT_TRUE(world.state.fence.up);
  EXPECT_TRUE(world.state.clone.has_value());
}

void ExpectFenced(const ProvisionWorld& world) {
  const FakeMysqlState server = world.recipient.state();
  EXPECT_TRUE(world.state.fence.up);
  EXPECT_EQ(server.variables.at("super_read_only"), "ON");
  for (const char* name : {"super_read_only", "read_only", "skip_replica_start"}) {
    EXPECT_EQ(server.persisted.count(name), 1U) << name;
  }
  for (const ReplicationChannel& channel : server.channels) {
    EXPECT_FALSE(channel.receiver_running || channel.applier_running);
  }
}

TEST(ReleaseTest, ThatFailsHalfWayLeavesTheWholeFenceUp) {
  for (const char* call : {"StartReplication", "SetVariables"}) {
    ProvisionWorld world;
    world.options.max_attempts = 1;
    world.clock.At(world.clock.Now() + absl::Seconds(30),
                   [&world] { world.recipient.Crash(absl::Seconds(1)); });
    Operation failed = world.Request();
    world.Run(failed);
    ASSERT_EQ(failed.data_state, DataState::kEmpty);
    world.recipient.Edit([](FakeMysqlState& state) { state.channels.resize(1); });
    world.recipient.FailNext(call, absl::PermissionDeniedError("1227"), 1);
    Operation release = world.Release(true);
    world.Run(release);
    EXPECT_EQ(release.outcome, Outcome::kFailed) << call;
    EXPECT_EQ(release.data_state, DataState::kEmpty);
    ExpectFenced(world);
    EXPECT_EQ(world.Record(world.replica).type, TabletType::kRestore);

    release = world.Release(true);
    release.request.id = "release-2";
    world.Run(release);
    EXPECT_EQ(release.outcome, Outcome::kDone) << release.error;
    EXPECT_THAT(world.recipient.state().persisted, IsEmpty());
    EXPECT_TRUE(world.recipient.state().channels.front().applier_running);
  }
}

}  // namespace
}  // namespace graft
