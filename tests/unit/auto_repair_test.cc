#include "provision/repair/auto_repair.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "fakes/fake_store.h"
#include "topo/queue_locks.h"
#include "unit/auto_repair_suite.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class AutoRepairTest : public ::testing::Test {
 protected:
  // A look of each agent every five seconds.
  void LookFor(absl::Duration duration, const std::vector<RepairingAgent*>& agents) {
    const absl::Time end = clock_.Now() + duration;
    while (clock_.Now() < end) {
      clock_.Advance(absl::Seconds(5));
      for (RepairingAgent* agent : agents) agent->Look();
    }
  }
  void LookFor(absl::Duration duration) { LookFor(duration, {&agent_}); }

  std::vector<std::string> Queue() {
    std::vector<std::string> tablets;
    const std::vector<QueueEntry> entries = *locks_.List(RepairLockName("shop", "0"));
    for (const QueueEntry& entry : entries) {
      tablets.push_back(entry.tablet.ToString());
    }
    return tablets;
  }

  PreflightReport Report(CheckOutcome outcome) const {
    PreflightReport report;
    report.donor = {"zone1", 100};
    report.results.resize(2);
    report.results[1].id = "DISK_SPACE";
    report.results[1].outcome = outcome;
    return report;
  }

  SimulatedClock clock_;
  FakeStore store_{clock_};
  VitessQueueLocks locks_{{clock_, store_, "/vitess/global"}, {"host", "user"}};
  RepairingAgent agent_{clock_, locks_, 101};
  ScriptedDesk& desk_ = agent_.desk;
};

TEST_F(AutoRepairTest, AHealthyReplicaIsLeftAlone) {
  LookFor(absl::Hours(1));
  EXPECT_THAT(desk_.calls, IsEmpty());
  EXPECT_EQ(desk_.preflights, 0);
  EXPECT_EQ(store_.calls(), 0);
  EXPECT_THAT(agent_.news, SizeIs(1));
}

TEST_F(AutoRepairTest, AnErrorThatStandsIsRepaired) {
  agent_.Break(1062);
  LookFor(absl::Minutes(1));
  EXPECT_THAT(desk_.calls, IsEmpty());
  LookFor(absl::Seconds(5));
  ASSERT_THAT(desk_.calls, SizeIs(1));
  EXPECT_THAT(desk_.calls[0].id, StartsWith("repair-1062-2027"));
  ASSERT_TRUE(desk_.calls[0].donor.has_value());
  EXPECT_EQ(desk_.calls[0].donor->kind, DonorChoice::Kind::kAny);
  EXPECT_EQ(agent_.repair.state(),
            "replication error 1062 (applier); operation " + desk_.calls[0].id + " is started");
}

TEST_F(AutoRepairTest, AnErrorThatPassesIsNot) {
  for (int i = 0; i < 10; ++i) {
    agent_.Break(1062);
    LookFor(absl::Seconds(50));
    agent_.Break(i % 2 == 0 ? 0 : 1032);
    LookFor(absl::Seconds(5));
  }
  EXPECT_THAT(desk_.calls, IsEmpty());
}

TEST_F(AutoRepairTest, AServerThatCannotBeReadProvesNoError) {
  agent_.Break(1062);
  LookFor(absl::Seconds(50));
  desk_.tablet.mysql_reachable = false;
  LookFor(absl::Minutes(10));
  EXPECT_THAT(desk_.calls, IsEmpty());
  desk_.tablet.mysql_reachable = true;
  LookFor(absl::Minutes(1));
  EXPECT_THAT(desk_.calls, IsEmpty());
  LookFor(absl::Seconds(5));
  EXPECT_THAT(desk_.calls, SizeIs(1));
}

TEST_F(AutoRepairTest, APrimaryIsNeverRebuilt) {
  agent_.Break(1062);
  agent_.topology.type = TabletType::kPrimary;
  LookFor(absl::Minutes(10));
  agent_.topology.type = TabletType::kReplica;
  agent_.topology.primary = {"zone1", 101};
  LookFor(absl::Minutes(10));
  agent_.topology.primary = {"zone1", 100};
  desk_.tablet.type = TabletType::kPrimary;
  LookFor(absl::Minutes(10));
  EXPECT_THAT(desk_.calls, IsEmpty());
  EXPECT_EQ(desk_.preflights, 0);
  desk_.tablet.type = TabletType::kReplica;
  LookFor(absl::Seconds(5));
  EXPECT_THAT(desk_.calls, SizeIs(1)) << agent_.repair.state();
}

