#include "provision/fleet/rebuild_member.h"

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "fakes/ask_in_order.h"
#include "fakes/fake_mysql_server.h"
#include "fakes/fake_store.h"
#include "fakes/simulated_clock.h"
#include "graft/shard_rebuild.h"
#include "testing/is_ok.h"
#include "unit/auto_repair_suite.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kReplica = TabletType::kReplica;

// The agent of one tablet, as far as RebuildMember sees it.
struct MemberAgent {
  MemberAgent(SimulatedClock& clock, ShardRebuilds& the_rebuilds, uint32_t uid)
      : desk(clock), rebuilds(the_rebuilds), alias({"zone1", uid}) {
    ReplicationChannel channel;
    channel.receiver_running = true;
    channel.applier_running = true;
    desk.tablet.replication = {channel};
    desk.tablet.mysql_reachable = true;
    desk.tablet.read_at = clock.Now();
    for (uint32_t other = 100; other <= 103; ++other) {
      Tablet tablet;
      tablet.alias = {"zone1", other};
      tablet.type = other == 100 ? TabletType::kPrimary : kReplica;
      tablet.mysql = {"h", 3306};
      topology.tablets.push_back(tablet);
    }
    Restart();
  }

  void Restart() {
    member = std::make_unique<RebuildMember>(
        RebuildMember::Deps{desk.clock, desk, topology, rebuilds,
                            [this](const std::string& text) { news.push_back(text); }, open_peer,
                            AskInOrder(desk.clock)},
        RebuildMember::Options{alias, "shop", "0"});
  }
  Tablet& Record(uint32_t uid) { return topology.tablets[uid - 100]; }

  OpenPeer open_peer;  // before a Restart()
  ScriptedDesk desk;
  ShardRebuilds& rebuilds;
  const TabletAlias alias;
  ScriptedTopology topology;
  std::vector<std::string> news;
  std::unique_ptr<RebuildMember> member;
};

class RebuildMemberTest : public ::testing::Test {
 protected:
  // Of zone1-101 and on.
  void Begin(int max_unavailable, int members = 3, const std::string& id = "rebuild-1") {
    ShardRebuild rebuild;
    rebuild.call.id = id;
    rebuild.requested = clock_.Now();
    rebuild.call.donor = DonorChoice{DonorChoice::Kind::kAny, {}};
    rebuild.max_unavailable = max_unavailable;
    for (int i = 0; i < members; ++i) {
      rebuild.members.emplace_back();
      rebuild.members.back().alias = {"zone1", static_cast<uint32_t>(101 + i)};
    }
    ASSERT_THAT(rebuilds_.Begin(rebuild), IsOk());
  }
  void LookAll() {
    for (MemberAgent* agent : {&first_, &second_, &third_}) agent->member->Look();
  }
  // Its record, as all of them see it.
  void ItsRecordSays(uint32_t uid, const std::string& step, const std::string& donor) {
    for (MemberAgent* agent : {&first_, &second_, &third_}) {
      agent->Record(uid).tags["graft.step"] = step;
      agent->Record(uid).tags["graft.donor"] = donor;
    }
  }
  std::vector<std::string> Outcomes() {
    std::vector<std::string> outcomes;
    const ShardRebuild rebuild = *rebuilds_.Get();
    for (const ShardRebuild::Member& member : rebuild.members) {
      outcomes.emplace_back(MemberOutcomeName(member.outcome));
    }
    return outcomes;
  }
  ShardRebuild::Member Member(uint32_t uid) {
    return *FindMember(*rebuilds_.Get(), {"zone1", uid});
  }
  void Stop() {
    ASSERT_THAT(rebuilds_.Change("rebuild-1",
                                 [](ShardRebuild& rebuild) {
                                   rebuild.stopped = "bob";
                                   return absl::OkStatus();
                                 }),
                IsOk());
  }

