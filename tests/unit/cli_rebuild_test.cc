// The rebuild of several tablets of a shard, as graftctl plans, begins, shows and stops it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/rebuild.h"
#include "fakes/fake_store.h"
#include "fakes/simulated_clock.h"
#include "graft/shard_rebuild.h"

namespace graft::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;

TabletAlias Alias(uint32_t uid) {
  return {"zone1", uid};
}

Tablet Record(uint32_t uid, TabletType type = TabletType::kReplica) {
  Tablet tablet;
  tablet.alias = Alias(uid);
  tablet.hostname = "h";
  tablet.port_map = {{"graft", static_cast<int>(9000 + uid)}};
  tablet.keyspace = "shop";
  tablet.shard = "0";
  tablet.type = type;
  tablet.mysql = HostPort{"m", 3306};
  return tablet;
}

AgentAnswer Replicating() {
  AgentAnswer answer;
  answer.tablet.set_mysql_reachable(true);
  answer.tablet.set_takes_turns(true);
  v1::ReplicationStatus& channel = *answer.tablet.add_replication();
  channel.set_receiver_running(true);
  channel.set_applier_running(true);
  channel.mutable_lag()->set_seconds(1);
  return answer;
}

AgentAnswer Broken() {
  AgentAnswer answer = Replicating();
  answer.tablet.mutable_replication(0)->set_applier_running(false);
  answer.tablet.mutable_replication(0)->set_applier_errno(1062);
  return answer;
}

AgentAnswer Operating(v1::Outcome outcome, v1::DataState data) {
  AgentAnswer answer = Replicating();
  answer.operation.emplace();
  answer.operation->set_id("op-7");
  answer.operation->set_step("clone");
  answer.operation->set_outcome(outcome);
  answer.operation->set_data_state(data);
  return answer;
}

SeenTablet Seen(uint32_t uid, AgentAnswer answer = Replicating(),
                TabletType type = TabletType::kReplica) {
  return {Record(uid, type), std::move(answer), {}};
}

SeenTablet Silent(uint32_t uid) {
  return {Record(uid), absl::UnavailableError("connection refused"), {}};
}

PlanRequest Request(RebuildChoice choice, int max_unavailable = 1) {
  PlanRequest request;
  request.shard = {"shop", "0", Alias(100)};
  request.choice = choice;
  request.max_unavailable = max_unavailable;
  return request;
}

std::vector<std::string> PlanText(const PlanRequest& request,
                                  const std::vector<SeenTablet>& tablets) {
  const auto plan = MakePlan(request, tablets);
  if (!plan.ok()) return {plan.status().ToString()};
  return RenderPlan(request, *plan);
}

TEST(CliRebuildPlanTest, UnhealthyTabletsComeFirstAndTheirTimesAreLearnt) {
  std::vector<SeenTablet> tablets = {Seen(100, Replicating(), TabletType::kPrimary), Seen(101),
                                     Seen(102, Broken()), Silent(103)};
  tablets[1].rebuilds = {absl::Minutes(4), absl::Minutes(90), absl::Minutes(5)};
  EXPECT_THAT(PlanText(Request(RebuildChoice::kAll), tablets),
              ElementsAre("rebuild of 2 tablets of shop/0 in 2 rounds, 1 at a time",
                          "ROUND  TABLET            TYPE     WHY                     ABOUT",
                          "1      zone1-0000000102  REPLICA  replication error 1062  5m",
                          "2      zone1-0000000101  REPLICA  healthy, on request     5m",
                          "about 10m in all, by earlier rebuilds in this shard",
                          "left out: zone1-0000000103: its agent does not answer: connection "
                          "refused"));
}

TEST(CliRebuildPlanTest, AnOlderAgentIsLeftOut) {
  AgentAnswer older = Replicating();
  older.tablet.set_takes_turns(false);
  const std::vector<std::string> lines =
      PlanText(Request(RebuildChoice::kAll), {Seen(101, older), Seen(102)});
  EXPECT_THAT(lines, Contains(HasSubstr("zone1-0000000102")));
  EXPECT_THAT(lines.back(),
              HasSubstr("left out: zone1-0000000101: its agent is of an older graft"));
}