TEST_F(AutoRepairTest, BecomingThePrimaryWhileItWaitsEndsIt) {
  desk_.hold_preflights = true;
  agent_.Break(1062);
  LookFor(absl::Minutes(2));
  ASSERT_THAT(desk_.held, SizeIs(1));
  agent_.topology.primary = {"zone1", 101};
  desk_.held[0](PreflightReport());
  LookFor(absl::Seconds(5));
  EXPECT_THAT(desk_.calls, IsEmpty());
  EXPECT_THAT(Queue(), IsEmpty());
}

TEST_F(AutoRepairTest, NothingIsDoneWithoutTheTopology) {
  agent_.Break(1062);
  agent_.topology.failure = absl::UnavailableError("etcd is away");
  LookFor(absl::Minutes(10));
  EXPECT_THAT(desk_.calls, IsEmpty());
  EXPECT_THAT(agent_.repair.state(), HasSubstr("etcd is away"));
  agent_.topology.failure = absl::OkStatus();
  store_.FailAll(absl::UnavailableError("etcd is away again"));
  LookFor(absl::Minutes(10));
  EXPECT_THAT(desk_.calls, IsEmpty());
  EXPECT_THAT(agent_.repair.state(), HasSubstr("etcd is away again"));
  store_.Heal();
  LookFor(absl::Seconds(5));
  EXPECT_THAT(desk_.calls, SizeIs(1));
}

TEST_F(AutoRepairTest, WithoutAHealthyDonorNothingIsStarted) {
  agent_.Break(1062);
  for (const auto& report : std::vector<absl::StatusOr<PreflightReport>>{
           Report(CheckOutcome::kFatal), Report(CheckOutcome::kUnchecked),
           absl::FailedPreconditionError("no eligible donor")}) {
    desk_.report = report;
    LookFor(absl::Hours(2));
    EXPECT_THAT(desk_.calls, IsEmpty());
    EXPECT_THAT(Queue(), IsEmpty());
  }
  EXPECT_THAT(agent_.repair.state(), HasSubstr("no eligible donor"));
  EXPECT_THAT(agent_.news[1], HasSubstr("zone1-0000000100 says DISK_SPACE"));
  EXPECT_THAT(agent_.news, SizeIs(3)) << "once per change: stands, disk space, no donor";
  EXPECT_LT(desk_.preflights, 35) << "every 16 minutes in the end";
  desk_.report = Report(CheckOutcome::kWarning);
  LookFor(absl::Minutes(17));
  EXPECT_THAT(desk_.calls, SizeIs(1));
}

TEST_F(AutoRepairTest, AnAnswerThatComesTooLateStartsNothing) {
  desk_.hold_preflights = true;
  agent_.Break(1062);
  LookFor(absl::Minutes(2));
  EXPECT_THAT(agent_.repair.state(), HasSubstr("under way"));
  agent_.Break(0);
  LookFor(absl::Seconds(5));
  ASSERT_THAT(desk_.held, SizeIs(1));
  desk_.held[0](PreflightReport());
  agent_.Break(1062);
  LookFor(absl::Minutes(5));
  EXPECT_THAT(desk_.calls, IsEmpty());
  ASSERT_THAT(desk_.held, SizeIs(2)) << "asked anew for the error of now";
  desk_.held[1](PreflightReport());
  LookFor(absl::Seconds(5));
  EXPECT_THAT(desk_.calls, SizeIs(1));
}

TEST_F(AutoRepairTest, OneTabletOfAShardAtATime) {
  RepairingAgent other(clock_, locks_, 102);
  agent_.Break(1062);
  other.Break(1032);
  LookFor(absl::Hours(3), {&agent_, &other});
  EXPECT_THAT(desk_.calls, SizeIs(1));
  EXPECT_THAT(other.desk.calls, IsEmpty());
  EXPECT_THAT(other.repair.state(), HasSubstr("waits for 1 other"));
  agent_.Break(0);
  desk_.End(Outcome::kDone, DataState::kCloned);
  LookFor(absl::Seconds(10), {&agent_, &other});
  EXPECT_THAT(other.desk.calls, SizeIs(1));
  EXPECT_THAT(Queue(), ElementsAre("zone1-0000000102"));
}

