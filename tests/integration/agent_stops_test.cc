// The topology or the agent dies while CLONE copies files, and comes back.
#include <google/protobuf/util/json_util.h>
#include <signal.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "integration/reprovision_suite.h"
#include "testing/test_env.h"

namespace graft {
namespace {

bool CopyIsMade(const MiniTablet& tablet) {
  return tablet.Value("SELECT state FROM performance_schema.clone_status") == "Completed";
}

// The output of one `graftctl watch`, from before the agent's end to the end of the operation: one
// state a line.
std::vector<v1::Operation> StatesIn(const std::string& file) {
  std::vector<v1::Operation> states;
  const auto lines = ReadTail(file, int64_t{1} << 30);
  for (absl::string_view line : absl::StrSplit(lines.value_or(""), '\n', absl::SkipEmpty())) {
    v1::Operation state;  // what is no state tells that the agent is away
    if (google::protobuf::util::JsonStringToMessage(std::string(line), &state).ok()) {
      states.push_back(std::move(state));
    }
  }
  return states;
}

void ExpectTruthfulProgress(const std::vector<v1::Operation>& states) {
  ASSERT_FALSE(states.empty());
  double percent = 0;
  bool had_eta = false;
  for (const v1::Operation& state : states) {
    EXPECT_GE(state.progress().percent(), percent);
    percent = state.progress().percent();
    EXPECT_EQ(percent == 100, state.outcome() == v1::DONE) << state.step();
    had_eta = had_eta || state.progress().has_eta();
  }
  EXPECT_EQ(percent, 100);
  EXPECT_TRUE(had_eta);
  EXPECT_GT(states.size(), 4U);
}

TEST_F(ReprovisionTest, TopologyDiesInTheMiddleAndTheCopyGoesOn) {
  StartSlowOperation();
  if (HasFatalFailure()) return;
  shard().etcd().Kill();
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  EXPECT_TRUE(Eventually(absl::Seconds(60), [] {
    const auto operation = shard().NewestOperation(recipient());
    return operation.ok() && operation->step() == "publish";
  })) << shard().NewestOperation(recipient())->DebugString();
  EXPECT_EQ(Channels(recipient()), Following(primary()));
  EXPECT_EQ(shard().NewestOperation(recipient())->outcome(), v1::RUNNING);

  ASSERT_THAT(shard().etcd().Restart(), IsOk());
  EXPECT_EQ(AwaitEnd(recipient()).outcome(), v1::DONE);
  ExpectHealthy(recipient(), primary());
  EXPECT_EQ(recipient().CloneStatements(), clones_before_ + 1);
}

TEST_F(ReprovisionTest, AgentIsKilledInTheMiddleAndTheNextOneGoesOn) {
  StartSlowOperation();
  if (HasFatalFailure()) return;
  const std::string begun = recipient().CloneBeginTime();
  const std::string id = shard().NewestOperation(recipient())->id();
  const std::string watched = shard().folder() + "/watched";
  const auto graftctl = OurProgram("graftctl");
  ASSERT_THAT(graftctl, IsOk());
  const auto watch =
      shard().Spawn({*graftctl, "watch", recipient().alias, "--json", "--timeout", "60s"}, watched);
  ASSERT_THAT(watch, IsOk());
  // Far enough from what the journal has, or nothing could be seen to go back: some 10 s at 4
  // MiB/s.
  ASSERT_THAT(BrakeClone(*recipient().mysql, 4), IsOk());
  ASSERT_TRUE(Eventually(absl::Seconds(40), [&] {
    const std::vector<v1::Operation> states = StatesIn(watched);
    return !states.empty() &&
           states.back().progress().percent() > states.front().progress().percent() + 3;
  })) << "the copy does not move";
  ASSERT_THAT(BrakeClone(*recipient().mysql), IsOk());
  MiniShard::KillAgent(recipient());
  EXPECT_THAT(AwaitFileCopy(*recipient().mysql), IsOk()) << "the copy died with the agent";
  ASSERT_THAT(shard().StartAgent(recipient()), IsOk());
  EXPECT_EQ(shard().NewestOperation(recipient())->outcome(), v1::RUNNING);
  EXPECT_EQ(shard().Record(recipient())->type(), topodata::RESTORE);
  // The new agent, too, knows that it is too late.
  const CommandResult too_late = shard().Graftctl({"cancel", recipient().alias});
  EXPECT_EQ(too_late.code, 5) << too_late.err;
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());

