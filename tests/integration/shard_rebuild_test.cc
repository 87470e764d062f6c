// `graftctl reprovision --shard` with the real programs: the agents take turns, one is killed, one
// fails.
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "base/files.h"
#include "testing/clone_brake.h"
#include "testing/eventually.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "testing/shard_rows.h"

namespace graft {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ShardRebuildTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto shard = MiniShard::Start(MiniShard::Store::kEtcd);
    ASSERT_THAT(shard, IsOk());
    ASSERT_THAT((*shard)->AddReplicatedTablets(3, 4), IsOk());
    shard_ = *std::move(shard);
  }
  static void TearDownTestSuite() { shard_.reset(); }
  void SetUp() override {
    ASSERT_NE(shard_, nullptr);
    AwaitHealthy();
    clones_ = {first().CloneStatements(), second().CloneStatements()};
  }

  static MiniShard& shard() { return *shard_; }
  static MiniTablet& primary() { return shard_->tablet(0); }
  static MiniTablet& first() { return shard_->tablet(1); }
  static MiniTablet& second() { return shard_->tablet(2); }

  static CommandResult OfShard(std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"reprovision", "--shard", "shop/0"});
    return shard().Graftctl(std::move(flags));
  }
  // Unhealthy tablets come first in a plan, and an agent looks at its server every five seconds.
  static void AwaitHealthy() {
    std::string plan;
    ASSERT_TRUE(Eventually(absl::Seconds(30), [&] {
      plan = OfShard({"--all", "--plan"}).out;
      return absl::StrContains(plan, "1      " + first().alias + "  REPLICA  healthy") &&
             absl::StrContains(plan, "2      " + second().alias + "  REPLICA  healthy");
    })) << plan;
  }
  static void Begin() {
    const CommandResult begun = OfShard({"--all", "--max-unavailable", "1", "--yes"});
    ASSERT_EQ(begun.code, 0) << begun.err;
    EXPECT_THAT(begun.out, HasSubstr("rebuild of 2 tablets of shop/0 in 2 rounds, 1 at a time"));
  }
  static topodata::TabletType Type(const MiniTablet& tablet) {
    const auto record = shard().Record(tablet);
    return record.ok() ? record->type() : topodata::UNKNOWN;
  }
  void ExpectRebuilt(int first_clones, int second_clones) {
    EXPECT_EQ(first().CloneStatements(), clones_[0] + first_clones);
    EXPECT_EQ(second().CloneStatements(), clones_[1] + second_clones);
    for (MiniTablet* tablet : {&first(), &second()}) {
      EXPECT_EQ(Type(*tablet), topodata::REPLICA);
      ASSERT_THAT(AwaitCaughtUp(*tablet->mysql, *primary().mysql), IsOk());
      EXPECT_EQ(*Checksums(*tablet->mysql), *Checksums(*primary().mysql));
    }
  }

 private:
  static inline std::unique_ptr<MiniShard> shard_;
  std::vector<int> clones_;
};

TEST_F(ShardRebuildTest, BothAreRebuiltOneAfterTheOther) {
  Begin();
  EXPECT_EQ(OfShard({"--all", "--yes"}).code, 5) << "one at a time";
  bool both = false;
  std::string shown;
  EXPECT_TRUE(Eventually(absl::Seconds(120), [&] {
    both = both || (Type(first()) == topodata::RESTORE && Type(second()) == topodata::RESTORE);
    shown = OfShard({}).out;
    return testing::Value(shown, HasSubstr("2 of 2 done"));
  })) << shown;
  EXPECT_FALSE(both);
  ExpectRebuilt(1, 1);
  const auto before = shard().NewestOperation(first());
  const auto after = shard().NewestOperation(second());
  ASSERT_THAT(before, IsOk());
  ASSERT_THAT(after, IsOk());
  EXPECT_EQ(before->id(), after->id());
  EXPECT_THAT(before->id(), StartsWith("rebuild-"));
  const auto nanos = [](const google::protobuf::Timestamp& time) {
    return time.seconds() * 1000000000 + time.nanos();
  };
  EXPECT_LE(nanos(before->ended()), nanos(after->requested()));
}

TEST_F(ShardRebuildTest, AnAgentThatIsKilledGoesOnAndTheOthersWait) {
  ASSERT_THAT(BrakeClone(*first().mysql), IsOk());
  Begin();
  ASSERT_THAT(AwaitFileCopy(*first().mysql), IsOk());
  MiniShard::KillAgent(first());
  EXPECT_THAT(OfShard({}).out, HasSubstr(second().alias + "  waiting  round 2"));
  ASSERT_THAT(shard().StartAgent(first()), IsOk());
  ASSERT_THAT(ReleaseClone(*first().mysql), IsOk());
  const CommandResult watched = OfShard({"--watch"});
  EXPECT_EQ(watched.code, 0) << watched.err << watched.out;
  EXPECT_THAT(watched.out, HasSubstr("2 of 2 done"));
  ExpectRebuilt(1, 1);
}

TEST_F(ShardRebuildTest, TheFirstBadEndIsTheLast) {
  const std::string wrong = shard().folder() + "/wrong.password";
  ASSERT_THAT(WriteFile(wrong, "wrong"), IsOk());
  ASSERT_THAT(shard().StopAgent(first()), IsOk());
  ASSERT_THAT(shard().StartAgent(first(), {"--db-clone-password-file", wrong}), IsOk());
  AwaitHealthy();
  const CommandResult watched = OfShard({"--all", "--yes", "--watch"});
  EXPECT_EQ(watched.code, 1) << watched.err << watched.out;
  EXPECT_THAT(watched.out, HasSubstr("0 of 2 done, 1 failed: no further one begins"));
  EXPECT_THAT(watched.out, HasSubstr(second().alias + "  not begun"));
  ExpectRebuilt(0, 0);
  ASSERT_THAT(shard().StopAgent(first()), IsOk());
  ASSERT_THAT(shard().StartAgent(first()), IsOk());
}

}  // namespace
}  // namespace graft
