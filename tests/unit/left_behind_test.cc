// The remains of an operation, and the next operation: a copy that runs, a copy that replicates,
// RESTORE in the record, a fence.
#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <string>

#include "base/errors.h"
#include "provision_world.h"

namespace graft {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

Operation Another(const ProvisionWorld& world) {
  Operation operation = world.Request();
  operation.request.id = "op-2";
  return operation;
}

// An operation that has ended, as after RESTART_TIMEOUT of a server that was frozen; its copy runs.
void LeaveARunningCopy(ProvisionWorld& world, Operation operation) {
  world.clock.At(world.clock.Now() + absl::Seconds(20), [&world] { world.control->Stop(); });
  world.Run(operation);
  ASSERT_EQ(operation.outcome, Outcome::kRunning);
  world.recipient.AbandonClone();
  world.control = std::make_shared<OperationControl>();
  TabletState state = world.journal.Load()->states.back();
  state.operation.outcome = Outcome::kFailed;
  state.operation.error = Failure(Reason::kRestartTimeout, "mysqld did not come back");
  ASSERT_TRUE(world.journal.Save(state).ok());
}

// It arrives while the next operation is still about to take the copy up.
TEST(LeftCopyTest, ACancelOfTheOperationThatTakesItUpEndsTheCopy) {
  for (const Step step : {Step::kResolveDonor, Step::kClone}) {
    ProvisionWorld world;
    LeaveARunningCopy(world, world.Request());
    world.observer.on_step = [&](const Operation& operation) {
      if (operation.step == step) EXPECT_TRUE(world.Cancel(CancelWish::kEvenIfDropped).ok());
    };
    Operation second = Another(world);
    world.Run(second);
    EXPECT_EQ(second.outcome, Outcome::kCancelled) << second.error;
    EXPECT_EQ(second.data_state, DataState::kEmpty);
    EXPECT_EQ(world.recipient.state().clone.status->state, CloneState::kFailed);
    EXPECT_EQ(world.recipient.clones_started(), 1);
  }
}

TEST(LeftCopyTest, TheLimitsOfAnOperationThatFailedAreNotTheNextOnes) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.variables["clone_max_data_bandwidth"] = "7";
    state.variables["clone_enable_compression"] = "OFF";
  });
  world.clock.At(world.clock.Now() + absl::Seconds(20),
                 [&world] { EXPECT_TRUE(world.Cancel(CancelWish::kEvenIfDropped).ok()); });
  Operation first = world.Request();
  first.request.settings.max_data_bandwidth_mib = 1;
  first.request.settings.compression = true;
  world.Run(first);
  ASSERT_EQ(first.data_state, DataState::kEmpty) << first.error;
  world.control = std::make_shared<OperationControl>();
  Operation second = Another(world);
  second.request.settings.max_network_bandwidth_mib = 5;
  std::map<std::string, std::string> during;
  world.clock.At(world.clock.Now() + absl::Seconds(20),
                 [&] { during = world.recipient.state().variables; });
  world.Run(second);
  EXPECT_EQ(second.outcome, Outcome::kDone) << second.error;
  EXPECT_EQ(during["clone_max_data_bandwidth"], "7");
  EXPECT_EQ(during["clone_enable_compression"], "OFF");
  EXPECT_EQ(during["clone_max_network_bandwidth"], "5");
}

TEST(LeftCopyTest, AServerThatIsFrozenAWhileIsWaitedFor) {
  ProvisionWorld world;
  LeaveARunningCopy(world, world.Request());
  world.recipient.FailNext("ReadClone", absl::DeadlineExceededError("no answer within 10s"), 20);
  Operation second = Another(world);
  world.Run(second);
  EXPECT_EQ(second.outcome, Outcome::kDone) << second.error;
  EXPECT_EQ(world.recipient.clones_started(), 1);
}

// The facts about the source of the last operation do not count for the present source.
TEST(LeftCopyTest, TheNextOperationKnowsNothingOfTheSourceBefore) {
  ProvisionWorld world;
  world.AddOther();
  Operation first = world.Request({DonorChoice::Kind::kTablet, world.other});
  first.request.replicate_from = ReplicateFrom::kPrimary;
  LeaveARunningCopy(world, first);
  ASSERT_NE(world.journal.Load()->states.back().source_uuid, "");
  ASSERT_TRUE(world.topology
                  .UpdateTablet(world.primary,
                                [](Tablet& tablet) {
                                  tablet.tags.erase("graft.server_uuid");
                                  return absl::OkStatus();
                                })
                  .ok());
  world.donor.Edit([](FakeMysqlState& state) {
    state.facts.server_uuid = "99999999-71ca-11e1-9e33-c80aa9429562";
  });
  Operation second = first;
  second.request.id = "op-2";
  world.Run(second);
  EXPECT_EQ(second.outcome, Outcome::kDone) << second.error;
  EXPECT_EQ(world.recipient.clones_started(), 1);
}

TEST(LeftCopyTest, ACopyThatFollowsGoesOnToFollowWhenTheNextOperationEndsBeforeTheDrop) {
  ProvisionWorld world;
  world.options.catch_up_stall_timeout = absl::Minutes(1);
  world.recipient.Edit([](FakeMysqlState& state) { state.replication.catch_up = absl::Hours(9); });
  Operation first = world.Request();
  world.options.max_attempts = 1;
  world.recipient.Edit([](FakeMysqlState& state) { state.replication.connect = absl::Hours(9); });
  world.Run(first);
  ASSERT_EQ(ReasonOf(first.error), "CATCH_UP_STALLED") << first.error;
  ASSERT_EQ(first.data_state, DataState::kCloned);
  ASSERT_TRUE(world.recipient.state().channels.at(0).receives());
  world.observer.on_step = [&](const Operation& operation) {
    if (operation.step == Step::kClone) EXPECT_TRUE(world.Cancel(CancelWish::kEvenIfDropped).ok());
  };
  Operation second = Another(world);
  world.Run(second);
  EXPECT_EQ(second.outcome, Outcome::kCancelled) << second.error;
  EXPECT_EQ(second.data_state, DataState::kCloned);
  EXPECT_TRUE(world.recipient.state().channels.at(0).receives());
  EXPECT_EQ(world.recipient.state().variables.at("super_read_only"), "ON");
}