  const v1::Operation operation = AwaitEnd(recipient());
  EXPECT_EQ(operation.outcome(), v1::DONE) << operation.DebugString();
  EXPECT_EQ(operation.id(), id);
  ASSERT_THAT((*watch)->Wait(absl::Seconds(20)), IsOk());
  ExpectTruthfulProgress(StatesIn(watched));
  EXPECT_EQ(recipient().CloneBeginTime(), begun);
  ExpectHealthy(recipient(), primary());
  EXPECT_EQ(recipient().CloneStatements(), clones_before_ + 1);
}

// Events that came from a primary are disabled while the fence is up; whoever dies in the middle of
// that has named none of them.
TEST_F(ReprovisionTest, AgentIsKilledWhileItDisablesEvents) {
  constexpr int kEvents = 1500;
  std::string create = "CREATE DATABASE diary";
  for (int i = 0; i < kEvents; ++i) {
    absl::StrAppend(&create, "; CREATE EVENT diary.e", i,
                    " ON SCHEDULE EVERY 1 DAY DO DELETE FROM shop.orders WHERE id < 0");
  }
  ASSERT_THAT(primary().mysql->Sql(create), IsOk());
  const auto disabled = [] {
    return recipient().Value(
        "SELECT COUNT(*) FROM information_schema.events WHERE event_schema='diary' AND "
        "status='REPLICA_SIDE_DISABLED' AND originator=@@server_id");
  };
  const CommandResult started =
      shard().Graftctl({"reprovision", recipient().alias, "--from-primary"});
  ASSERT_EQ(started.code, 0) << started.err;
  int count = 0;
  const auto begun = [&] { return absl::SimpleAtoi(disabled(), &count) && count > 0; };
  bool soon = false;  // in short polls, whose pauses stay short
  for (int i = 0; i < 1000 && !soon; ++i) soon = Eventually(absl::Milliseconds(60), begun);
  ASSERT_TRUE(soon);
  MiniShard::KillAgent(recipient());
  ASSERT_TRUE(absl::SimpleAtoi(disabled(), &count));
  EXPECT_LT(count, kEvents) << "it came too late";

  ASSERT_THAT(shard().StartAgent(recipient()), IsOk());
  const v1::Operation operation = AwaitEnd(recipient());
  EXPECT_EQ(operation.outcome(), v1::DONE) << operation.DebugString();
  const CommandResult told =
      shard().Graftctl({"describe", recipient().alias, operation.id(), "--json"});
  EXPECT_EQ(LastOperation(told.out)->proof().disabled_events_size(), kEvents) << told.out;
  EXPECT_EQ(disabled(), absl::StrCat(kEvents));
  EXPECT_EQ(recipient().Value("SELECT @@super_read_only"), "1");
  ASSERT_THAT(primary().mysql->Sql("DROP DATABASE diary"), IsOk());
  ExpectHealthy(recipient(), primary());
}

TEST_F(ReprovisionTest, AgentIsStoppedInTheMiddleAndTheNextOneGoesOn) {
  StartSlowOperation();
  if (HasFatalFailure()) return;
  const auto code = shard().StopAgent(recipient(), absl::Seconds(5));
  ASSERT_THAT(code, IsOk()) << "the agent waits for the copy";
  EXPECT_EQ(*code, 0);
  const auto record = shard().Record(recipient());
  ASSERT_THAT(record, IsOk());
  EXPECT_EQ(record->hostname(), "");
  EXPECT_TRUE(record->has_tablet_shutdown_time());
  EXPECT_EQ(record->type(), topodata::RESTORE);
  EXPECT_EQ(shard().Graftctl({"status", recipient().alias}).code, 4);

  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  ASSERT_TRUE(Eventually(absl::Seconds(60), [] { return CopyIsMade(recipient()); }));
  // Nobody lets it serve before it is verified.
  EXPECT_EQ(recipient().Value("SELECT @@super_read_only"), "1");
  EXPECT_NE(Channels(recipient()), Following(primary()));
  ASSERT_THAT(shard().StartAgent(recipient()), IsOk());
  EXPECT_EQ(AwaitEnd(recipient()).outcome(), v1::DONE);
  ExpectHealthy(recipient(), primary());
  EXPECT_EQ(recipient().CloneStatements(), clones_before_ + 1);
}

void ExpectMarkedAsEmpty(const MiniShard& shard, const MiniTablet& tablet) {
  absl::StatusOr<topodata::Tablet> record;
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] {
    record = shard.Record(tablet);
    return record.ok() && record->tags().count("graft.data_state") > 0;
  }));
  ASSERT_THAT(record, IsOk());
  EXPECT_EQ(record->type(), topodata::RESTORE);
  EXPECT_EQ(record->tags().at("graft.data_state"), "EMPTY");
}