// As the agents do it.
TEST(CliRebuildPlanTest, SemiSynchronousReplicasAreRebuiltOneByOne) {
  AgentAnswer acknowledges = Replicating();
  acknowledges.tablet.set_acknowledges(true);
  const std::vector<SeenTablet> tablets = {Seen(101), Seen(102, acknowledges)};
  const auto lines = PlanText(Request(RebuildChoice::kAll, 2), tablets);
  EXPECT_EQ(lines[0], "rebuild of 2 tablets of shop/0 in 2 rounds, 1 at a time");
  EXPECT_THAT(lines[1], HasSubstr("semi-synchronous replicas"));
  EXPECT_EQ(MakePlan(Request(RebuildChoice::kAll, 2), tablets)->at_once, 1);
}

TEST(CliRebuildPlanTest, ARoundLastsAsLongAsItsSlowestTablet) {
  std::vector<SeenTablet> tablets = {Seen(101), Seen(102), Seen(103), Seen(104)};
  tablets[0].rebuilds = {absl::Minutes(4)};
  tablets[1].rebuilds = {absl::Minutes(6)};
  tablets[2].rebuilds = {absl::Minutes(2)};
  tablets[3].rebuilds = {absl::Minutes(1)};
  const auto plan = MakePlan(Request(RebuildChoice::kAll, 2), tablets);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->rows[1].round, 1);
  EXPECT_EQ(plan->rows[2].round, 2);
  EXPECT_EQ(plan->takes, absl::Minutes(8));
}

TEST(CliRebuildPlanTest, WithoutEarlierRebuildsTheTimeIsUnknown) {
  EXPECT_THAT(PlanText(Request(RebuildChoice::kAll), {Seen(101), Seen(102)}),
              ElementsAre("rebuild of 2 tablets of shop/0 in 2 rounds, 1 at a time",
                          "ROUND  TABLET            TYPE     WHY                  ABOUT",
                          "1      zone1-0000000101  REPLICA  healthy, on request  unknown",
                          "2      zone1-0000000102  REPLICA  healthy, on request  unknown",
                          "time unknown: no earlier rebuild in this shard"));
}

TEST(CliRebuildPlanTest, WhatIsUnhealthy) {
  EXPECT_EQ(WhyUnhealthy(Seen(101)), "");
  EXPECT_EQ(WhyUnhealthy(Seen(101, Broken())), "replication error 1062");
  AgentAnswer stopped = Replicating();
  stopped.tablet.mutable_replication(0)->set_receiver_running(false);
  EXPECT_EQ(WhyUnhealthy(Seen(101, stopped)), "replication stopped");
  AgentAnswer alone = Replicating();
  alone.tablet.clear_replication();
  EXPECT_EQ(WhyUnhealthy(Seen(101, alone)), "does not replicate");
  AgentAnswer down = Replicating();
  down.tablet.set_mysql_reachable(false);
  down.tablet.set_mysql_error("refused, in a text that would be wider than the screen");
  EXPECT_EQ(WhyUnhealthy(Seen(101, down)), "mysqld does not answer");
  EXPECT_EQ(WhyUnhealthy(Seen(101, Replicating(), TabletType::kRestore)), "type RESTORE");
  EXPECT_EQ(WhyUnhealthy(Seen(101, Operating(v1::FAILED, v1::PARTIAL))), "data PARTIAL");
  EXPECT_EQ(WhyUnhealthy(Seen(101, Operating(v1::DONE, v1::CLONED))), "");
  SeenTablet fresh = Seen(101);
  fresh.record.tags["graft.data_state"] = "EMPTY";
  EXPECT_EQ(WhyUnhealthy(fresh), "data EMPTY") << "never provisioned";
}

TEST(CliRebuildPlanTest, OnlyUnhealthyTabletsIfSoTold) {
  const PlanRequest request = Request(RebuildChoice::kUnhealthy);
  const auto plan = MakePlan(request, {Seen(101), Seen(102, Broken()), Silent(103),
                                       Seen(104, Operating(v1::RUNNING, v1::EMPTY))});
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->rows.size(), 1U);
  EXPECT_EQ(plan->rows[0].alias, Alias(102));
  EXPECT_THAT(plan->left_out,
              ElementsAre("zone1-0000000103: its agent does not answer: connection refused",
                          "zone1-0000000104: operation op-7 is running"));
  EXPECT_THAT(PlanText(request, {Seen(101)}), ElementsAre("nothing to rebuild in shop/0"));
}

