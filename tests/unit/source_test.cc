// The source of a rebuilt replica: its source at the present address, if it may still be followed
// and is the server it should be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "catch_up_suite.h"

namespace graft {
namespace {

// Of a server that belongs to no tablet of the shard.
constexpr char kForeign[] = "99999999-71ca-11e1-9e33-c80aa9429562";

class SourceTest : public CatchUpTest {};

TEST_F(SourceTest, ASourceThatMovedDuringTheCopyIsFollowedWhereItIsNow) {
  world_.AddOther();
  ChangeRecord(absl::Seconds(30), world_.other, [](Tablet& tablet) { tablet.mysql.port = 3340; });
  Replication([](ReplicationScript& script) { script.gtid_executed_after = kNewer; });
  const Operation operation = Run(RequestFromOther());
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(SourcePort(), 3340);
  EXPECT_EQ(operation.source_mysql.port, 3340);
}

TEST_F(SourceTest, ASourceThatMovesWhileTheReplicaCatchesUpIsFollowedToItsNewAddress) {
  world_.AddOther();
  Replication([](ReplicationScript& script) {
    script.catch_up = absl::Minutes(5);
    script.stop_takes = absl::Seconds(75);
    script.gtid_executed_after = kNewer;
  });
  world_.clock.At(world_.clock.Now() + absl::Seconds(30), [this] {
    world_.other_server.Edit([](FakeMysqlState& state) { state.facts.gtid_executed = kNewer; });
  });
  ChangeRecord(absl::Minutes(2), world_.other, [](Tablet& tablet) { tablet.mysql.port = 3340; });
  const Operation operation = Run(RequestFromOther());
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(SourcePort(), 3340);
  EXPECT_TRUE(NoteSaid("follows zone1-0000000102 at 127.0.0.1:3340 from now on"));
}

TEST_F(SourceTest, ASourceWhoseAgentStoppedKeepsItsLastAddress) {
  world_.AddOther();
  ChangeRecord(absl::Seconds(30), world_.other, [](Tablet& tablet) { tablet.mysql = HostPort(); });
  Replication([](ReplicationScript& script) { script.gtid_executed_after = kNewer; });
  EXPECT_EQ(Run(RequestFromOther()).outcome, Outcome::kDone);
  EXPECT_EQ(SourcePort(), 3330);
}

class UnfitSourceTest : public CatchUpTest,
                        public ::testing::WithParamInterface<std::function<void(Tablet&)>> {};

TEST_P(UnfitSourceTest, GivesWayToThePrimary) {
  world_.AddOther();
  ChangeRecord(absl::Seconds(30), world_.other, GetParam());
  Replication([](ReplicationScript& script) { script.gtid_executed_after = kNewer; });
  const Operation operation = Run(RequestFromOther());
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.source, world_.primary);
  EXPECT_EQ(SourcePort(), 3310);
}

class RatherThePrimaryTest : public CatchUpTest {
 protected:
  RatherThePrimaryTest() { world_.AddOther(); }

  Operation RunRatherFromPrimary(const char* unchecked = nullptr) {
    Operation operation = RequestFromOther();
    if (unchecked != nullptr) operation.request.allow.unchecked = {unchecked};
    operation.request.replicate_from = ReplicateFrom::kPrimaryOrDonor;
    return Run(operation);
  }
};

TEST_F(RatherThePrimaryTest, IsFollowedIfItAnswers) {
  Replication([](ReplicationScript& script) { script.gtid_executed_after = kNewer; });
  const Operation operation = RunRatherFromPrimary();
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.donor, world_.other);
  EXPECT_EQ(operation.source, world_.primary);
  EXPECT_EQ(SourcePort(), 3310);
}

TEST_F(RatherThePrimaryTest, WithoutOneThatAnswersTheDonorIsFollowed) {
  world_.donor.SetDown(true);
  const Operation operation = RunRatherFromPrimary("ERRANT_TRANSACTIONS");
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.source, world_.other);
  EXPECT_EQ(SourcePort(), 3330);
}

TEST_F(RatherThePrimaryTest, WithoutAnyTheDonorIsFollowed) {
  const std::string shard = "/vitess/global/keyspaces/shop/shards/0/Shard";
  ASSERT_TRUE(world_.store.Update(shard, "", world_.store.Get(shard)->version).ok());
  const Operation operation = RunRatherFromPrimary("ERRANT_TRANSACTIONS");
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.source, world_.other);
}

