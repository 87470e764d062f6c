#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "fakes/fake_store.h"
#include "fakes/simulated_clock.h"
#include "topo/records.h"
#include "topo/vitess_topology.h"

namespace graft {
namespace {

using ::testing::HasSubstr;

constexpr char kTabletKey[] = "/c/tablets/zone1-0000000101/Tablet";
constexpr char kShardKey[] = "/g/keyspaces/ks/shards/0/Shard";

class RegistrationTest : public ::testing::Test {
 protected:
  RegistrationTest() { EXPECT_TRUE(topology_.AddCell(Cell{"zone1", "here", "/c"}).ok()); }

  static Tablet MakeTablet(uint32_t uid) {
    Tablet tablet;
    tablet.alias = TabletAlias{"zone1", uid};
    tablet.hostname = "h1";
    tablet.port_map = {{"graft", 9001}, {"vt", 9002}};
    tablet.keyspace = "ks";
    tablet.shard = "0";
    tablet.type = TabletType::kReplica;
    tablet.mysql = HostPort{"m1", 3306};
    return tablet;
  }

  template <typename Record>
  Record Read(const std::string& key) {
    const auto item = store_.Get(key);
    EXPECT_TRUE(item.ok()) << key << ": " << item.status();
    auto record = topo::Parse<Record>(key, item->value);
    EXPECT_TRUE(record.ok()) << record.status();
    return *record;
  }

  // Writes `record` over what is there, as another program would.
  void Overwrite(const std::string& key, const google::protobuf::MessageLite& record) {
    const auto item = store_.Get(key);
    ASSERT_TRUE(item.ok()) << item.status();
    ASSERT_TRUE(store_.Update(key, topo::Serialize(record), item->version).ok());
  }

