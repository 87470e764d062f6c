// graftd --reprovision-on-replication-error with the real programs: a replica whose replication
// breaks is rebuilt without anybody's asking, where that is right.
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "testing/eventually.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "testing/shard_rows.h"

namespace graft {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class RepairTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto shard = MiniShard::Start(MiniShard::Store::kEtcd);
    ASSERT_THAT(shard, IsOk());
    RowsSize rows;
    rows.megabytes = 1;
    rows.ballast_megabytes = 0;
    ASSERT_THAT((*shard)->AddReplicatedTablets({{}, {}, {}}, rows), IsOk());
    shard_ = *std::move(shard);
  }
  static void TearDownTestSuite() { shard_.reset(); }
  void SetUp() override { ASSERT_NE(shard_, nullptr); }

  static MiniShard& shard() { return *shard_; }
  static MiniTablet& primary() { return shard_->tablet(0); }
  static MiniTablet& replica() { return shard_->tablet(1); }
  static MiniTablet& other() { return shard_->tablet(2); }

  // Its agent anew, with the history that has this name.
  static void Start(MiniTablet& tablet, const std::string& state, int daily_limit,
                    const std::string& delay = "2s", const std::string& errors = "1032,1062") {
    if (tablet.agent != nullptr) ASSERT_THAT(shard().StopAgent(tablet), IsOk());
    ASSERT_THAT(shard().StartAgent(
                    tablet, {"--reprovision-on-replication-error", errors, "--reprovision-delay",
                             delay, "--reprovision-daily-limit", absl::StrCat(daily_limit),
                             "--replicate-from", "primary", "--state-dir",
                             absl::StrCat(shard().folder(), "/", state, "-", tablet.alias)}),
                IsOk());
  }
  static std::vector<v1::Operation> Operations(const MiniTablet& tablet) {
    const CommandResult listed = shard().Graftctl({"operations", tablet.alias, "--json"});
    EXPECT_EQ(listed.code, 0) << listed.err;
    std::vector<v1::Operation> operations;
    for (const absl::string_view line : absl::StrSplit(listed.out, '\n', absl::SkipEmpty())) {
      operations.push_back(LastOperation(std::string(line)).value_or(v1::Operation()));
    }
    return operations;
  }
  // Waits until its operation number `count` has ended, and ended well.
  static v1::Operation AwaitRepaired(const MiniTablet& tablet, size_t count) {
    std::vector<v1::Operation> operations;
    EXPECT_TRUE(Eventually(absl::Seconds(90), [&] {
      operations = Operations(tablet);
      return operations.size() >= count && operations[0].outcome() != v1::RUNNING;
    })) << Said(tablet);
    EXPECT_EQ(operations.size(), count);
    if (operations.empty()) return v1::Operation();
    EXPECT_EQ(operations[0].outcome(), v1::DONE) << operations[0].DebugString();
    EXPECT_THAT(operations[0].id(), StartsWith("repair-1032-"));
    return operations[0];
  }
  static std::string Said(const MiniTablet& tablet) {
    return ReadFile(tablet.agent_log).value_or("no log");
  }
  // The agent has looked at it and says, from now on, this.
  static bool AwaitSaid(const MiniTablet& tablet, const std::string& words, size_t from = 0) {
    return Eventually(absl::Seconds(40), [&] {
      return absl::StrContains(absl::string_view(Said(tablet)).substr(from), words);
    });
  }
  static void ExpectHealthy(MiniTablet& tablet) {
    ASSERT_THAT(AwaitCaughtUp(*tablet.mysql, *primary().mysql), IsOk());
    EXPECT_EQ(*Checksums(*tablet.mysql), *Checksums(*primary().mysql));
    EXPECT_EQ(shard().Record(tablet)->type(), topodata::REPLICA);
  }

 private:
  static inline std::unique_ptr<MiniShard> shard_;
};