TEST_F(RatherThePrimaryTest, AnUnfitOneIsNotFollowed) {
  ASSERT_TRUE(world_.topology
                  .UpdateTablet(world_.primary,
                                [](Tablet& tablet) {
                                  tablet.tags["graft.data_state"] = "EMPTY";
                                  tablet.tags["graft.operation"] = "op-9";
                                  return absl::OkStatus();
                                })
                  .ok());
  const Operation operation = RunRatherFromPrimary();
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.source, world_.other);
}

// One lost call makes no chain of replicas.
TEST_F(RatherThePrimaryTest, AStoreThatIsAwayForAMomentDoesNotDecide) {
  world_.observer.on_step = [this](const Operation& operation) {
    if (operation.step == Step::kResolveDonor)
      world_.store.FailNext(3, absl::UnavailableError("away"));
  };
  Replication([](ReplicationScript& script) { script.gtid_executed_after = kNewer; });
  const Operation operation = RunRatherFromPrimary();
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.source, world_.primary);
}

std::function<void(Tablet&)> HasType(TabletType type) {
  return [type](Tablet& tablet) { tablet.type = type; };
}

std::function<void(Tablet&)> HasData(const char* state) {
  return [state](Tablet& tablet) {
    tablet.tags["graft.data_state"] = state;
    tablet.tags["graft.operation"] = "op-9";
  };
}

INSTANTIATE_TEST_SUITE_P(Records, UnfitSourceTest,
                         ::testing::Values(HasType(TabletType::kRestore),
                                           HasType(TabletType::kDrained),
                                           HasType(TabletType::kPrimary), HasData("EMPTY"),
                                           HasData("PARTIAL")));

// A failover whose old primary never came back to say that it is none.
TEST_F(SourceTest, AnOldPrimaryGivesWayToTheNewOne) {
  for (const absl::Duration failover : {absl::Seconds(30), absl::Minutes(2)}) {
    for (const ReplicateFrom from :
         {ReplicateFrom::kDonor, ReplicateFrom::kPrimary, ReplicateFrom::kPrimaryOrDonor}) {
      ProvisionWorld world;
      world.AddOther();
      world.recipient.Edit([](FakeMysqlState& state) {
        state.replication.catch_up = absl::Minutes(5);
        state.replication.gtid_executed_after = kNewer;
      });
      world.clock.At(world.clock.Now() + absl::Seconds(30), [&world] {
        world.donor.Edit([](FakeMysqlState& state) { state.facts.gtid_executed = kNewer; });
      });
      world.clock.At(world.clock.Now() + failover, [&world] {
        EXPECT_TRUE(world.topology.SetPrimary("shop", "0", world.other).ok());
        EXPECT_TRUE(world.topology
                        .UpdateTablet(world.primary,
                                      [](Tablet& tablet) {
                                        tablet.type = TabletType::kPrimary;
                                        return absl::OkStatus();
                                      })
                        .ok());
      });
      Operation operation = world.Request();
      operation.request.replicate_from = from;
      world.Run(operation);
      EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
      EXPECT_EQ(operation.source, world.other) << failover;
      EXPECT_EQ(world.recipient.state().source->address.port, 3330) << failover;
    }
  }
}

// As it may be for a while in a failover.
TEST_F(SourceTest, WithoutAnyTabletToFollowNobodyHasCaughtUp) {
  world_.AddOther();
  world_.clock.At(world_.clock.Now() + absl::Seconds(30), [this] {
    world_.other_server.Edit([](FakeMysqlState& state) { state.facts.gtid_executed = kNewer; });
  });
  ChangeRecord(absl::Minutes(2), world_.other, HasType(TabletType::kDrained));
  ChangeRecord(absl::Minutes(2), world_.primary, HasType(TabletType::kDrained));
  Replication([](ReplicationScript& script) {
    script.catch_up = absl::Minutes(5);
    script.gtid_executed_after = kNewer;
  });
  const Operation operation = Run(RequestFromOther());
  EXPECT_EQ(ReasonOf(operation.error), "SOURCE_UNFIT") << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kCloned);
}

TEST_F(SourceTest, ThePrimaryOfNowIsFollowed) {
  world_.AddOther();
  world_.clock.At(world_.clock.Now() + absl::Seconds(30), [this] {
    EXPECT_TRUE(world_.topology.SetPrimary("shop", "0", world_.other).ok());
  });
  Replication([](ReplicationScript& script) { script.gtid_executed_after = kNewer; });
  Operation operation = world_.Request();
  operation.request.replicate_from = ReplicateFrom::kPrimary;
  world_.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.source, world_.other);
  EXPECT_EQ(SourcePort(), 3330);
}

