// Empty tablets of a shard that has nothing but a primary, all at once, on real servers: each that
// is rebuilt is a donor for the next.
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "testing/eventually.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "testing/shard_rows.h"

namespace graft {
namespace {

constexpr int kEmpty = 3;

v1::Operation AwaitDone(MiniShard& shard, const MiniTablet& tablet) {
  absl::StatusOr<v1::Operation> operation;
  EXPECT_TRUE(Eventually(absl::Seconds(120), [&] {
    operation = shard.NewestOperation(tablet);
    return operation.ok() && operation->outcome() != v1::RUNNING;
  })) << operation.status();
  return operation.value_or(v1::Operation());
}

TEST(CascadeTest, EachRebuiltTabletIsADonor) {
  auto started = MiniShard::Start(MiniShard::Store::kEtcd);
  ASSERT_THAT(started, IsOk());
  MiniShard& shard = **started;
  ASSERT_THAT(shard.AddReplicatedTablets(1, 4), IsOk());
  MiniTablet& primary = shard.tablet(0);
  for (int i = 1; i <= kEmpty; ++i) {
    ASSERT_THAT(shard.AddTablet(), IsOk());
    ASSERT_THAT(shard.StartAgent(shard.tablet(i)), IsOk());
  }
  for (int i = 1; i <= kEmpty; ++i) {
    const CommandResult asked =
        shard.Graftctl({"reprovision", shard.tablet(i).alias, "--from-any"});
    ASSERT_EQ(asked.code, 0) << asked.err;
  }
  int by_primary = 0;
  for (int i = 1; i <= kEmpty; ++i) {
    MiniTablet& tablet = shard.tablet(i);
    const v1::Operation operation = AwaitDone(shard, tablet);
    EXPECT_EQ(operation.outcome(), v1::DONE) << operation.DebugString();
    EXPECT_EQ(operation.attempt(), 1) << operation.DebugString();
    EXPECT_EQ(operation.source(), primary.alias) << "no chain of replicas";
    by_primary += operation.donor() == primary.alias ? 1 : 0;
    EXPECT_THAT(AwaitCaughtUp(*tablet.mysql, *primary.mysql), IsOk());
    EXPECT_EQ(*Checksums(*tablet.mysql), *Checksums(*primary.mysql));
  }
  EXPECT_EQ(by_primary, 1) << "it is spared as soon as another tablet can be donor";
  for (const char* name : {"0", "shop/0"}) {
    const CommandResult tablets = shard.Graftctl({"tablets", "--shard", name});
    EXPECT_THAT(tablets.out, ::testing::HasSubstr(primary.alias)) << name;
  }
  const auto left =
      shard.etcd().Ctl({"get", "--prefix", "--keys-only", "/vitess/global/internal/named_locks/"});
  ASSERT_THAT(left, IsOk());
  EXPECT_EQ(*left, "");
}

}  // namespace
}  // namespace graft