  SimulatedClock clock_;
  FakeStore store_{clock_};
  ShardRebuilds rebuilds_{store_, "/g", "shop", "0"};
  MemberAgent first_{clock_, rebuilds_, 101};
  MemberAgent second_{clock_, rebuilds_, 102};
  MemberAgent third_{clock_, rebuilds_, 103};
};

TEST_F(RebuildMemberTest, WithoutARebuildALookIsOneReadInHalfAMinute) {
  first_.member->Look();
  const int calls = store_.calls();
  EXPECT_EQ(first_.member->Look(), absl::Seconds(30));
  EXPECT_EQ(store_.calls(), calls + 1);
  EXPECT_EQ(store_.calls(StoreMethod::kWatchPrefix), 1);
  EXPECT_THAT(first_.news, IsEmpty());
}

TEST_F(RebuildMemberTest, OneAfterTheOther) {
  Begin(1);
  for (int i = 0; i < 3; ++i) LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("running", "waiting", "waiting"));
  ASSERT_THAT(first_.desk.calls, SizeIs(1));
  EXPECT_EQ(first_.desk.calls[0].id, "rebuild-1");
  EXPECT_EQ(first_.desk.calls[0].donor->kind, DonorChoice::Kind::kAny);
  EXPECT_THAT(second_.news, ElementsAre("waits for zone1-0000000101"));
  first_.desk.End(Outcome::kDone, DataState::kCloned);
  first_.member->Look();
  EXPECT_THAT(Outcomes(), ElementsAre("done", "waiting", "waiting"));
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("done", "running", "waiting"));
  second_.desk.End(Outcome::kDone, DataState::kCloned);
  LookAll();
  LookAll();
  third_.desk.End(Outcome::kDone, DataState::kCloned);
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("done", "done", "done"));
  EXPECT_TRUE(IsOver(*rebuilds_.Get()));
  LookAll();
  EXPECT_THAT(first_.desk.calls, SizeIs(1)) << "not a second time";
}

TEST_F(RebuildMemberTest, TwoAtATimeIfAllowed) {
  Begin(2);
  for (const uint32_t uid : {101, 102, 103}) ItsRecordSays(uid, "clone", "zone1-0000000100");
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("running", "running", "waiting"));
  second_.desk.End(Outcome::kDone, DataState::kCloned);
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("running", "done", "running"));
}

TEST_F(RebuildMemberTest, WhoIsNoMemberDoesNothing) {
  Begin(1, 2);
  LookAll();
  EXPECT_THAT(third_.desk.calls, IsEmpty());
  EXPECT_THAT(third_.news, IsEmpty());
}

TEST_F(RebuildMemberTest, AFailureIsTheLast) {
  Begin(1);
  LookAll();
  first_.desk.history[0].error = absl::PermissionDeniedError("wrong password");
  first_.desk.End(Outcome::kFailed, DataState::kPartial);
  LookAll();
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("failed", "waiting", "waiting"));
  EXPECT_EQ(Member(101).reason, "PERMISSION_DENIED: wrong password");
  EXPECT_TRUE(Member(101).data_gone);
  EXPECT_THAT(second_.desk.calls, IsEmpty());
  EXPECT_EQ(second_.news.back(), "zone1-0000000101 has failed");
}

TEST_F(RebuildMemberTest, ACancelledOperationIsAFailure) {
  Begin(1);
  LookAll();
  first_.desk.history[0].error = absl::CancelledError("cancelled on request");
  first_.desk.End(Outcome::kCancelled, DataState::kIntact);
  LookAll();
  EXPECT_EQ(Member(101).outcome, MemberOutcome::kFailed);
  EXPECT_EQ(Member(101).reason, "CANCELLED: cancelled on request");
  EXPECT_FALSE(Member(101).data_gone);
}

TEST_F(RebuildMemberTest, AStopLetsTheRunningOneEnd) {
  Begin(1);
  LookAll();
  Stop();
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("running", "waiting", "waiting"));
  first_.desk.End(Outcome::kDone, DataState::kCloned);
  LookAll();
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("done", "waiting", "waiting"));
  EXPECT_EQ(second_.news.back(), "stopped by bob");
}

