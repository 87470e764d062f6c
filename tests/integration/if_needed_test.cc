// graftctl reprovision --if-needed with the real programs: a replica whose old data can catch up is
// not copied, and every other one is. The general log shows whether CLONE ran.
#include <gmock/gmock.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "testing/eventually.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "testing/shard_rows.h"

namespace graft {
namespace {

using testing::HasSubstr;

class IfNeededTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto shard = MiniShard::Start(MiniShard::Store::kFolder);
    ASSERT_THAT(shard, IsOk());
    RowsSize rows;
    rows.megabytes = 1;
    rows.ballast_megabytes = 0;
    ASSERT_THAT((*shard)->AddReplicatedTablets({{}, {}}, rows), IsOk());
    shard_ = *std::move(shard);
  }
  static void TearDownTestSuite() { shard_.reset(); }
  void SetUp() override {
    ASSERT_NE(shard_, nullptr);
    clones_ = replica().CloneStatements();
  }

  static MiniShard& shard() { return *shard_; }
  static MiniTablet& primary() { return shard_->tablet(0); }
  static MiniTablet& replica() { return shard_->tablet(1); }

  static void Execute(MiniTablet& tablet, const std::string& sql) {
    ASSERT_THAT(tablet.mysql->Sql(sql), IsOk()) << sql;
  }
  // The primary goes on without the replica.
  static void WriteSome() {
    for (int i = 0; i < 20; ++i) {
      Execute(primary(), "UPDATE shop.orders SET id = id ORDER BY id LIMIT 1");
      Execute(primary(), absl::StrCat("CREATE TABLE shop.more", ++tables_, " (id INT KEY)"));
    }
  }
  static void Mark() {  // lives as long as this data does
    Execute(replica(),
            "SET sql_log_bin=0; SET GLOBAL super_read_only=OFF; CREATE DATABASE IF NOT "
            "EXISTS marker; SET GLOBAL super_read_only=ON");
  }
  static bool IsMarked() { return replica().Value("SHOW DATABASES LIKE 'marker'") == "marker"; }

  static v1::Operation Reprovision() {
    const CommandResult done = shard().Graftctl(
        {"reprovision", replica().alias, "--if-needed", "--from-any", "--json", "--watch"});
    EXPECT_EQ(done.code, 0) << done.out << done.err;
    return shard().NewestOperation(replica()).value_or(v1::Operation());
  }
  static void ExpectHealthy() {
    ASSERT_THAT(AwaitCaughtUp(*replica().mysql, *primary().mysql), IsOk());
    Execute(replica(),
            "SET sql_log_bin=0; SET GLOBAL super_read_only=OFF; DROP DATABASE IF EXISTS "
            "marker; SET GLOBAL super_read_only=ON");
    EXPECT_EQ(*Checksums(*replica().mysql), *Checksums(*primary().mysql));
    EXPECT_EQ(shard().Record(replica())->type(), topodata::REPLICA);
  }
  static void ExpectSaved(const v1::Operation& operation) {
    EXPECT_EQ(operation.outcome(), v1::DONE) << operation.DebugString();
    EXPECT_EQ(operation.old_data().verdict(), v1::COPY_SAVED) << operation.DebugString();
    EXPECT_TRUE(IsMarked());
    EXPECT_EQ(replica().CloneStatements(), clones_);
    ExpectHealthy();
  }
  static void ExpectCopied(const v1::Operation& operation, const std::string& why) {
    EXPECT_EQ(operation.outcome(), v1::DONE) << operation.DebugString();
    EXPECT_EQ(operation.old_data().verdict(), v1::COPY_NEEDED) << operation.DebugString();
    EXPECT_THAT(operation.old_data().why_copied(), HasSubstr(why));
    EXPECT_FALSE(IsMarked());
    EXPECT_EQ(replica().CloneStatements(), clones_ + 1);
    clones_ = replica().CloneStatements();
    ExpectHealthy();
  }

  static inline std::unique_ptr<MiniShard> shard_;
  static inline int clones_ = 0;
  static inline int tables_ = 0;
};

TEST_F(IfNeededTest, ReplicaThatIsBehindAndPointsElsewhereIsNotCopied) {
  const std::string uuid = replica().Value("SELECT @@server_uuid");
  Mark();
  Execute(replica(), "STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_PORT=1; START REPLICA");
  WriteSome();
  ASSERT_TRUE(Eventually(absl::Seconds(20), [] {
    return replica().Value(
               "SELECT last_error_number FROM performance_schema."
               "replication_connection_status") == "2003";
  }));
  const v1::Operation operation = Reprovision();
  ExpectSaved(operation);
  EXPECT_GE(operation.old_data().transactions_caught_up(), 20);
  EXPECT_EQ(replica().Value("SELECT @@server_uuid"), uuid);
  const CommandResult story = shard().Graftctl({"describe", replica().alias});
  EXPECT_THAT(story.out, HasSubstr("saved a copy"));
  EXPECT_THAT(story.out, HasSubstr("no errant transactions"));
}