// Neither a removed record nor a removed journal makes an emptied tablet a replica.
TEST_F(ReprovisionTest, AnEmptiedTabletStaysMarkedWhenItsAgentComesBack) {
  StartSlowOperation();
  if (HasFatalFailure()) return;
  const CommandResult cancelled =
      shard().Graftctl({"cancel", recipient().alias, "--even-if-dropped"});
  EXPECT_EQ(cancelled.code, 6) << cancelled.err;
  ASSERT_EQ(shard().NewestOperation(recipient())->data_state(), v1::EMPTY);
  ExpectMarkedAsEmpty(shard(), recipient());

  ASSERT_THAT(shard().StopAgent(recipient()), IsOk());
  ASSERT_THAT(shard().etcd().Ctl(
                  {"del", absl::StrCat("/vitess/zone1/tablets/", recipient().alias, "/Tablet")}),
              IsOk());
  ASSERT_THAT(shard().StartAgent(recipient()), IsOk());
  ExpectMarkedAsEmpty(shard(), recipient());

  ASSERT_THAT(shard().StopAgent(recipient()), IsOk());
  std::filesystem::remove_all(recipient().state_dir + "/journal");
  ASSERT_THAT(shard().StartAgent(recipient()), IsOk());
  ExpectMarkedAsEmpty(shard(), recipient());

  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  const CommandResult again =
      shard().Graftctl({"reprovision", recipient().alias, "--from-primary", "--watch"});
  EXPECT_EQ(again.code, 0) << again.err << again.out;
  ExpectHealthy(recipient(), primary());
}

TEST_F(ReprovisionTest, IdleAgentLeavesTheTopologyAndComesBack) {
  const auto code = shard().StopAgent(other());
  ASSERT_THAT(code, IsOk());
  EXPECT_EQ(*code, 0);
  const auto stopped = shard().Record(other());
  ASSERT_THAT(stopped, IsOk());
  EXPECT_EQ(stopped->hostname(), "");
  EXPECT_EQ(stopped->mysql_hostname(), "");
  EXPECT_EQ(stopped->port_map_size(), 0);
  EXPECT_TRUE(stopped->has_tablet_shutdown_time());
  EXPECT_EQ(stopped->type(), topodata::REPLICA);

  ASSERT_THAT(shard().StartAgent(other()), IsOk());
  const auto back = shard().Record(other());
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(back->hostname(), "127.0.0.1");
  EXPECT_EQ(back->port_map().at("graft"), other().grpc_port);
  EXPECT_FALSE(back->has_tablet_shutdown_time());
  EXPECT_EQ(back->type(), topodata::REPLICA);
  EXPECT_EQ(Channels(other()), Following(primary()));
}

}  // namespace
}  // namespace graft