// graft wrote it, and the type that it replaced stands beside it.
void WriteRestore(ProvisionWorld& world) {
  ASSERT_TRUE(world.topology
                  .UpdateTablet(world.replica,
                                [](Tablet& tablet) {
                                  tablet.type = TabletType::kRestore;
                                  tablet.tags["graft.type_before"] = "rdonly";
                                  return absl::OkStatus();
                                })
                  .ok());
}

// As an operation that failed before it dropped anything has left it.
TEST(LeftRestoreTest, IsNotTakenForTheTabletsOwnType) {
  ProvisionWorld world;
  world.donor.SetDown(true);
  Operation first = world.Request();
  world.Run(first);
  ASSERT_EQ(first.data_state, DataState::kIntact);
  WriteRestore(world);
  Operation second = Another(world);
  world.Run(second);
  ASSERT_EQ(second.outcome, Outcome::kFailed);
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kRdonly);
}

// The agent has lost its journal, so the state of the data is unknown.
TEST(LeftRestoreTest, StaysWhereNoOperationIsKnownThatWroteIt) {
  ProvisionWorld world;
  WriteRestore(world);
  world.donor.SetDown(true);
  Operation operation = world.Request();
  world.observer.on_step = [&](const Operation&) {
    EXPECT_EQ(world.Record(world.replica).type, TabletType::kRestore);
  };
  world.Run(operation);
  ASSERT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kRestore);
}

// A second agent takes the server in the moment in which it must be free for CLONE.
TEST(LeftFenceTest, AServerThatWasOpenedForCloneIsClosedAgain) {
  ProvisionWorld world;
  world.recipient.FailNext("StartClone", Failure(Reason::kServerHeld, "held by vt_dba"), 1);
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "SERVER_HELD") << operation.error;
  EXPECT_EQ(world.recipient.state().variables.at("super_read_only"), "ON");
}

TEST(LeftCopyTest, AReleaseThatWaitsForItsServerCanBeCancelled) {
  ProvisionWorld world;
  LeaveARunningCopy(world, world.Request());
  world.recipient.FailNext("ReadClone", absl::DeadlineExceededError("no answer within 10s"), 9999);
  Operation release = world.Release(true);
  world.clock.At(world.clock.Now() + absl::Seconds(5), [&world] {
    EXPECT_TRUE(world.owner->GrantCancel("release-1", CancelWish::kEvenIfDropped).ok());
    world.control->Wake();
  });
  world.Run(release);
  EXPECT_EQ(release.outcome, Outcome::kCancelled) << release.error;
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kRestore);
}

// Somebody has restored the data, and the server may be about to become a primary.
TEST(LeftFenceTest, AReleaseLeavesEventsAndDelayAlone) {
  ProvisionWorld world;
  world.options.max_attempts = 1;
  world.recipient.Edit([](FakeMysqlState& state) {
    ReplicationChannel channel;
    channel.receiver_running = channel.applier_running = true;
    channel.delay = absl::Minutes(1);
    state.channels = {channel};
  });
  world.clock.At(world.clock.Now() + absl::Seconds(30),
                 [&world] { world.recipient.Crash(absl::Seconds(1)); });
  Operation failed = world.Request();
  world.Run(failed);
  ASSERT_EQ(failed.data_state, DataState::kEmpty);
  ASSERT_EQ(world.state.replication.delay, absl::Minutes(1));

  world.recipient.Edit([](FakeMysqlState& state) {
    state.channels.clear();
    state.enabled_events = {"shop.tick"};
  });
  Operation release = world.Release(true);
  world.Run(release);
  EXPECT_EQ(release.outcome, Outcome::kDone) << release.error;
  EXPECT_EQ(world.recipient.calls("DisableEvents"), 0);
  EXPECT_EQ(world.recipient.calls("DelayReplication"), 0);
}

TEST(LeftFenceTest, AReleaseThatCannotBeJournalledHasReleasedNothing) {
  ProvisionWorld world;
  world.options.max_attempts = 1;
  world.clock.At(world.clock.Now() + absl::Seconds(30),
                 [&world] { world.recipient.Crash(absl::Seconds(1)); });
  Operation failed = world.Request();
  world.Run(failed);
  ASSERT_EQ(failed.data_state, DataState::kEmpty);

  int refused = 0;
  world.journal.before_save = [&refused](const TabletState& state) {
    const bool released = state.operation.data_state == DataState::kIntact;
    if (released) ++refused;
    return released ? absl::UnavailableError("disk full") : absl::OkStatus();
  };
  Operation release = world.Release(true);
  world.Run(release);
  EXPECT_GT(refused, 1) << "it is tried again";
  EXPECT_EQ(release.outcome, Outcome::kFailed);
  EXPECT_EQ(release.data_state, DataState::kEmpty);
  EXPECT_THAT(world.recipient.state().persisted, Not(IsEmpty()));
  EXPECT_EQ(world.recipient.state().variables.at("super_read_only"), "ON");
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kRestore);
}

}  // namespace
}  // namespace graft
