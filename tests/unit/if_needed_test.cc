// reprovision --if-needed: the old data catches up where it can, and is copied where it cannot.
#include "base/errors.h"
#include "gmock/gmock.h"
#include "graft/plan.h"
#include "provision_world.h"
#include "wire/fields.h"
#include "wire/operation_proto.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kBehind[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-40";

class IfNeededTest : public ::testing::Test {
 protected:
  IfNeededTest() {
    world.recipient.Edit([](FakeMysqlState& state) {
      state.facts.gtid_executed = kBehind;
      state.replication.gtid_executed_after = state.donor.gtid_executed;
      state.replication.catch_up = absl::Seconds(30);
      ReplicationChannel channel;
      channel.source = {"127.0.0.1", 9};  // a server that is gone
      channel.receiver_errno = 2003;
      channel.applier_running = channel.auto_position = true;
      state.channels = {channel};
    });
  }

  Operation Run() {
    Operation operation = world.Request();
    operation.request.if_needed = true;
    operation.step = Step::kAssess;
    world.Run(operation);
    return operation;
  }
  void BreakWhenStarted(int error) {
    world.recipient.Edit([&](FakeMysqlState& state) { state.replication.applier_errno = error; });
    world.observer.on_step = [this](const Operation& operation) {
      if (operation.step != Step::kFence) return;
      world.recipient.Edit([](FakeMysqlState& state) { state.replication.applier_errno = 0; });
    };
  }
  void ExpectSaved(const Operation& operation) {
    EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
    EXPECT_EQ(operation.data_state, DataState::kIntact);
    EXPECT_EQ(operation.old_data.verdict, OldDataVerdict::kCopySaved)
        << operation.old_data.why_copied;
    EXPECT_EQ(operation.old_data.transactions_caught_up, 60);
    EXPECT_EQ(operation.old_data.gtid_before, kBehind);
    EXPECT_EQ(world.recipient.clones_started(), 0);
    EXPECT_EQ(world.recipient.state().channels.front().source.port, 3310);
    EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica);
    EXPECT_TRUE(world.recipient.state().persisted.empty());
  }
  void ExpectCopied(const Operation& operation, const char* why) {
    EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
    EXPECT_EQ(operation.data_state, DataState::kCloned);
    EXPECT_EQ(operation.old_data.verdict, OldDataVerdict::kCopyNeeded);
    EXPECT_THAT(operation.old_data.why_copied, HasSubstr(why));
    EXPECT_EQ(world.recipient.clones_started(), 1);
  }

  ProvisionWorld world;
};

TEST_F(IfNeededTest, ReplicaThatIsOnlyBehindIsRepointedAndCatchesUp) {
  ExpectSaved(Run());
  EXPECT_THAT(world.observer.steps,
              ElementsAre(Step::kAssess, Step::kRepoint, Step::kRejoin, Step::kPublish));
}

TEST_F(IfNeededTest, TabletServesAllTheWhile) {
  TabletFacts facts = world.record.facts();
  facts.server_uuid = world.recipient.state().facts.server_uuid;
  world.record.Note(facts);
  world.observer.on_step = [this](const Operation& operation) {
    EXPECT_TRUE(world.record.Publish(*world.owner->state()).ok());
    EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica) << StepName(operation.step);
    EXPECT_TRUE(world.recipient.state().persisted.empty());
  };
  ExpectSaved(Run());
}

TEST_F(IfNeededTest, ChannelThatFollowsAlreadyIsLeftAlone) {
  world.recipient.Edit([](FakeMysqlState& state) {
    ReplicationChannel& channel = state.channels.front();
    channel.source.port = 3310;
    channel.receiver_errno = 0;
    channel.receiver_running = true;
    state.facts.gtid_executed = state.donor.gtid_executed;
  });
  const Operation operation = Run();
  EXPECT_EQ(operation.old_data.verdict, OldDataVerdict::kCopySaved);
  EXPECT_EQ(world.recipient.calls("StopReplication"), 0);
  EXPECT_EQ(world.recipient.calls("StartReplication"), 0);
}