TEST(CliRebuildPlanTest, WhoCannotBeAMemberIsLeftOutOrRefusedByName) {
  const std::vector<SeenTablet> tablets = {Seen(100, Replicating(), TabletType::kPrimary),
                                           Silent(101),
                                           Seen(102, Replicating(), TabletType::kDrained),
                                           Seen(103),
                                           Seen(104),
                                           Seen(105)};
  PlanRequest request = Request(RebuildChoice::kAll);
  request.donor = Alias(103);
  const auto plan = MakePlan(request, tablets);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->rows.size(), 2U);
  EXPECT_THAT(plan->left_out,
              ElementsAre("zone1-0000000101: its agent does not answer: connection refused",
                          "zone1-0000000102: its type is DRAINED: somebody has put it aside",
                          "zone1-0000000103: is the donor"));
  request.choice = RebuildChoice::kNamed;
  const std::map<uint32_t, std::string> refusals = {
      {100, "FAILED_PRECONDITION: zone1-0000000100: is the shard's primary"},
      {101, "UNAVAILABLE: zone1-0000000101: its agent does not answer"},
      {103, "FAILED_PRECONDITION: zone1-0000000103: is the donor"},
      {109, "NOT_FOUND: tablet zone1-0000000109 is not in shard shop/0"}};
  for (const auto& [uid, refusal] : refusals) {
    request.named = {Alias(104), Alias(uid)};
    EXPECT_THAT(PlanText(request, tablets), ElementsAre(StartsWith(refusal)));
  }
  request.named = {Alias(102)};
  EXPECT_EQ(MakePlan(request, tablets)->rows.size(), 1U) << "a drained one, by its name";
}

TEST(CliRebuildPlanTest, OneHealthyReplicaAlwaysStays) {
  struct Row {
    std::vector<SeenTablet> tablets;
    int max_unavailable;
    bool refused;
  };
  SeenTablet vitess = {Record(103), absl::FailedPreconditionError("no graft agent"), {}};
  const std::vector<Row> rows = {
      {{Seen(101)}, 1, true},
      {{Seen(101, Broken())}, 1, false},
      {{Seen(101), Seen(102)}, 1, false},
      {{Seen(101), Seen(102)}, 2, true},
      {{Seen(101), Seen(102), Seen(103)}, 2, false},
      {{Seen(101), Seen(102), Seen(103)}, 9, true},
      {{Seen(101), Seen(102, Broken())}, 1, false},  // the broken one is rebuilt first
      {{Seen(101), Seen(102, Broken())}, 2, true},
      {{Seen(101), Silent(102)}, 1, true},
      {{Seen(101), vitess}, 1, false},
      {{Seen(100, Replicating(), TabletType::kPrimary), Seen(101)}, 1, true},
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto plan =
        MakePlan(Request(RebuildChoice::kAll, rows[i].max_unavailable), rows[i].tablets);
    EXPECT_EQ(!plan.ok(), rows[i].refused) << "row " << i;
  }
  EXPECT_THAT(PlanText(Request(RebuildChoice::kAll), {Seen(101)}),
              ElementsAre(HasSubstr("--max-unavailable 1 would leave no healthy replica in "
                                    "shop/0, which has no other")));
}

class CliRebuildTest : public ::testing::Test {
 protected:
  CliRebuildTest() {
    EXPECT_TRUE(topology_.AddCell(Cell{"zone1", "here", "/c"}).ok());
    for (uint32_t uid = 100; uid <= 102; ++uid) {
      EXPECT_TRUE(topology_.RegisterTablet(Record(uid)).ok());
      answers_[absl::StrCat("h:", 9000 + uid)] = Replicating();
    }
    EXPECT_TRUE(topology_.SetPrimary("shop", "0", Alias(100)).ok());
    call_.keyspace = "shop";
    call_.shard = "0";
    call_.by = "alice@h";
    call_.request.donor = DonorChoice{DonorChoice::Kind::kAny, {}};
  }

  Result Run(const ShardRebuildCall& call) {
    out_.str("");
    return RebuildShard(
        session_,
        {topology_, rebuilds_,
         [this](const AgentPlace& place, absl::Duration) { return answers_.at(place.address); },
         [this](const AgentPlace&, absl::Duration) { return times_; }},
        call);
  }
  void Finish(uint32_t uid, MemberOutcome outcome, const std::string& reason = "") {
    const std::string id = rebuilds_.Get()->call.id;
    EXPECT_TRUE(rebuilds_
                    .Change(id,
                            [&](ShardRebuild& rebuild) {
                              FindMember(rebuild, Alias(uid))->outcome = outcome;
                              FindMember(rebuild, Alias(uid))->reason = reason;
                              return absl::OkStatus();
                            })
                    .ok());
  }
  ShardRebuildCall All() const {
    ShardRebuildCall call = call_;
    call.choice = RebuildChoice::kAll;
    call.yes = true;
    return call;
  }

