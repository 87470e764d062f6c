#include "integration/reprovision_suite.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "graft/v1/journal.pb.h"

namespace graft {

using testing::HasSubstr;
using testing::Not;

void ReprovisionTest::SetUpTestSuite() {
  auto shard = MiniShard::Start(MiniShard::Store::kEtcd);
  ASSERT_THAT(shard, IsOk());
  shard_ = *std::move(shard);
  ASSERT_THAT(shard_->AddReplicatedTablets(3, 4), IsOk());
}

void ReprovisionTest::SetUp() {
  ASSERT_NE(shard_, nullptr);
  for (MiniTablet* tablet : {&primary(), &recipient(), &other()}) {
    if (tablet->agent == nullptr) ASSERT_THAT(shard().StartAgent(*tablet), IsOk());
  }
  clones_before_ = recipient().CloneStatements();
}

void ReprovisionTest::StartSlowOperation() {
  ASSERT_THAT(BreakReplica(*recipient().mysql, *primary().mysql), IsOk());
  ASSERT_THAT(BrakeClone(*recipient().mysql), IsOk());
  const CommandResult started =
      shard().Graftctl({"reprovision", recipient().alias, "--from-primary"});
  ASSERT_EQ(started.code, 0) << started.err;
  ASSERT_THAT(AwaitFileCopy(*recipient().mysql), IsOk())
      << shard().NewestOperation(recipient())->DebugString() << "\n"
      << ReadFile(recipient().agent_log).value_or("no log");
}

v1::Operation ReprovisionTest::AwaitEnd(const MiniTablet& tablet) {
  absl::StatusOr<v1::Operation> operation;
  EXPECT_TRUE(Eventually(absl::Seconds(90), [&] {
    operation = shard().NewestOperation(tablet);
    return operation.ok() && operation->outcome() != v1::RUNNING;
  })) << operation.status();
  return operation.value_or(v1::Operation());
}

void ReprovisionTest::ExpectHealthy(MiniTablet& tablet, MiniTablet& source) {
  ASSERT_THAT(AwaitCaughtUp(*tablet.mysql, *primary().mysql), IsOk());
  EXPECT_EQ(*Checksums(*tablet.mysql), *Checksums(*primary().mysql));

  static int rows = 0;
  const std::string name = absl::StrCat("after the clone, ", ++rows);
  ASSERT_THAT(primary().mysql->Sql("INSERT INTO shop.customers (name) VALUES ('" + name + "')"),
              IsOk());
  ASSERT_THAT(AwaitCaughtUp(*tablet.mysql, *primary().mysql), IsOk());
  EXPECT_EQ(tablet.Value("SELECT COUNT(*) FROM shop.customers WHERE name='" + name + "'"), "1");

  EXPECT_EQ(Channels(tablet), Following(source));
  EXPECT_EQ(tablet.Value("SELECT @@super_read_only"), "1");
  const auto record = shard().Record(tablet);
  ASSERT_THAT(record, IsOk());
  EXPECT_EQ(record->type(), topodata::REPLICA);
  EXPECT_EQ(record->mysql_port(), tablet.mysql->port());
  EXPECT_EQ(record->tags().count("graft.step"), 0U);
  ExpectOnlyVitessKeys();
}

SqlRows ReprovisionTest::Channels(const MiniTablet& tablet) {
  return tablet.mysql
      ->Sql(
          "SELECT channel_name, port, auto_position, r.service_state, a.service_state "
          "FROM performance_schema.replication_connection_configuration "
          "JOIN performance_schema.replication_connection_status r USING (channel_name) "
          "JOIN performance_schema.replication_applier_status a USING (channel_name)")
      .value_or(SqlRows());
}

SqlRows ReprovisionTest::Following(const MiniTablet& source) {
  return {{"", absl::StrCat(source.mysql->port()), "1", "ON", "ON"}};
}

void ReprovisionTest::ExpectOnlyVitessKeys(const std::string& claimed_donor) {
  const CommandResult keys = shard().Run({"etcdctl", "get", "--prefix", "--keys-only", "/"});
  EXPECT_EQ(keys.code, 0) << keys.err;
  std::vector<std::string> lines = absl::StrSplit(keys.out, '\n', absl::SkipEmpty());
  if (!claimed_donor.empty()) {
    const auto claim = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
      return absl::StartsWith(line, absl::StrCat("/vitess/global/internal/named_locks/graft-donor-",
                                                 claimed_donor, "/locks/"));
    });
    ASSERT_NE(claim, lines.end()) << keys.out;
    lines.erase(claim);
    const auto place = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
      return absl::StartsWith(line, "/vitess/global/internal/named_locks/graft-line-shop-0/locks/");
    });
    ASSERT_NE(place, lines.end()) << keys.out;
    lines.erase(place);
  }
  EXPECT_THAT(lines, testing::ElementsAre("/vitess/global/cells/zone1/CellInfo",
                                          "/vitess/global/keyspaces/shop/Keyspace",
                                          "/vitess/global/keyspaces/shop/shards/0/Shard",
                                          "/vitess/zone1/keyspaces/shop/shards/0/ShardReplication",
                                          "/vitess/zone1/tablets/zone1-0000000100/Tablet",
                                          "/vitess/zone1/tablets/zone1-0000000101/Tablet",
                                          "/vitess/zone1/tablets/zone1-0000000102/Tablet"));
}

void ReprovisionTest::ExpectJournalled(const MiniTablet& tablet, const std::string& id) {
  const auto text = ReadFile(absl::StrCat(tablet.state_dir, "/journal/operation-", id, ".json"));
  ASSERT_THAT(text, IsOk());
  v1::JournalRecord record;
  const auto parsed = google::protobuf::util::JsonStringToMessage(*text, &record);
  ASSERT_TRUE(parsed.ok()) << parsed.ToString();
  EXPECT_EQ(record.operation().id(), id);
  EXPECT_EQ(record.operation().outcome(), v1::DONE);
  EXPECT_FALSE(record.has_run()) << "no clone is outstanding any more";
  EXPECT_GT(record.sequence(), 0);
  const std::string sent = record.operation().progress().clone_sent();
  EXPECT_FALSE(sent.empty());
  EXPECT_LE(sent, tablet.CloneBeginTime());
}

void ReprovisionTest::ExpectNoSecrets(const MiniTablet& tablet) {
  std::vector<std::string> files = {tablet.agent_log};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tablet.state_dir)) {
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  EXPECT_GE(files.size(), 2U) << "no journal";
  for (const std::string& file : files) {
    const std::string text = ReadFile(file).value_or("");
    EXPECT_FALSE(text.empty()) << file;
    EXPECT_THAT(text, Not(HasSubstr(MiniShard::kReplPassword))) << file;
    EXPECT_THAT(text, Not(HasSubstr(MiniShard::kClonePassword))) << file;
  }
}

}  // namespace graft
