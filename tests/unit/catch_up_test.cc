// replicate and catch_up: a good copy is followed for as long as anything moves, from wherever its
// source is now.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "base/errors.h"
#include "provision_world.h"

namespace graft {
namespace {

// The donor's since the copy was under way, which has one less.
constexpr char kNewer[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-101";

class CatchUpTest : public ::testing::Test {
 protected:
  CatchUpTest() {
    world_.clock.At(world_.clock.Now() + absl::Seconds(30), [this] {
      world_.donor.Edit([](FakeMysqlState& state) { state.facts.gtid_executed = kNewer; });
    });
  }

  void Replication(const std::function<void(ReplicationScript&)>& change) {
    world_.recipient.Edit([&](FakeMysqlState& state) { change(state.replication); });
  }
  // Changes a tablet's record when the operation has run for `after`; FILE COPY lasts to 1m.
  void ChangeRecord(absl::Duration after, const TabletAlias& alias,
                    std::function<void(Tablet&)> change) {
    world_.clock.At(world_.clock.Now() + after, [this, alias, change = std::move(change)] {
      EXPECT_TRUE(world_.topology
                      .UpdateTablet(alias,
                                    [&change](Tablet& tablet) {
                                      change(tablet);
                                      return absl::OkStatus();
                                    })
                      .ok());
    });
  }
  Operation Run(Operation operation) {
    world_.Run(operation);
    return operation;
  }
  Operation RequestFromOther() {
    DonorChoice choice;
    choice.kind = DonorChoice::Kind::kTablet;
    choice.tablet = world_.other;
    return world_.Request(choice);
  }
  bool NoteSaid(const std::string& text) const {
    return std::any_of(
        world_.observer.progress.begin(), world_.observer.progress.end(),
        [&text](const Progress& progress) { return absl::StrContains(progress.note, text); });
  }
  int SourcePort() { return world_.recipient.state().source->address.port; }

  ProvisionWorld world_;
};

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

TEST_F(CatchUpTest, ASourceThatMovedDuringTheCopyIsFollowedWhereItIsNow) {
  world_.AddOther();
  ChangeRecord(absl::Seconds(30), world_.other, [](Tablet& tablet) { tablet.mysql.port = 3340; });
  Replication([](ReplicationScript& script) { script.gtid_executed_after = kNewer; });
  const Operation operation = Run(RequestFromOther());
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(SourcePort(), 3340);
  EXPECT_EQ(operation.source_mysql.port, 3340);
}

TEST_F(CatchUpTest, ASourceThatMovesWhileTheReplicaCatchesUpIsFollowedToItsNewAddress) {
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

TEST_F(CatchUpTest, ASourceWhoseAgentStoppedKeepsItsLastAddress) {
  world_.AddOther();
  ChangeRecord(absl::Seconds(30), world_.other, [](Tablet& tablet) { tablet.mysql = HostPort(); });
  Replication([](ReplicationScript& script) { script.gtid_executed_after = kNewer; });
  EXPECT_EQ(Run(RequestFromOther()).outcome, Outcome::kDone);
  EXPECT_EQ(SourcePort(), 3330);
}

TEST_F(CatchUpTest, ASourceThatIsBeingRebuiltOrHasLostItsDataGivesWayToThePrimary) {
  for (const char* data_state : {"", "EMPTY", "PARTIAL"}) {
    ProvisionWorld world;
    world.AddOther();
    world.clock.At(world.clock.Now() + absl::Seconds(30), [&world, data_state] {
      EXPECT_TRUE(world.topology
                      .UpdateTablet(world.other,
                                    [data_state](Tablet& tablet) {
                                      const std::string data(data_state);
                                      if (data.empty()) tablet.type = TabletType::kRestore;
                                      if (!data.empty()) {
                                        tablet.tags["graft.data_state"] = data;
                                        tablet.tags["graft.operation"] = "op-9";
                                      }
                                      return absl::OkStatus();
                                    })
                      .ok());
    });
    Operation operation = RequestFromOther();
    world.Run(operation);
    EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
    EXPECT_EQ(operation.source, world.primary) << data_state;
    EXPECT_EQ(world.recipient.state().source->address.port, 3310);
  }
}

TEST_F(CatchUpTest, ThePrimaryOfNowIsFollowed) {
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

TEST_F(CatchUpTest, AnotherServerAtTheSourcesAddressIsNotFollowed) {
  ChangeRecord(absl::Seconds(30), world_.primary, [](Tablet& tablet) {
    tablet.tags["graft.server_uuid"] = "99999999-71ca-11e1-9e33-c80aa9429562";
  });
  const Operation operation = Run(world_.Request());
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_TRUE(HasReason(operation.error, Reason::kSourceIdentity)) << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kCloned);
  EXPECT_FALSE(world_.recipient.state().source.has_value());
}

TEST_F(CatchUpTest, ATopologyThatIsAwayKeepsNobodyFromFollowing) {
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
