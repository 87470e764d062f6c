// A shard of two thousand records, of which twenty swallow packets: how long graft takes to look at
// all of them, and to find a donor among them.
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/clocks.h"
#include "testing/black_hole.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "topo_open/topo_open.h"

namespace graft {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr uint32_t kRecords = 2000;
constexpr uint32_t kSilent = 20;
// What it takes on an idle machine is in docs/performance.md; here others run meanwhile.
constexpr absl::Duration kPatience = absl::Seconds(5);

class ManyRecordsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto shard = MiniShard::Start(MiniShard::Store::kEtcd);
    ASSERT_THAT(shard, IsOk());
    ASSERT_THAT((*shard)->AddReplicatedTablets(3, 1), IsOk());
    shard_ = *std::move(shard);
    TopoOptions options;
    options.implementation = kTopoEtcd;
    options.global_server_address = shard_->topo_address();
    auto opened = OpenTopology(*clock_, options);
    ASSERT_THAT(opened, IsOk());
    const auto replica = opened->topology->GetTablet(*TabletAlias::Parse(shard_->tablet(2).alias));
    ASSERT_THAT(replica, IsOk());
    for (uint32_t i = 3; i < kRecords; ++i) {
      Tablet tablet = *replica;  // they all lead to the same server and agent
      tablet.alias.uid = i < kSilent + 3 ? i : 1000 + i;  // the silent ones come first
      if (i < kSilent + 3) {
        tablet.mysql = {"127.0.0.1", hole_.port()};
        tablet.port_map["graft"] = hole_.port();
      }
      ASSERT_THAT(opened->topology->RegisterTablet(tablet), IsOk());
    }
  }

  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  BlackHole hole_;
  std::unique_ptr<MiniShard> shard_;
};

TEST_F(ManyRecordsTest, AreLookedAtInTime) {
  absl::Time began = clock_->Now();
  const CommandResult listed = shard_->Graftctl({"tablets", "--shard", "0"});
  const absl::Duration listing = clock_->Now() - began;
  EXPECT_EQ(listed.code, 0) << listed.err;
  const std::vector<std::string> lines = absl::StrSplit(listed.out, '\n', absl::SkipEmpty());
  EXPECT_EQ(lines.size(), kRecords + 1);
  EXPECT_THAT(listed.err, AllOf(HasSubstr(" of 2000 agents did not answer within 1.5s"),
                                HasSubstr("zone1-0000000003")));
  EXPECT_LE(listing, kPatience);

  began = clock_->Now();
  const CommandResult checked =
      shard_->Graftctl({"preflight", shard_->tablet(1).alias, "--from-any"});
  const absl::Duration checking = clock_->Now() - began;
  EXPECT_EQ(checked.code, 0) << checked.err << checked.out;
  EXPECT_LE(checking, kPatience);
  std::printf("tablets: %s (%s), preflight --from-any: %s\n", absl::FormatDuration(listing).c_str(),
              std::string(listed.err.substr(0, 40)).c_str(),
              absl::FormatDuration(checking).c_str());
}

}  // namespace
}  // namespace graft