TEST_F(SourceTest, AnotherServerAtTheSourcesAddressIsNotFollowed) {
  ChangeRecord(absl::Seconds(30), world_.primary,
               [](Tablet& tablet) { tablet.tags["graft.server_uuid"] = kForeign; });
  const Operation operation = Run(world_.Request());
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_TRUE(HasReason(operation.error, Reason::kSourceIdentity)) << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kCloned);
  EXPECT_FALSE(world_.recipient.state().source.has_value());
}

// The donor's server has made room for another one with the same accounts.
TEST_F(SourceTest, ADonorsServerIsKnownThoughTheTopologyIsAway) {
  world_.clock.At(world_.clock.Now() + absl::Seconds(40), [this] {
    world_.store.FailAll(absl::UnavailableError("away"));
    world_.donor.Edit([](FakeMysqlState& state) { state.facts.server_uuid = kForeign; });
  });
  world_.clock.At(world_.clock.Now() + absl::Minutes(20), [this] { world_.store.Heal(); });
  const Operation operation = Run(world_.Request());
  EXPECT_EQ(ReasonOf(operation.error), "SOURCE_IDENTITY") << operation.error;
  EXPECT_FALSE(world_.recipient.state().source.has_value());
}

// The same of a source that is not the donor; also for the agent after this one.
TEST_F(SourceTest, ASourcesServerIsKnownThoughTheTopologyIsAway) {
  for (const bool restarts : {false, true}) {
    ProvisionWorld world;
    world.AddOther();
    const absl::Time forty = world.clock.Now() + absl::Seconds(40);
    world.clock.At(forty, [&world] {
      world.store.FailAll(absl::UnavailableError("away"));
      world.donor.Edit([](FakeMysqlState& state) { state.facts.server_uuid = kForeign; });
    });
    world.clock.At(world.clock.Now() + absl::Minutes(20), [&world] { world.store.Heal(); });
    DonorChoice choice;
    choice.kind = DonorChoice::Kind::kTablet;
    choice.tablet = world.other;
    Operation operation = world.Request(choice);
    operation.request.replicate_from = ReplicateFrom::kPrimary;
    if (restarts) world.clock.At(forty, [&world] { world.control->Stop(); });
    world.Run(operation);
    if (restarts) {
      world.control = std::make_shared<OperationControl>();
      world.Run(operation);
    }
    EXPECT_EQ(ReasonOf(operation.error), "SOURCE_IDENTITY") << operation.error;
    EXPECT_FALSE(world.recipient.state().source.has_value()) << restarts;
  }
}

// A vttablet's record does not say whose server it is.
TEST_F(SourceTest, ASourceThatWasRebuiltAtAnotherAddressIsFollowedThere) {
  world_.AddOther();
  ChangeRecord(absl::Seconds(30), world_.primary, [](Tablet& tablet) {
    tablet.mysql.port = 3340;
    tablet.tags.erase("graft.server_uuid");
  });
  Replication([](ReplicationScript& script) { script.gtid_executed_after = kNewer; });
  Operation operation = RequestFromOther();
  operation.request.replicate_from = ReplicateFrom::kPrimary;
  world_.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(SourcePort(), 3340);
}

TEST_F(SourceTest, AServerThatTurnsOutToBeAnotherIsFollowedNoLonger) {
  world_.AddOther();
  Replication([](ReplicationScript& script) { script.catch_up = absl::Minutes(5); });
  AtCatchUp([this] {
    world_.store.FailAll(absl::UnavailableError("away"));
    world_.donor.Edit([](FakeMysqlState& state) { state.facts.server_uuid = kForeign; });
  });
  Operation operation = RequestFromOther();
  operation.request.replicate_from = ReplicateFrom::kPrimary;
  world_.Run(operation);
  EXPECT_EQ(SourcePort(), 3310);
  EXPECT_EQ(ReasonOf(operation.error), "SOURCE_IDENTITY") << operation.error;
  EXPECT_FALSE(world_.recipient.ReadReplication()->at(0).runs());
}

TEST_F(SourceTest, ATopologyThatIsAwayKeepsNobodyFromFollowing) {
  Replication([](ReplicationScript& script) { script.gtid_executed_after = kNewer; });
  world_.clock.At(world_.clock.Now() + absl::Seconds(30),
                  [this] { world_.store.FailAll(absl::UnavailableError("away")); });
  world_.clock.At(world_.clock.Now() + absl::Minutes(20), [this] { world_.store.Heal(); });
  const Operation operation = Run(world_.Request());
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(SourcePort(), 3310);
}

}  // namespace
}  // namespace graft