TEST_F(RepairTest, BrokenReplicaIsRebuiltButForTheDailyLimitAndTheOperator) {
  const int clones = replica().CloneStatements();
  Start(replica(), "limit", 1);
  EXPECT_TRUE(Operations(replica()).empty());
  ASSERT_THAT(BreakReplica(*replica().mysql, *primary().mysql), IsOk());
  AwaitRepaired(replica(), 1);
  ExpectHealthy(replica());
  EXPECT_EQ(replica().CloneStatements(), clones + 1);

  ASSERT_THAT(BreakReplica(*replica().mysql, *primary().mysql), IsOk());
  EXPECT_TRUE(AwaitSaid(replica(), "the limit of repairs within 24 hours, 1, is reached"))
      << Said(replica());
  EXPECT_EQ(Operations(replica()).size(), 1U);

  // There is room for one more, and an operator who comes first.
  size_t said = Said(replica()).size();
  Start(replica(), "limit", 2, "6s");
  ASSERT_TRUE(AwaitSaid(replica(), "to be repaired once it has stood for 6.0s", said))
      << Said(replica());
  said = Said(replica()).size();
  ASSERT_THAT(replica().mysql->Sql("STOP REPLICA"), IsOk());
  EXPECT_TRUE(AwaitSaid(replica(), "was stopped by hand", said)) << Said(replica());
  EXPECT_EQ(Operations(replica()).size(), 1U);
  EXPECT_EQ(replica().CloneStatements(), clones + 1);

  ASSERT_THAT(replica().mysql->Sql("START REPLICA"), IsOk());
  AwaitRepaired(replica(), 2);
  ExpectHealthy(replica());
  EXPECT_EQ(replica().CloneStatements(), clones + 2);
}

TEST_F(RepairTest, PrimaryIsNeverRebuilt) {
  Start(primary(), "primary", 2);
  const size_t before = Said(primary()).size();
  // A row of another transaction's on the replica, and the primary follows it: 1062.
  const std::string id = primary().Value("SELECT MIN(id) FROM shop.customers");
  ASSERT_THAT(other().mysql->Sql("SET GLOBAL super_read_only=OFF; SET sql_log_bin=0; "
                                 "DELETE FROM shop.customers WHERE id=" +
                                 id + "; SET sql_log_bin=1; INSERT INTO shop.customers VALUES (" +
                                 id + ", 'the first'); SET GLOBAL super_read_only=ON"),
              IsOk());
  ASSERT_THAT(primary().mysql->Sql(absl::StrCat(
                  "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=",
                  other().mysql->port(), ", SOURCE_USER='vt_repl', SOURCE_PASSWORD='",
                  MiniShard::kReplPassword,
                  "', SOURCE_SSL=1, SOURCE_AUTO_POSITION=1 FOR CHANNEL 'back'; START REPLICA")),
              IsOk());
  EXPECT_TRUE(AwaitSaid(primary(), "this is a primary, which is never rebuilt", before))
      << Said(primary());
  EXPECT_TRUE(Operations(primary()).empty());
  EXPECT_EQ(primary().CloneStatements(), 0);
  EXPECT_EQ(primary().Value("SELECT @@super_read_only"), "0");
  ASSERT_THAT(primary().mysql->Sql("STOP REPLICA; RESET REPLICA ALL FOR CHANNEL 'back'"), IsOk());
  // It would notice by itself at its next heartbeat, and counts as a replica of a recipient's.
  const std::string dump =
      other().Value("SELECT id FROM performance_schema.processlist WHERE command LIKE 'Binlog%'");
  if (!dump.empty()) ASSERT_THAT(other().mysql->Sql("KILL " + dump), IsOk());
  ASSERT_THAT(primary().mysql->Sql("SET gtid_next='" + other().Value("SELECT @@server_uuid") +
                                   ":1'; BEGIN; COMMIT; SET gtid_next=AUTOMATIC"),
              IsOk());
  ExpectHealthy(other());
}