TEST_F(RebuildMemberTest, AnAgentThatWasKilledGoesOn) {
  Begin(1);
  LookAll();
  first_.Restart();
  LookAll();
  EXPECT_THAT(first_.desk.calls, SizeIs(1)) << "the operation is there";
  first_.desk.End(Outcome::kDone, DataState::kCloned);
  first_.Restart();
  first_.member->Look();
  EXPECT_THAT(Outcomes(), ElementsAre("done", "waiting", "waiting"));
}

TEST_F(RebuildMemberTest, AnAgentKilledBeforeItsRequestMakesTheRequest) {
  Begin(1);
  first_.desk.refusal = absl::UnavailableError("the agent is stopping");
  EXPECT_EQ(first_.member->Look(), absl::Seconds(1));
  EXPECT_THAT(Outcomes(), ElementsAre("running", "waiting", "waiting"));
  first_.Restart();
  first_.desk.refusal = absl::OkStatus();
  first_.member->Look();
  EXPECT_THAT(first_.desk.calls, SizeIs(1));
}

TEST_F(RebuildMemberTest, AnAgentKilledBeforeItsRequestChecksEverythingAgain) {
  const std::vector<std::function<void()>> changes = {
      [this] { Stop(); },
      [this] {
        first_.topology.primary = {"zone1", 101};
      },
      [this] {
        first_.Record(102).type = TabletType::kRestore;
        first_.Record(103).type = TabletType::kRestore;
      }};
  const std::vector<std::string> reasons = {
      "stopped by bob", "zone1-0000000101 is the shard's primary",
      "zone1-0000000101 is the last healthy replica of shop/0"};
  for (size_t i = 0; i < changes.size(); ++i) {
    first_.topology.primary = {"zone1", 100};
    Begin(1, 1, i == 0 ? "rebuild-1" : absl::StrCat("later-", i));
    first_.desk.refusal = absl::UnavailableError("the agent is stopping");
    first_.member->Look();
    ASSERT_THAT(Outcomes(), ElementsAre("running"));
    changes[i]();
    first_.Restart();
    first_.desk.refusal = absl::OkStatus();
    first_.member->Look();
    EXPECT_THAT(first_.desk.calls, IsEmpty());
    EXPECT_EQ(Member(101).outcome, MemberOutcome::kFailed);
    EXPECT_EQ(Member(101).reason, reasons[i]);
  }
}

TEST_F(RebuildMemberTest, ARefusedRequestIsAFailure) {
  Begin(1);
  first_.desk.refusal = absl::FailedPreconditionError("another operation runs");
  first_.member->Look();
  EXPECT_EQ(Member(101).reason, "FAILED_PRECONDITION: another operation runs");
}

TEST_F(RebuildMemberTest, TheEndIsWrittenOnceTheStoreIsBack) {
  Begin(1);
  LookAll();
  first_.desk.End(Outcome::kDone, DataState::kCloned);
  store_.FailAll(absl::UnavailableError("etcd is away"));
  EXPECT_EQ(first_.member->Look(), absl::Seconds(5));
  EXPECT_THAT(first_.news.back(), HasSubstr("the end cannot be written: UNAVAILABLE"));
  store_.Heal();
  EXPECT_THAT(Outcomes(), ElementsAre("running", "waiting", "waiting"));
  store_.LoseAnswer(absl::DeadlineExceededError("no answer"));
  first_.member->Look();
  first_.member->Look();
  EXPECT_THAT(Outcomes(), ElementsAre("done", "waiting", "waiting"));
  EXPECT_EQ(first_.news.back(), "done");
}