TEST_F(AutoRepairTest, WhoHasNoDonorDoesNotHoldUpTheShard) {
  RepairingAgent other(clock_, locks_, 102);
  agent_.Break(1062);
  desk_.report = Report(CheckOutcome::kFatal);
  other.Break(1032);
  LookFor(absl::Minutes(2), {&agent_, &other});
  EXPECT_THAT(other.desk.calls, SizeIs(1));
}

TEST_F(AutoRepairTest, ARepairTakenUpAfterARestartStandsInTheQueue) {
  Operation unfinished;
  unfinished.request.id = "repair-1062-20270101T000000";
  desk_.history = {unfinished};
  RepairingAgent other(clock_, locks_, 102);
  other.Break(1032);
  LookFor(absl::Minutes(10), {&agent_, &other});
  EXPECT_THAT(Queue(), ElementsAre("zone1-0000000101", "zone1-0000000102"));
  EXPECT_THAT(other.desk.calls, IsEmpty());
  const std::vector<KeyValue> places = *store_.List("/");
  for (const KeyValue& item : places) store_.RevokeLease(item.lease).IgnoreError();
  agent_.Look();
  EXPECT_THAT(Queue(), ElementsAre("zone1-0000000101")) << "a lost place is taken again";
}

TEST_F(AutoRepairTest, AnOperatorsOperationIsNotARepair) {
  Operation by_hand;
  by_hand.request.id = "op-7";
  desk_.history = {by_hand};
  agent_.Break(1062);
  LookFor(absl::Minutes(10));
  EXPECT_THAT(desk_.calls, IsEmpty());
  EXPECT_THAT(Queue(), IsEmpty());
  EXPECT_THAT(agent_.repair.state(), HasSubstr("op-7 is running"));
}

TEST_F(AutoRepairTest, AFailureIsFollowedByAPauseAndAtMostOneMore) {
  agent_.Break(1062);
  LookFor(absl::Seconds(65));
  ASSERT_THAT(desk_.calls, SizeIs(1));
  desk_.End(Outcome::kFailed, DataState::kIntact);
  LookFor(absl::Minutes(14));
  EXPECT_THAT(desk_.calls, SizeIs(1));
  EXPECT_THAT(Queue(), IsEmpty());
  LookFor(absl::Minutes(2));
  EXPECT_THAT(desk_.calls, SizeIs(2));
  desk_.End(Outcome::kFailed, DataState::kIntact);
  LookFor(absl::Hours(20));
  EXPECT_THAT(desk_.calls, SizeIs(2));
  EXPECT_THAT(agent_.repair.state(), HasSubstr("limit"));
}

TEST_F(AutoRepairTest, ADeskThatRefusesIsAskedAgainLater) {
  agent_.Break(1062);
  desk_.refusal = absl::UnavailableError("journal: disk full");
  LookFor(absl::Seconds(70));
  EXPECT_THAT(agent_.repair.state(), HasSubstr("disk full"));
  EXPECT_THAT(Queue(), IsEmpty());
  desk_.refusal = absl::OkStatus();
  LookFor(absl::Minutes(2));
  EXPECT_THAT(desk_.calls, SizeIs(1));
}

TEST_F(AutoRepairTest, ServesUntilItIsStopped) {
  agent_.Break(1062);
  desk_.hold_preflights = true;
  desk_.tablet.read_at = clock_.Now();
  std::vector<std::string> queue_before;
  for (int seconds = 1; seconds < 80; ++seconds) {
    clock_.At(clock_.Now() + absl::Seconds(seconds),
              [this] { desk_.tablet.read_at = clock_.Now(); });
  }
  clock_.At(clock_.Now() + absl::Seconds(80), [&] {
    queue_before = Queue();
    agent_.repair.Stop();
  });
  agent_.repair.Serve();
  EXPECT_THAT(queue_before, ElementsAre("zone1-0000000101"));
  EXPECT_THAT(Queue(), IsEmpty()) << "its place is given up";
}

TEST_F(AutoRepairTest, WithoutErrorsToRepairItDoesNotEvenLook) {
  AutoRepair::Options options = RepairingAgent::Options(101);
  options.rules.errors.clear();
  AutoRepair off({clock_, desk_, locks_, agent_.topology, nullptr}, options);
  off.Serve();
  EXPECT_EQ(off.state(), "");
}

}  // namespace
}  // namespace graft