  SimulatedClock clock_;
  FakeStore store_{clock_};
  VitessTopology topology_{{clock_, store_, "/g", "here", nullptr}};
  ShardRebuilds rebuilds_{store_, "/g", "shop", "0"};
  std::map<std::string, absl::StatusOr<AgentAnswer>> answers_;
  std::vector<absl::Duration> times_;
  std::ostringstream out_;
  std::ostringstream err_;
  Session session_{clock_, out_, err_, Screen(), OutputFormat::kTable, absl::Seconds(10), ""};
  ShardRebuildCall call_;
};

TEST_F(CliRebuildTest, BeginsWhatItHasShown) {
  ShardRebuildCall call = All();
  call.max_unavailable = 1;
  EXPECT_EQ(*Run(call), ExitCode::kDone);
  EXPECT_THAT(out_.str(), StartsWith("rebuild of 2 tablets of shop/0 in 2 rounds"));
  EXPECT_THAT(out_.str(), HasSubstr(" has begun; look at it with: graftctl reprovision --shard "
                                    "shop/0\n"));
  const ShardRebuild rebuild = *rebuilds_.Get();
  EXPECT_THAT(rebuild.call.id, StartsWith("rebuild-20270115T080000.000"));
  EXPECT_EQ(rebuild.call.donor, call.request.donor);
  EXPECT_EQ(rebuild.by, "alice@h");
  EXPECT_EQ(rebuild.requested, clock_.Now());
  ASSERT_EQ(rebuild.members.size(), 2U);
  EXPECT_EQ(rebuild.members[0].alias, Alias(101));
  EXPECT_EQ(rebuild.members[1].alias, Alias(102));
}

TEST_F(CliRebuildTest, TimesAreTheAgentsOwn) {
  answers_["h:9101"] = Operating(v1::DONE, v1::CLONED);
  times_ = {absl::Minutes(3)};
  ShardRebuildCall call = All();
  call.plan_only = true;
  EXPECT_EQ(*Run(call), ExitCode::kDone);
  EXPECT_THAT(out_.str(), HasSubstr("about 6m in all"));
  EXPECT_EQ(rebuilds_.Get().status().code(), absl::StatusCode::kNotFound) << "a plan only";
}

TEST_F(CliRebuildTest, NobodyIsAskedWithoutATerminal) {
  ShardRebuildCall call = All();
  call.yes = false;
  EXPECT_EQ(Run(call).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Run(call).status().message()), HasSubstr("--yes"));
  EXPECT_EQ(rebuilds_.Get().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(CliRebuildTest, ThePersonDecidesAfterThePlan) {
  ShardRebuildCall call = All();
  call.yes = false;
  std::string shown;
  bool answer = false;
  call.confirm = [&](const std::string& question) {
    shown = out_.str() + question;
    return answer;
  };
  EXPECT_EQ(Run(call).status(), absl::FailedPreconditionError("nothing has begun"));
  EXPECT_THAT(shown, HasSubstr("no earlier rebuild in this shard\ngo on? [y/N] "));
  EXPECT_EQ(rebuilds_.Get().status().code(), absl::StatusCode::kNotFound);
  answer = true;
  EXPECT_EQ(*Run(call), ExitCode::kDone);
  EXPECT_TRUE(rebuilds_.Get().ok());
}

TEST_F(CliRebuildTest, ASecondOneIsRefusedBeforeAnybodyIsAsked) {
  ASSERT_TRUE(Run(All()).ok());
  ShardRebuildCall call = All();
  call.yes = false;
  call.confirm = [](const std::string&) {
    ADD_FAILURE() << "asked";
    return true;
  };
  const absl::Status refused = Run(call).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("begun by alice@h, is not over"));
  EXPECT_THAT(out_.str(), IsEmpty());
  call.plan_only = true;
  EXPECT_EQ(*Run(call), ExitCode::kDone) << "a plan does no harm";
}

