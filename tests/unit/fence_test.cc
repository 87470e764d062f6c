// The state of the recipient when the operation's turn comes, perhaps long after preflight.
#include <gmock/gmock.h>

#include <string>

#include "base/errors.h"
#include "provision_world.h"

namespace graft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ServerSession Of(int64_t id, const std::string& user, const std::string& command) {
  ServerSession session;
  session.connection_id = id;
  session.user = user;
  session.host = "10.0.0.2:5000";
  session.command = command;
  return session;
}

// Another tablet began to use this one while the operation stood in its donor's queue.
struct Dependant {
  ServerSession session;
  const char* reason;
  const char* text;
};

const Dependant kDependants[] = {
    {Of(61, "vt_clone", "clone"), "RECIPIENT_DONATES",
     "the recipient is being cloned itself, by session 61 (vt_clone@10.0.0.2:5000, clone); wait "
     "for "
     "that clone's end"},
    {Of(62, "vt_repl", "Binlog Dump GTID"), "RECIPIENT_HAS_REPLICAS",
     "others read the recipient's binary logs, which CLONE deletes: 62 (vt_repl@10.0.0.2:5000, "
     "Binlog Dump GTID); let these replicas follow another server first"},
};

TEST(DependantTest, WhoUsesTheRecipientAtItsTurnStopsTheOperationBeforeAnythingIsTouched) {
  for (const Dependant& dependant : kDependants) {
    ProvisionWorld world;
    world.observer.on_step = [&](const Operation& operation) {
      if (operation.step != Step::kFence) return;
      world.recipient.Edit([&](FakeMysqlState& state) {
        state.sessions = {Of(60, "app", "Sleep"), dependant.session};
      });
    };
    Operation operation = world.Request();
    world.Run(operation);
    EXPECT_EQ(operation.outcome, Outcome::kFailed);
    EXPECT_EQ(ReasonOf(operation.error), dependant.reason) << operation.error;
    EXPECT_THAT(std::string(operation.error.message()), HasSubstr(dependant.text));
    EXPECT_EQ(operation.data_state, DataState::kIntact);
    EXPECT_THAT(world.recipient.state().sessions, SizeIs(2));
    for (const char* call : {"KillConnection", "StopReplication", "SetVariables"}) {
      EXPECT_EQ(world.recipient.calls(call), 0) << call;
    }
    EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica);
  }
}

// The primary, which is the donor here, and its two acknowledgers, of which the recipient is one.
void AcknowledgeToTheDonor(ProvisionWorld& world) {
  world.recipient.Edit([](FakeMysqlState& state) { state.facts.semi_sync.acknowledges = true; });
  world.donor.Edit([](FakeMysqlState& state) {
    state.facts.semi_sync = {true, 1, 2, absl::Hours(24), false};
  });
}

// The other acknowledger went away while the operation stood in the queue.
TEST(DependantTest, AcknowledgersAreCountedAgainBeforeTheFence) {
  ProvisionWorld world;
  AcknowledgeToTheDonor(world);
  world.observer.on_step = [&](const Operation& operation) {
    if (operation.step != Step::kFence) return;
    world.donor.Edit([](FakeMysqlState& state) { state.facts.semi_sync.acknowledgers = 1; });
  };
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "SEMI_SYNC") << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kIntact);
  EXPECT_EQ(world.recipient.calls("SetVariables"), 0);
  EXPECT_EQ(world.recipient.calls("StopReplication"), 0);
}

TEST(DependantTest, AShardThatCannotDoWithoutTheTabletKeepsIt) {
  ProvisionWorld world;
  int asked = 0;
  world.may_fence = [&](const Operation& operation) {
    EXPECT_EQ(operation.step, Step::kFence);
    if (++asked == 1) return absl::UnavailableError("the store is away");
    return Failure(Reason::kLastHealthyReplica, "zone1-0000000101 is the last healthy replica");
  };
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(ReasonOf(operation.error), "LAST_HEALTHY_REPLICA") << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kIntact);
  EXPECT_EQ(world.recipient.calls("SetVariables"), 0);
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica);
}

// Two that went at the same instant: each passed the look before the fence.
TEST(DependantTest, AcknowledgersAreCountedAgainBeforeClone) {
  ProvisionWorld world;
  AcknowledgeToTheDonor(world);
  world.observer.on_step = [&](const Operation& operation) {
    if (operation.step != Step::kClone) return;
    world.recipient.Edit([](FakeMysqlState& state) { state.facts.semi_sync.acknowledges = false; });
    world.donor.Edit([](FakeMysqlState& state) { state.facts.semi_sync.acknowledgers = 0; });
  };
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "SEMI_SYNC") << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kIntact);
  EXPECT_EQ(world.recipient.clones_started(), 0);
  EXPECT_FALSE(world.state.fence.up);
}

TEST(DependantTest, WhoComesWhileTheFenceGoesUpIsNotEndedEither) {
  for (const Dependant& dependant : kDependants) {
    ProvisionWorld world;
    world.recipient.Edit([](FakeMysqlState& state) {
      ReplicationChannel channel;
      channel.receiver_running = channel.applier_running = true;
      state.channels = {channel};
      state.replication.stop_takes = absl::Seconds(5);
    });
    world.observer.on_step = [&](const Operation& operation) {
      if (operation.step != Step::kFence) return;
      world.clock.At(world.clock.Now() + absl::Seconds(3), [&] {
        world.recipient.Edit([&](FakeMysqlState& state) {
          state.sessions = {Of(60, "app", "Sleep"), dependant.session};
        });
      });
    };
    Operation operation = world.Request();
    world.Run(operation);
    EXPECT_EQ(ReasonOf(operation.error), dependant.reason) << operation.error;
    EXPECT_EQ(world.recipient.calls("KillConnection"), 0);
    EXPECT_THAT(world.recipient.state().sessions, SizeIs(2));
    EXPECT_FALSE(world.state.fence.up);
    EXPECT_TRUE(world.recipient.state().channels.front().applier_running) << "it follows again";
    EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica);
  }
}

TEST(DependantTest, SessionsThatNobodyMaySeeAreAllowedAsPreflightAllowsThem) {
  for (const bool allowed : {false, true}) {
    ProvisionWorld world;
    world.recipient.FailNext("ReadSessions", absl::PermissionDeniedError("PROCESS"), 1000);
    Operation operation = world.Request();
    if (allowed) operation.request.allow.unchecked = {kAllChecks};
    world.Run(operation);
    EXPECT_EQ(operation.outcome, allowed ? Outcome::kDone : Outcome::kFailed) << operation.error;
    EXPECT_THAT(operation.ended_sessions, IsEmpty());
    if (!allowed) EXPECT_EQ(world.recipient.calls("SetVariables"), 0);
  }
}

}  // namespace
}  // namespace graft
