// What dies while files are being copied, and comes back: the topology, the agent.
#include <signal.h>

#include "absl/strings/str_cat.h"
#include "integration/reprovision_suite.h"

namespace graft {
namespace {

bool CopyIsMade(const MiniTablet& tablet) {
  return tablet.Value("SELECT state FROM performance_schema.clone_status") == "Completed";
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
  EXPECT_EQ(recipient().CloneBeginTime(), begun);
  ExpectHealthy(recipient(), primary());
  EXPECT_EQ(recipient().CloneStatements(), clones_before_ + 1);
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