TEST_F(IfNeededTest, BrokenRelayLogIsNoReasonToCopy) {
  Mark();
  Execute(replica(), "STOP REPLICA SQL_THREAD");
  WriteSome();
  ASSERT_TRUE(Eventually(absl::Seconds(20), [] {
    return replica().Value(
               "SELECT GTID_SUBSET((SELECT received_transaction_set FROM "
               "performance_schema.replication_connection_status), '')") == "0";
  }));
  Execute(replica(), "STOP REPLICA");
  const std::string relay = replica().Value("SELECT @@relay_log_basename");
  const std::string index = replica().Value("SELECT @@relay_log_index");
  std::ifstream names(index);
  std::string name;
  std::string last;
  while (std::getline(names, name)) last = name;
  const std::string path =
      absl::StartsWith(last, "/") ? last : absl::StrCat(replica().Value("SELECT @@datadir"), last);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(file.good()) << path << " of " << relay;
    file.seekp(300);
    file << std::string(4000, '\xFF');
  }
  Execute(replica(), "START REPLICA SQL_THREAD");
  std::string error;
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&error] {
    error = replica().Value(
        "SELECT MAX(e) FROM (SELECT last_error_number AS e FROM performance_schema."
        "replication_applier_status_by_worker UNION ALL SELECT last_error_number FROM "
        "performance_schema.replication_applier_status_by_coordinator) AS errors");
    return error != "0";
  }));
  const v1::Operation operation = Reprovision();
  EXPECT_THAT(operation.old_data().found(), HasSubstr(absl::StrCat("error ", error)));
  ExpectSaved(operation);
}

TEST_F(IfNeededTest, AgentKilledInTheMiddleEndsWell) {
  Mark();
  Execute(replica(), "STOP REPLICA");
  WriteSome();
  const std::string hold = absl::StrCat(shard().folder(), "/hold-rejoin");
  std::ofstream(hold).put('\n');
  ASSERT_THAT(shard().StopAgent(replica()), IsOk());
  ASSERT_THAT(shard().StartAgent(replica(), {"--hold-before-step", absl::StrCat("rejoin=", hold)}),
              IsOk());
  ASSERT_EQ(shard().Graftctl({"reprovision", replica().alias, "--if-needed", "--from-any"}).code,
            0);
  ASSERT_TRUE(Eventually(absl::Seconds(20), [] {
    const auto operation = shard().NewestOperation(replica());
    return operation.ok() && operation->step() == "rejoin";
  }));
  MiniShard::KillAgent(replica());
  std::remove(hold.c_str());
  ASSERT_THAT(shard().StartAgent(replica()), IsOk());
  EXPECT_EQ(shard().Graftctl({"watch", replica().alias}).code, 0);
  const auto operation = shard().NewestOperation(replica());
  ASSERT_THAT(operation, IsOk());
  ExpectSaved(*operation);
}

TEST_F(IfNeededTest, PurgedLogsAreCopied) {
  Mark();
  Execute(replica(), "STOP REPLICA");
  WriteSome();
  Execute(primary(), "FLUSH BINARY LOGS");
  const std::string log = primary().Value("SHOW BINARY LOG STATUS");
  Execute(primary(), absl::StrCat("PURGE BINARY LOGS TO '", log, "'"));
  ExpectCopied(Reprovision(), "has purged what is missing here");
}

TEST_F(IfNeededTest, ErrantTransactionIsCopied) {
  Mark();
  Execute(replica(),
          "SET GLOBAL super_read_only=OFF; CREATE DATABASE errant; DROP DATABASE errant; "
          "SET GLOBAL super_read_only=ON");
  ExpectCopied(Reprovision(), "2 transactions");
}

TEST_F(IfNeededTest, DuplicateRowIsCopiedAlsoIfItShowsWhileCatchingUp) {
  for (const bool hidden : {false, true}) {
    Mark();
    const std::string key = absl::StrCat(900000 + ++tables_);
    if (hidden) Execute(replica(), "STOP REPLICA");
    Execute(replica(),
            absl::StrCat("SET sql_log_bin=0; SET GLOBAL super_read_only=OFF; INSERT INTO "
                         "shop.customers VALUES (",
                         key, ", 'drift'); SET GLOBAL super_read_only=ON"));
    Execute(primary(), absl::StrCat("INSERT INTO shop.customers VALUES (", key, ", 'row')"));
    if (!hidden) {
      ASSERT_TRUE(Eventually(absl::Seconds(20), [] {
        return replica().Value(
                   "SELECT MAX(last_error_number) FROM performance_schema."
                   "replication_applier_status_by_worker") == "1062";
      }));
    }
    ExpectCopied(Reprovision(), hidden ? "catching up failed" : "error 1062");
  }
}

}  // namespace
}  // namespace graft
