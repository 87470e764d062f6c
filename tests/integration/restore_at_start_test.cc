// graftd --restore-with-clone: a new tablet provisions itself, once, and only if it holds nothing.
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "testing/clone_brake.h"
#include "testing/eventually.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "testing/shard_rows.h"

namespace graft {
namespace {

class RestoreAtStartTest : public testing::TestWithParam<MiniShard::Store> {
 protected:
  // A primary with rows, and a tablet without an agent.
  void SetUp() override {
    auto shard = MiniShard::Start(GetParam());
    ASSERT_THAT(shard, IsOk());
    shard_ = *std::move(shard);
    ASSERT_THAT(shard_->AddReplicatedTablets(1, 4), IsOk());
    ASSERT_THAT(shard_->AddTablet(), IsOk());
  }

  MiniTablet& primary() { return shard_->tablet(0); }
  MiniTablet& fresh() { return shard_->tablet(1); }

  bool TypeIs(topodata::TabletType type) {
    const auto record = shard_->Record(fresh());
    return record.ok() && record->type() == type;
  }
  // The record says RESTORE until the agent has decided, and says REPLICA only after that.
  bool AwaitReplica() {
    return Eventually(absl::Seconds(60), [this] { return TypeIs(topodata::REPLICA); });
  }
  // The record says REPLICA once the operation publishes it, and no sooner.
  void AwaitDone() {
    bool replica_too_early = false;
    ASSERT_TRUE(Eventually(absl::Seconds(60), [&] {
      const bool is_replica = TypeIs(topodata::REPLICA);
      const auto operation = shard_->NewestOperation(fresh());
      const bool published = operation.ok() && operation->step() == "publish";
      replica_too_early = replica_too_early || (is_replica && !published);
      return is_replica && published && operation->outcome() == v1::DONE;
    }));
    EXPECT_FALSE(replica_too_early);
  }
  int OperationCount() {
    const CommandResult listed = shard_->Graftctl({"operations", fresh().alias, "--json"});
    EXPECT_EQ(listed.code, 0) << listed.err;
    return static_cast<int>(std::count(listed.out.begin(), listed.out.end(), '\n'));
  }

  const std::vector<std::string> flags_ = {"--restore-with-clone", "--clone-from-primary"};
  std::unique_ptr<MiniShard> shard_;
};

TEST_P(RestoreAtStartTest, EmptyTabletProvisionsItselfOnce) {
  ASSERT_THAT(BrakeClone(*fresh().mysql), IsOk());
  ASSERT_THAT(shard_->LaunchAgent(fresh(), flags_), IsOk());
  ASSERT_THAT(AwaitFileCopy(*fresh().mysql), IsOk());
  EXPECT_TRUE(TypeIs(topodata::RESTORE));
  ASSERT_THAT(ReleaseClone(*fresh().mysql), IsOk());
  AwaitDone();
  ASSERT_THAT(AwaitCaughtUp(*fresh().mysql, *primary().mysql), IsOk());
  EXPECT_EQ(*Checksums(*fresh().mysql), *Checksums(*primary().mysql));
  const std::string begun = fresh().CloneBeginTime();
  EXPECT_EQ(OperationCount(), 1);

  for (const char* before : {"SIGTERM", "SIGKILL", "no data any more"}) {
    SCOPED_TRACE(before);
    if (before == std::string("SIGKILL")) {
      MiniShard::KillAgent(fresh());
    } else {
      const auto code = shard_->StopAgent(fresh());
      ASSERT_THAT(code, IsOk());
      EXPECT_EQ(*code, 0);
    }
    // Then only the journal says that this tablet has been provisioned.
    if (before == std::string("no data any more")) {
      ASSERT_THAT(primary().mysql->Sql("DROP DATABASE shop"), IsOk());
      ASSERT_THAT(AwaitCaughtUp(*fresh().mysql, *primary().mysql), IsOk());
    }
    ASSERT_THAT(shard_->StartAgent(fresh(), flags_), IsOk());
    EXPECT_TRUE(AwaitReplica());
    EXPECT_EQ(OperationCount(), 1);
    EXPECT_EQ(fresh().CloneBeginTime(), begun);
    EXPECT_EQ(fresh().CloneStatements(), 1);
  }
  ASSERT_THAT(primary().mysql->Sql("CREATE DATABASE new"), IsOk());
  EXPECT_THAT(AwaitCaughtUp(*fresh().mysql, *primary().mysql), IsOk());
}

TEST_P(RestoreAtStartTest, TabletWithDataIsLeftAlone) {
  ASSERT_THAT(fresh().mysql->Sql("SET sql_log_bin=0; SET GLOBAL super_read_only=OFF; "
                                 "CREATE DATABASE mine; CREATE TABLE mine.t (id INT PRIMARY KEY); "
                                 "INSERT INTO mine.t VALUES (1); SET GLOBAL super_read_only=ON"),
              IsOk());
  ASSERT_THAT(shard_->StartAgent(fresh(), flags_), IsOk());
  EXPECT_TRUE(AwaitReplica());
  EXPECT_EQ(OperationCount(), 0);
  EXPECT_EQ(fresh().CloneStatements(), 0);
  EXPECT_EQ(fresh().Value("SELECT COUNT(*) FROM mine.t"), "1");
}

INSTANTIATE_TEST_SUITE_P(Stores, RestoreAtStartTest,
                         testing::Values(MiniShard::Store::kEtcd, MiniShard::Store::kFolder),
                         [](const auto& info) {
                           return info.param == MiniShard::Store::kEtcd ? "Etcd" : "Folder";
                         });

}  // namespace
}  // namespace graft