TEST_F(RebuildMemberTest, NothingBeginsWhileTheStoreIsAway) {
  Begin(1);
  store_.FailAll(absl::UnavailableError("etcd is away"));
  EXPECT_EQ(first_.member->Look(), absl::Seconds(5));
  store_.Heal();
  first_.topology.failure = absl::UnavailableError("a cell is away");
  EXPECT_EQ(first_.member->Look(), absl::Seconds(5));
  store_.FailNext(StoreMethod::kUpdate, absl::UnavailableError("away again"));
  first_.topology.failure = absl::OkStatus();
  first_.member->Look();
  EXPECT_THAT(first_.desk.calls, IsEmpty());
  first_.member->Look();
  EXPECT_THAT(first_.desk.calls, SizeIs(1));
}

TEST_F(RebuildMemberTest, ThePrimaryIsNotTouched) {
  Begin(1);
  first_.topology.primary = {"zone1", 101};
  first_.member->Look();
  EXPECT_THAT(first_.desk.calls, IsEmpty());
  EXPECT_EQ(Member(101).outcome, MemberOutcome::kFailed);
  EXPECT_EQ(Member(101).reason, "zone1-0000000101 is the shard's primary");
}

TEST_F(RebuildMemberTest, TheLastHealthyReplicaIsNotTouched) {
  Begin(1);
  first_.Record(102).type = TabletType::kRestore;
  first_.Record(103).tags["graft.data_state"] = "EMPTY";
  first_.member->Look();
  EXPECT_THAT(first_.desk.calls, IsEmpty());
  EXPECT_EQ(Member(101).reason, "zone1-0000000101 is the last healthy replica of shop/0");
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("failed", "waiting", "waiting"));
}

TEST_F(RebuildMemberTest, ABrokenReplicaMayBeTheLast) {
  first_.Record(102).type = TabletType::kRestore;
  first_.Record(103).type = TabletType::kRestore;
  const std::vector<std::function<void()>> faults = {
      [this] { first_.Record(101).type = TabletType::kRestore; },
      [this] { first_.desk.tablet.replication[0].applier_running = false; },
      [this] { first_.desk.tablet.replication.clear(); },
      [this] { first_.desk.tablet.mysql_reachable = false; }};
  const TabletSnapshot healthy = first_.desk.tablet;
  for (size_t i = 0; i < faults.size(); ++i) {
    first_.desk.tablet = healthy;
    first_.Record(101).type = kReplica;
    faults[i]();
    Begin(1, 1, absl::StrCat("rebuild-of-fault-", i));
    first_.member->Look();
    EXPECT_THAT(first_.desk.calls, SizeIs(i + 1)) << Member(101).reason;
    first_.desk.End(Outcome::kDone, DataState::kCloned);
    first_.member->Look();
  }
}

// Both see the other one healthy in the records; whoever writes second sees that the first runs.
TEST_F(RebuildMemberTest, OfTwoThatBeginAtOnceOneStays) {
  Begin(2, 2);
  ItsRecordSays(102, "clone", "zone1-0000000100");
  for (MemberAgent* agent : {&first_, &second_}) agent->Record(103).type = TabletType::kRestore;
  bool once = true;
  store_.before_call = [&](StoreMethod method) {
    if (method == StoreMethod::kUpdate && once) {
      once = false;
      second_.member->Look();
    }
    return absl::OkStatus();
  };
  first_.member->Look();
  EXPECT_THAT(Outcomes(), ElementsAre("failed", "running"));
  EXPECT_THAT(first_.desk.calls, IsEmpty());
  EXPECT_THAT(second_.desk.calls, SizeIs(1));
}

TEST_F(RebuildMemberTest, ItWaitsForAnOperationThatRunsAndForItsMysqld) {
  Begin(1);
  first_.desk.tablet.read_at = absl::InfinitePast();
  EXPECT_EQ(first_.member->Look(), absl::Seconds(5));
  first_.desk.tablet.read_at = clock_.Now();
  Operation other;
  other.request.id = "repair-1062";
  first_.desk.history = {other};
  first_.member->Look();
  EXPECT_EQ(first_.news.back(), "waits for operation repair-1062");
  EXPECT_THAT(Outcomes(), ElementsAre("waiting", "waiting", "waiting"));
  first_.desk.End(Outcome::kDone, DataState::kCloned);
  first_.member->Look();
  EXPECT_THAT(first_.desk.calls, SizeIs(1));
}