TEST_F(CliRebuildTest, WithoutMembersItShowsTheOneThatIsThere) {
  const absl::Status none = Run(call_).status();
  EXPECT_EQ(none.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(none.message()), HasSubstr("begin one with --all, --unhealthy or"));
  ASSERT_TRUE(Run(All()).ok());
  Finish(101, MemberOutcome::kRunning);
  EXPECT_EQ(*Run(call_), ExitCode::kDone);
  EXPECT_EQ(out_.str(),
            "rebuild of shop/0 by alice@h: 0 of 2 done, 1 at a time\n"
            "zone1-0000000101  running\n"
            "zone1-0000000102  waiting  round 2\n");
  Finish(101, MemberOutcome::kFailed, "DISK_SPACE: too\nsmall");
  EXPECT_EQ(*Run(call_), ExitCode::kFailed);
  EXPECT_EQ(out_.str(),
            "rebuild of shop/0 by alice@h: 0 of 2 done, 1 failed: no further one begins\n"
            "zone1-0000000101  failed\n"
            "zone1-0000000102  not begun\n"
            "zone1-0000000101: DISK_SPACE: too small\n");
  session_.output = OutputFormat::kJson;
  EXPECT_EQ(*Run(call_), ExitCode::kFailed);
  EXPECT_THAT(out_.str(), HasSubstr("\"outcome\":\"failed\",\"reason\":\"DISK_SPACE"));
}

TEST_F(CliRebuildTest, AWatchTellsWhatIsNewUntilItIsOver) {
  ShardRebuildCall call = All();
  call.watch = true;
  clock_.At(clock_.Now() + absl::Milliseconds(500),
            [this] { Finish(101, MemberOutcome::kRunning); });
  clock_.At(clock_.Now() + absl::Milliseconds(1500), [this] {
    answers_["h:9101"] = Operating(v1::RUNNING, v1::EMPTY);
    answers_["h:9101"]->operation->set_id(rebuilds_.Get()->call.id);
  });
  clock_.At(clock_.Now() + absl::Milliseconds(3500), [this] { Finish(101, MemberOutcome::kDone); });
  clock_.At(clock_.Now() + absl::Milliseconds(4500), [this] { Finish(102, MemberOutcome::kDone); });
  EXPECT_EQ(*Run(call), ExitCode::kDone);
  EXPECT_THAT(out_.str(), HasSubstr("zone1-0000000101 waiting round 1\n"
                                    "zone1-0000000102 waiting round 2\n"
                                    "zone1-0000000101 running\n"
                                    "zone1-0000000101 running clone\n"
                                    "zone1-0000000101 done\n"
                                    "zone1-0000000102 done\n"
                                    "rebuild of shop/0 by alice@h: 2 of 2 done\n"));
}

TEST_F(CliRebuildTest, ATerminalIsRedrawnInPlaceAndKeepsTheEnd) {
  ASSERT_TRUE(Run(All()).ok());
  std::string screen;
  session_.screen.terminal = true;
  session_.screen.size = [] { return ScreenSize{40, 10}; };
  session_.screen.write = [&screen](absl::string_view text) { absl::StrAppend(&screen, text); };
  ShardRebuildCall call = call_;
  call.watch = true;
  clock_.At(clock_.Now() + absl::Milliseconds(500), [this] {
    Finish(101, MemberOutcome::kFailed, "a reason that is longer than the screen is wide");
  });
  EXPECT_EQ(*Run(call), ExitCode::kFailed);
  EXPECT_THAT(screen, StartsWith("\x1b[?25l\rrebuild of shop/0 by alice@h: 0 of 2 do\x1b[K\n"
                                 "zone1-0000000101  waiting  round 1\x1b[K\n"
                                 "zone1-0000000102  waiting  round 2\x1b[K\n"
                                 "\x1b[J\x1b[?25h\x1b[?25l\r\x1b[3A"));
  EXPECT_THAT(screen, ::testing::EndsWith("\r\x1b[4A\x1b[J"));
  EXPECT_THAT(out_.str(), HasSubstr("zone1-0000000101: a reason that is longer than the screen is "
                                    "wide\n"));
}