  SimulatedClock clock_;
  FakeStore store_{clock_};
  VitessTopology topology_{{clock_, store_, "/g", "here", nullptr}};
};

TEST_F(RegistrationTest, MakesTheRecordsVttabletMakes) {
  const auto written = topology_.RegisterTablet(MakeTablet(101));
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(written->start_time, clock_.Now());
  EXPECT_EQ(Read<topodata::Keyspace>("/g/keyspaces/ks/Keyspace").sidecar_db_name(), "_vt");
  EXPECT_EQ(store_.Get(kShardKey)->value, absl::HexStringToBytes("3801"));
  EXPECT_EQ(store_.Get("/c/keyspaces/ks/shards/0/ShardReplication")->value,
            absl::HexStringToBytes("0a0b0a090a057a6f6e65311065"));
  const auto tablet = Read<topodata::Tablet>(kTabletKey);
  EXPECT_FALSE(tablet.has_key_range());
  EXPECT_EQ(tablet.port_map().at("graft"), 9001);
  EXPECT_EQ(tablet.type(), topodata::REPLICA);
}

TEST_F(RegistrationTest, ARangeIsLowerCaseAndInTabletAndShard) {
  Tablet tablet = MakeTablet(101);
  tablet.shard = "-C0";
  ASSERT_TRUE(topology_.RegisterTablet(tablet).ok());
  const auto shard = Read<topodata::Shard>("/g/keyspaces/ks/shards/-c0/Shard");
  EXPECT_EQ(shard.key_range().end(), "\xc0");
  const auto record = Read<topodata::Tablet>(kTabletKey);
  EXPECT_EQ(record.shard(), "-c0");
  EXPECT_EQ(record.key_range().end(), "\xc0");
}

TEST_F(RegistrationTest, AShardThatOverlapsAnOlderOneDoesNotServe) {
  ASSERT_TRUE(topology_.RegisterTablet(MakeTablet(101)).ok());
  Tablet half = MakeTablet(102);
  half.shard = "-80";
  ASSERT_TRUE(topology_.RegisterTablet(half).ok());
  EXPECT_FALSE(Read<topodata::Shard>("/g/keyspaces/ks/shards/-80/Shard").is_primary_serving());
}

// Its record may say anything, but its name says which keys it has.
TEST_F(RegistrationTest, AShardThatOverlapsADamagedOneDoesNotServe) {
  ASSERT_TRUE(store_.Create("/g/keyspaces/ks/shards/-80/Shard", "\xff", kNoLease).ok());
  for (const char* shard : {"-40", "80-"}) {
    Tablet tablet = MakeTablet(shard[0] == '-' ? 101 : 102);
    tablet.shard = shard;
    ASSERT_TRUE(topology_.RegisterTablet(tablet).ok());
  }
  EXPECT_FALSE(Read<topodata::Shard>("/g/keyspaces/ks/shards/-40/Shard").is_primary_serving());
  EXPECT_TRUE(Read<topodata::Shard>("/g/keyspaces/ks/shards/80-/Shard").is_primary_serving());
}

TEST_F(RegistrationTest, AgainKeepsForeignTagsUnknownFieldsAndOneReplicationNode) {
  ASSERT_TRUE(topology_.RegisterTablet(MakeTablet(101)).ok());
  auto record = Read<topodata::Tablet>(kTabletKey);
  (*record.mutable_tags())["pool"] = "a";
  *record.mutable_tablet_shutdown_time() = topo::ToRecord(clock_.Now());
  ASSERT_TRUE(record.MergeFromString(absl::HexStringToBytes("4a0264318001ff01")));
  Overwrite(kTabletKey, record);
  clock_.Advance(absl::Seconds(5));
  Tablet again = MakeTablet(101);
  again.tags["build"] = "2";
  const auto written = topology_.RegisterTablet(again);
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(written->tags, (std::map<std::string, std::string>{{"build", "2"}, {"pool", "a"}}));
  EXPECT_EQ(written->start_time, clock_.Now());
  EXPECT_EQ(written->shutdown_time, absl::InfinitePast());
  EXPECT_THAT(absl::BytesToHexString(store_.Get(kTabletKey)->value), HasSubstr("4a0264318001ff01"));
  EXPECT_EQ(
      Read<topodata::ShardReplication>("/c/keyspaces/ks/shards/0/ShardReplication").nodes_size(),
      1);
}

TEST_F(RegistrationTest, AnAliasOfAnotherShardIsRefusedAndLeavesNoTrace) {
  ASSERT_TRUE(topology_.RegisterTablet(MakeTablet(101)).ok());
  Tablet other = MakeTablet(101);
  other.keyspace = "other";
  const absl::Status status = topology_.RegisterTablet(other).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("registered in ks/0, not in other/0"));
  EXPECT_FALSE(store_.Get("/g/keyspaces/other/Keyspace").ok());
}

TEST_F(RegistrationTest, AnUnknownCellAndBadNamesAreRefused) {
  Tablet tablet = MakeTablet(101);
  tablet.alias.cell = "zone9";
  EXPECT_EQ(topology_.RegisterTablet(tablet).status().code(), absl::StatusCode::kNotFound);
  tablet = MakeTablet(101);
  tablet.shard = "80-40";
  EXPECT_EQ(topology_.RegisterTablet(tablet).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(RegistrationTest, ATabletThatWasBeingRebuiltStaysRestore) {
  ASSERT_TRUE(topology_.RegisterTablet(MakeTablet(101)).ok());
  ASSERT_TRUE(topology_
                  .UpdateTablet(TabletAlias{"zone1", 101},
                                [](Tablet& tablet) {
                                  tablet.type = TabletType::kRestore;
                                  return absl::OkStatus();
                                })
                  .ok());
  EXPECT_EQ(topology_.RegisterTablet(MakeTablet(101))->type, TabletType::kRestore);
}

TEST_F(RegistrationTest, ThePrimaryComesBackAsPrimaryWithItsTerm) {
  ASSERT_TRUE(topology_.RegisterTablet(MakeTablet(101)).ok());
  ASSERT_TRUE(topology_.SetPrimary("ks", "0", TabletAlias{"zone1", 101}).ok());
  const absl::Time term = clock_.Now();
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(topology_.RegisterTablet(MakeTablet(101))->type, TabletType::kPrimary);
  const auto record = Read<topodata::Tablet>(kTabletKey);
  EXPECT_EQ(topo::FromRecord(true, record.primary_term_start_time()), term);
}

TEST_F(RegistrationTest, AnOldPrimaryWithAnOlderTermComesBackAsReplica) {
  ASSERT_TRUE(topology_.RegisterTablet(MakeTablet(101)).ok());
  auto record = Read<topodata::Tablet>(kTabletKey);
  record.set_type(topodata::PRIMARY);
  *record.mutable_primary_term_start_time() = topo::ToRecord(clock_.Now());
  Overwrite(kTabletKey, record);
  auto shard = Read<topodata::Shard>(kShardKey);
  *shard.mutable_primary_alias() = topo::ToRecord(TabletAlias{"zone1", 102});
  *shard.mutable_primary_term_start_time() = topo::ToRecord(clock_.Now() + absl::Seconds(1));
  Overwrite(kShardKey, shard);
  EXPECT_EQ(topology_.RegisterTablet(MakeTablet(101))->type, TabletType::kReplica);
  EXPECT_FALSE(Read<topodata::Tablet>(kTabletKey).has_primary_term_start_time());
}

TEST_F(RegistrationTest, ACleanStopClearsWhereItWas) {
  ASSERT_TRUE(topology_.RegisterTablet(MakeTablet(101)).ok());
  clock_.Advance(absl::Minutes(1));
  ASSERT_TRUE(topology_.UnregisterTablet(MakeTablet(101)).ok());
  const auto tablet = topology_.GetTablet(TabletAlias{"zone1", 101});
  ASSERT_TRUE(tablet.ok());
  EXPECT_EQ(tablet->hostname, "");
  EXPECT_TRUE(tablet->port_map.empty());
  EXPECT_EQ(tablet->mysql.host, "");
  EXPECT_EQ(tablet->mysql.port, 0);
  EXPECT_EQ(tablet->start_time, absl::InfinitePast());
  EXPECT_EQ(tablet->shutdown_time, clock_.Now());
  EXPECT_EQ(tablet->type, TabletType::kReplica);
}

TEST_F(RegistrationTest, ACleanStopLeavesASuccessorsRecordAlone) {
  ASSERT_TRUE(topology_.RegisterTablet(MakeTablet(101)).ok());
  Tablet successor = MakeTablet(101);
  successor.port_map["graft"] = 9999;
  ASSERT_TRUE(topology_.RegisterTablet(successor).ok());
  EXPECT_EQ(topology_.UnregisterTablet(MakeTablet(101)).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(topology_.GetTablet(successor.alias)->hostname, "h1");
}

TEST_F(RegistrationTest, SetPrimaryMovesTheTermAndBothTypes) {
  ASSERT_TRUE(topology_.RegisterTablet(MakeTablet(101)).ok());
  ASSERT_TRUE(topology_.RegisterTablet(MakeTablet(102)).ok());
  ASSERT_TRUE(topology_.SetPrimary("ks", "0", TabletAlias{"zone1", 101}).ok());
  clock_.Advance(absl::Minutes(1));
  ASSERT_TRUE(topology_.SetPrimary("ks", "0", TabletAlias{"zone1", 102}).ok());
  EXPECT_EQ(topology_.GetShard("ks", "0")->primary.uid, 102u);
  const auto shard = Read<topodata::Shard>(kShardKey);
  EXPECT_EQ(topo::FromRecord(true, shard.primary_term_start_time()), clock_.Now());
  EXPECT_TRUE(shard.is_primary_serving());
  EXPECT_EQ(Read<topodata::Tablet>(kTabletKey).type(), topodata::REPLICA);
  EXPECT_FALSE(Read<topodata::Tablet>(kTabletKey).has_primary_term_start_time());
  const auto now = Read<topodata::Tablet>("/c/tablets/zone1-0000000102/Tablet");
  EXPECT_EQ(now.type(), topodata::PRIMARY);
  EXPECT_EQ(topo::FromRecord(true, now.primary_term_start_time()), clock_.Now());
}

TEST_F(RegistrationTest, SetPrimaryTwiceKeepsTheTerm) {
  ASSERT_TRUE(topology_.RegisterTablet(MakeTablet(101)).ok());
  ASSERT_TRUE(topology_.SetPrimary("ks", "0", TabletAlias{"zone1", 101}).ok());
  const std::string before = store_.Get(kShardKey)->value;
  clock_.Advance(absl::Minutes(1));
  ASSERT_TRUE(topology_.SetPrimary("ks", "0", TabletAlias{"zone1", 101}).ok());
  EXPECT_EQ(store_.Get(kShardKey)->value, before);
}

TEST_F(RegistrationTest, SetPrimaryRefusesAStrangerAndATabletBeingRebuilt) {
  ASSERT_TRUE(topology_.RegisterTablet(MakeTablet(101)).ok());
  Tablet stranger = MakeTablet(102);
  stranger.keyspace = "other";
  ASSERT_TRUE(topology_.RegisterTablet(stranger).ok());
  EXPECT_EQ(topology_.SetPrimary("ks", "0", stranger.alias).code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(topology_
                  .UpdateTablet(TabletAlias{"zone1", 101},
                                [](Tablet& tablet) {
                                  tablet.type = TabletType::kRestore;
                                  return absl::OkStatus();
                                })
                  .ok());
  EXPECT_EQ(topology_.SetPrimary("ks", "0", TabletAlias{"zone1", 101}).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(topology_.SetPrimary("ks", "0", TabletAlias{"zone1", 103}).code(),
            absl::StatusCode::kNotFound);
  EXPECT_TRUE(topology_.GetShard("ks", "0")->primary.empty());
}

}  // namespace
}  // namespace graft