// By automatic repair, for instance.
TEST_F(RebuildMemberTest, WhatWasRebuiltMeanwhileIsNotRebuiltAgain) {
  Begin(1);
  Operation repair;
  repair.request.id = "repair-1062";
  for (const bool meanwhile : {false, true}) {
    MemberAgent& agent = meanwhile ? second_ : first_;
    repair.requested = rebuilds_.Get()->requested + absl::Seconds(meanwhile ? 1 : -1);
    agent.desk.history = {repair};
    agent.desk.End(Outcome::kDone, DataState::kCloned);
    agent.member->Look();
    EXPECT_THAT(agent.desk.calls, SizeIs(meanwhile ? 0 : 1));
    if (meanwhile) break;
    agent.desk.End(Outcome::kDone, DataState::kCloned);
    agent.member->Look();
  }
  EXPECT_THAT(Outcomes(), ElementsAre("done", "done", "waiting"));
  EXPECT_EQ(second_.news.back(), "done, by operation repair-1062");
}

// The primary waits for its acknowledgements.
TEST_F(RebuildMemberTest, ASemiSynchronousReplicaBeginsAlone) {
  Begin(2);
  for (MemberAgent* agent : {&second_, &third_}) agent->desk.tablet.acknowledges = true;
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("running", "waiting", "waiting"));
  EXPECT_EQ(second_.news.back(),
            "waits for zone1-0000000101: a semi-synchronous replica begins alone");
  first_.desk.End(Outcome::kDone, DataState::kCloned);
  LookAll();
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("done", "running", "waiting"));
  second_.Restart();  // it has begun already
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("done", "running", "waiting"));
  second_.desk.End(Outcome::kDone, DataState::kCloned);
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("done", "done", "running"));
}

// A member that is about to choose its donor may choose the next one.
TEST_F(RebuildMemberTest, TheNextBeginsWhenTheOneBeforeHasItsDonor) {
  Begin(2);
  LookAll();
  for (const char* step : {"resolve_donor", "preflight", "claim_donor", "fence", "what is this?"}) {
    ItsRecordSays(101, step, "zone1-0000000103");
    LookAll();
    EXPECT_THAT(Outcomes(), ElementsAre("running", "waiting", "waiting")) << step;
    EXPECT_EQ(second_.news.back(), "waits until zone1-0000000101 has its donor");
  }
  for (const char* step : {"clone", "await_restart"}) {
    ItsRecordSays(101, step, "zone1-0000000102");
    LookAll();
    EXPECT_THAT(Outcomes(), ElementsAre("running", "waiting", "waiting")) << step;
    EXPECT_EQ(second_.news.back(),
              "waits until zone1-0000000101, which this tablet serves, has its copy");
  }
  ItsRecordSays(101, "verify", "zone1-0000000102");
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("running", "running", "waiting"));
}

// Its turn was long ago: it has waited for a donor since.
TEST_F(RebuildMemberTest, TheShardIsLookedAtAgainBeforeTheFence) {
  Begin(1);
  first_.member->Look();
  ASSERT_THAT(first_.desk.calls, SizeIs(1));
  Operation operation;
  operation.request.id = "rebuild-1";
  first_.Record(101).type = TabletType::kRestore;  // as it says at the step "fence"
  EXPECT_THAT(first_.member->MayFence(operation), IsOk());
  first_.Record(102).type = TabletType::kRestore;
  first_.Record(103).mysql = {};
  const absl::Status kept = first_.member->MayFence(operation);
  EXPECT_EQ(ReasonOf(kept), "LAST_HEALTHY_REPLICA") << kept;
  EXPECT_THAT(std::string(kept.message()), HasSubstr("is the last healthy replica of shop/0"));
  store_.FailNext(1, absl::UnavailableError("away"));
  EXPECT_EQ(first_.member->MayFence(operation).code(), absl::StatusCode::kUnavailable);
  operation.request.id = "by-hand";
  EXPECT_THAT(first_.member->MayFence(operation), IsOk()) << "somebody wants this one";
}