TEST_F(CliRebuildTest, AWatchOutlivesAStoreThatIsAwayForAMoment) {
  ASSERT_TRUE(Run(All()).ok());
  ShardRebuildCall call = call_;
  call.watch = true;
  clock_.At(clock_.Now() + absl::Milliseconds(500),
            [this] { store_.FailAll(absl::UnavailableError("etcd is away")); });
  clock_.At(clock_.Now() + absl::Milliseconds(5500), [this] {
    store_.Heal();
    Finish(101, MemberOutcome::kDone);
    Finish(102, MemberOutcome::kDone);
  });
  EXPECT_EQ(*Run(call), ExitCode::kDone);
  store_.FailAll(absl::UnavailableError("etcd is away"));
  EXPECT_EQ(Run(call).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(CliRebuildTest, AStopKeepsTheOthersFromBeginning) {
  ShardRebuildCall stop = call_;
  stop.stop = true;
  EXPECT_EQ(Run(stop).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(Run(All()).ok());
  Finish(101, MemberOutcome::kRunning);
  EXPECT_EQ(*Run(stop), ExitCode::kDone);
  EXPECT_EQ(rebuilds_.Get()->stopped, "alice@h");
  Finish(101, MemberOutcome::kDone);
  EXPECT_EQ(*Run(call_), ExitCode::kCancelled);
  EXPECT_THAT(out_.str(), HasSubstr("1 of 2 done, stopped by alice@h\n"));
  EXPECT_EQ(Run(stop).status().code(), absl::StatusCode::kFailedPrecondition) << "it is over";
}

TEST_F(CliRebuildTest, ASecondStopGivesUpWhoseAgentIsGone) {
  ShardRebuildCall stop = call_;
  stop.stop = true;
  ASSERT_TRUE(Run(All()).ok());
  Finish(101, MemberOutcome::kRunning);
  answers_["h:9101"] = absl::UnavailableError("no route");
  ASSERT_TRUE(Run(stop).ok());
  EXPECT_FALSE(IsOver(*rebuilds_.Get())) << "it may come back";
  ASSERT_TRUE(Run(stop).ok());
  EXPECT_TRUE(IsOver(*rebuilds_.Get()));
  EXPECT_EQ(rebuilds_.Get()->members[0].reason, "given up by alice@h: its agent does not answer");
  EXPECT_EQ(rebuilds_.Get()->members[1].outcome, MemberOutcome::kWaiting);
}

TEST(CliRebuildViewTest, ARunningMemberShowsItsOperation) {
  ShardRebuildCall call;
  call.keyspace = "shop";
  call.shard = "0";
  ShardRebuild rebuild;
  rebuild.by = "alice@h";
  rebuild.members = {{Alias(101), "", MemberOutcome::kRunning, "", false},
                     {Alias(102), "", MemberOutcome::kDone, "", false}};
  v1::Operation operation;
  operation.set_step("clone");
  operation.mutable_progress()->set_percent(45.25);
  operation.mutable_progress()->add_phases();
  operation.mutable_progress()->mutable_eta()->set_seconds(240);
  EXPECT_THAT(RenderRebuild(call, rebuild, {{Alias(101), operation}}, absl::UnixEpoch()),
              ElementsAre("rebuild of shop/0 by alice@h: 1 of 2 done, 1 at a time",
                          "zone1-0000000101  running  clone  45.2%  about 4m left",
                          "zone1-0000000102  done"));
}

TEST(CliRebuildViewTest, WhoDoesNotGoOnSaysWhy) {
  ShardRebuildCall call;
  ShardRebuild rebuild;
  rebuild.members = {{Alias(101), "", MemberOutcome::kRunning, "", false},
                     {Alias(102), "", MemberOutcome::kWaiting, "", false}};
  const absl::Status silent = absl::UnavailableError("its agent does not answer");
  EXPECT_THAT(
      RenderRebuild(call, rebuild, {{Alias(101), silent}, {Alias(102), silent}}, absl::UnixEpoch()),
      IsSupersetOf({"zone1-0000000101  running  its agent does not answer",
                    "zone1-0000000102  waiting  round 2                    its agent does "
                    "not answer"}));
}

TEST(CliRebuildViewTest, TheExitCodeIsThatOfTheWorstMember) {
  ShardRebuild rebuild;
  rebuild.members.resize(3);
  for (auto& member : rebuild.members) member.outcome = MemberOutcome::kDone;
  EXPECT_EQ(ExitCodeOf(rebuild), ExitCode::kDone);
  rebuild.members[0].outcome = MemberOutcome::kWaiting;
  EXPECT_EQ(ExitCodeOf(rebuild), ExitCode::kCancelled);
  rebuild.members[1].outcome = MemberOutcome::kFailed;
  EXPECT_EQ(ExitCodeOf(rebuild), ExitCode::kFailed);
  rebuild.members[2].outcome = MemberOutcome::kFailed;
  rebuild.members[2].data_gone = true;
  EXPECT_EQ(ExitCodeOf(rebuild), ExitCode::kFailedDataGone);
}

}  // namespace
}  // namespace graft::cli