TEST_F(RepairTest, TwoBrokenReplicasAreRebuiltOneAfterTheOther) {
  for (MiniTablet* tablet : {&replica(), &other()}) {
    ASSERT_THAT(shard().StopAgent(*tablet), IsOk());
    ASSERT_THAT(BreakReplica(*tablet->mysql, *primary().mysql), IsOk());
  }
  const int clones = replica().CloneStatements() + other().CloneStatements();
  Start(replica(), "both", 2);
  Start(other(), "both", 2);
  v1::Operation first = AwaitRepaired(replica(), 1);
  v1::Operation second = AwaitRepaired(other(), 1);
  const auto nanos = [](const google::protobuf::Timestamp& time) {
    return time.seconds() * 1000000000 + time.nanos();
  };
  if (nanos(second.requested()) < nanos(first.requested())) std::swap(first, second);
  EXPECT_LE(nanos(first.ended()), nanos(second.requested()));
  for (MiniTablet* tablet : {&replica(), &other()}) {
    ExpectHealthy(*tablet);
  }
  EXPECT_EQ(replica().CloneStatements() + other().CloneStatements(), clones + 2);
}

// A data directory that was copied with its auto.cnf. The source throws one server off for the
// other (13114), and would do so after a rebuild.
TEST_F(RepairTest, AServerWithTheSameServerUuidIsNamedAndNothingIsRebuilt) {
  const auto added = shard().AddTablet();
  ASSERT_THAT(added, IsOk());
  MiniTablet& twin = **added;
  const auto uuid_file = [](const MiniTablet& tablet) {
    return tablet.mysql->paths().data() + "/auto.cnf";
  };
  ASSERT_THAT(twin.mysql->Stop(), IsOk());
  ASSERT_THAT(WriteFile(uuid_file(twin), *ReadFile(uuid_file(replica()))), IsOk());
  ASSERT_THAT(twin.mysql->StartParent(), IsOk());
  ASSERT_THAT(twin.mysql->AwaitReady(), IsOk());
  ASSERT_THAT(shard().StartAgent(twin), IsOk());
  Start(replica(), "twin", 2, "1s", "13114,1236");
  ASSERT_THAT(
      twin.mysql->Sql(absl::StrCat(
          "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=",
          primary().mysql->port(), ", SOURCE_USER='vt_repl', SOURCE_PASSWORD='",
          MiniShard::kReplPassword, "', SOURCE_SSL=1, SOURCE_AUTO_POSITION=1; START REPLICA")),
      IsOk());
  CommandResult status;
  EXPECT_TRUE(Eventually(absl::Seconds(40),
                         [&] {
                           status = shard().Graftctl({"status", replica().alias});
                           return absl::StrContains(
                               status.out, "by its record that is the server of " + twin.alias);
                         }))
      << status.out << status.err;
  const CommandResult preflight =
      shard().Graftctl({"preflight", replica().alias, "--from-primary"});
  EXPECT_EQ(preflight.code, 5) << preflight.out;
  EXPECT_THAT(preflight.out, HasSubstr("SERVER_ID"));
  EXPECT_THAT(preflight.out, HasSubstr("the server of tablet " + twin.alias));
  // A source that throws it off says so in its own words when nobody's record names the other one.
  ASSERT_THAT(shard().StopAgent(twin), IsOk());
  ASSERT_THAT(twin.mysql->Stop(), IsOk());
  const CommandResult unnamed = shard().Graftctl({"preflight", replica().alias, "--from-primary"});
  EXPECT_EQ(unnamed.code, 5) << unnamed.out;
  EXPECT_THAT(unnamed.out, HasSubstr("has thrown the recipient off for another server"));
  EXPECT_TRUE(Operations(replica()).empty());

  ASSERT_THAT(replica().mysql->Sql("START REPLICA"), IsOk());
  ExpectHealthy(replica());
}

}  // namespace
}  // namespace graft