TEST_F(IfNeededTest, PurgedLogsAreCopied) {
  world.donor.Edit([](FakeMysqlState& state) {
    state.facts.gtid_purged = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-50";
  });
  const Operation operation = Run();
  ExpectCopied(operation, "10 transactions");
  EXPECT_EQ(world.observer.steps.size(), PlanOf(operation).size() - 2);
}

TEST_F(IfNeededTest, ErrorOfTheDataIsCopied) {
  world.recipient.Edit([](FakeMysqlState& state) {
    state.channels.front().thread_errors = {{"worker", 1062, "Duplicate entry"}};
  });
  ExpectCopied(Run(), "error 1062 (worker)");
}

TEST_F(IfNeededTest, ErrorThatComesWhileCatchingUpIsCopied) {
  BreakWhenStarted(1062);
  ExpectCopied(Run(), "catching up failed");
}

TEST_F(IfNeededTest, ReplicationThatStandsStillIsCopied) {
  world.recipient.Edit([](FakeMysqlState& state) { state.replication.gtid_executed_after = ""; });
  world.observer.on_step = [this](const Operation& operation) {
    if (operation.step != Step::kFence) return;
    world.recipient.Edit([](FakeMysqlState& state) {
      state.replication.gtid_executed_after = state.donor.gtid_executed;
    });
  };
  ExpectCopied(Run(), "has not moved");
}

// Starting replication hides an error until it comes again.
TEST_F(IfNeededTest, LaterAttemptNeverGoesBackToTheOldData) {
  world.recipient.Edit([](FakeMysqlState& state) {
    state.channels.front().applier_running = false;
    state.channels.front().applier_errno = 1062;
  });
  world.observer.on_step = [this](const Operation& operation) {
    if (operation.step != Step::kClone) return;
    const bool first = operation.attempt == 1;
    world.recipient.Edit([first](FakeMysqlState& state) {
      state.script.donor_refuses = first;
      state.script.fail_with = first ? Failure(Reason::kDonorBusy, "busy") : absl::OkStatus();
      state.replication.applier_errno = 0;
    });
  };
  const Operation operation = Run();
  EXPECT_EQ(operation.attempt, 2);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kCloned);
  EXPECT_THAT(operation.old_data.why_copied, HasSubstr("error 1062"));
}

TEST_F(IfNeededTest, ShortSilenceOfTheSourceIsNoReasonToCopy) {
  world.donor.FailNext("Describe", absl::UnavailableError("away"), 5);
  ExpectSaved(Run());
}

TEST_F(IfNeededTest, PrimaryIsRefused) {
  EXPECT_TRUE(world.topology.SetPrimary("shop", "0", world.replica).ok());
  const Operation operation = Run();
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(ReasonOf(operation.error), "RECIPIENT_IS_PRIMARY");
  EXPECT_EQ(world.recipient.calls("StopReplication"), 0);
}

TEST_F(IfNeededTest, CancelWhileCatchingUpLeavesReplicationRunning) {
  world.clock.At(world.clock.Now() + absl::Seconds(5),
                 [this] { EXPECT_TRUE(world.Cancel(CancelWish::kIfNothingDropped).ok()); });
  const Operation operation = Run();
  EXPECT_EQ(operation.outcome, Outcome::kCancelled);
  EXPECT_EQ(operation.data_state, DataState::kIntact);
  EXPECT_TRUE(world.recipient.state().channels.front().applier_running);
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica);
}

TEST_F(IfNeededTest, SurvivesTheJournalAndAnOlderRecordHasNone) {
  const Operation operation = Run();
  const v1::Operation proto = ToProto(operation);
  const auto again = FromMessage<Operation>(proto);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->request == operation.request);
  EXPECT_EQ(again->old_data.gtid_after, operation.old_data.gtid_after);
  v1::Operation older = proto;
  older.clear_if_needed();
  older.clear_old_data();
  const auto read = FromMessage<Operation>(older);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->request.if_needed);
  EXPECT_EQ(read->old_data.verdict, OldDataVerdict::kNotJudged);
}

}  // namespace
}  // namespace graft