// Its server would refuse to be rebuilt, which would end the rebuild of the shard.
TEST_F(RebuildMemberTest, ItWaitsForTheCopyThatItServes) {
  Begin(1);
  first_.desk.tablet.donating = true;
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("waiting", "waiting", "waiting"));
  first_.desk.tablet.donating = false;
  LookAll();
  EXPECT_THAT(Outcomes(), ElementsAre("running", "waiting", "waiting"));
}

// What its records say counts: a replica that follows nobody, or is empty, serves nobody.
TEST_F(RebuildMemberTest, OtherReplicasMustBeWellByTheirRecords) {
  Begin(1);
  WriteHealth({"", LagClass::kStopped, false, false}, first_.Record(102));
  WriteHealth({"", LagClass::kCurrent, false, true}, first_.Record(103));
  first_.member->Look();
  EXPECT_THAT(first_.desk.calls, IsEmpty());
  EXPECT_EQ(Member(101).reason, "zone1-0000000101 is the last healthy replica of shop/0");
}

// The replicas that are missed may be there.
// The agent of a machine that died cannot correct its record.
TEST_F(RebuildMemberTest, AnotherReplicaMustAnswer) {
  FakeMysqlServer others{clock_};
  first_.open_peer = [&](const HostPort&) {
    return std::shared_ptr<MysqlServer>(std::shared_ptr<void>(), &others);
  };
  first_.Restart();
  for (const bool down : {true, false}) {
    Begin(1, 1, down ? "rebuild-while-down" : "rebuild-later");
    others.SetDown(down);
    first_.member->Look();
    EXPECT_THAT(first_.desk.calls, SizeIs(down ? 0 : 1));
    EXPECT_EQ(Member(101).reason,
              down ? "zone1-0000000101 is the last healthy replica of shop/0" : "");
  }
}

TEST_F(RebuildMemberTest, ACellThatIsAwayIsWaitedFor) {
  Begin(1);
  const std::vector<Tablet> all = first_.topology.tablets;
  first_.topology.tablets = {all[0], all[1]};
  first_.topology.missing_cells = {{"zone2", absl::UnavailableError("away")}};
  first_.member->Look();
  EXPECT_EQ(Member(101).outcome, MemberOutcome::kWaiting);
  first_.topology.tablets = all;
  first_.topology.missing_cells.clear();
  first_.member->Look();
  EXPECT_EQ(Member(101).outcome, MemberOutcome::kRunning);
}

TEST_F(RebuildMemberTest, ARebuildThatIsGoneIsForgotten) {
  Begin(1);
  first_.member->Look();
  const KeyValue item = *store_.Get("/g/graft/rebuilds/shop/0");
  ASSERT_THAT(store_.Delete(item.key, item.version), IsOk());
  first_.desk.End(Outcome::kDone, DataState::kCloned);
  first_.member->Look();
  EXPECT_EQ(first_.member->Look(), absl::Seconds(30));
  EXPECT_EQ(rebuilds_.Get().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RebuildMemberTest, ServesUntilItIsStopped) {
  Begin(1, 1);
  clock_.At(clock_.Now() + absl::Minutes(2),
            [this] { first_.desk.End(Outcome::kDone, DataState::kCloned); });
  clock_.At(clock_.Now() + absl::Minutes(3), [this] { first_.member->Stop(); });
  first_.member->Serve();
  EXPECT_THAT(Outcomes(), ElementsAre("done"));
}

}  // namespace
}  // namespace graft
