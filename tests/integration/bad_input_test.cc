// Everything that can be asked wrongly: a clear error, an exit code for scripts, and nothing lost.
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mysqld/tablet_dir.h"
#include "testing/eventually.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "testing/ports.h"
#include "testing/shard_rows.h"

namespace graft {
namespace {

using testing::HasSubstr;

struct BadCommand {
  std::vector<std::string> args;
  int code;
  std::vector<std::string> words;  // in what it prints
};

// A primary, a replica that nothing must happen to, and a tablet without the clone plugin.
class BadInputTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto shard = MiniShard::Start(MiniShard::Store::kEtcd);
    ASSERT_THAT(shard, IsOk());
    shard_ = *std::move(shard);
    ASSERT_THAT(shard_->AddReplicatedTablets(2, 1), IsOk());
    const auto bare = shard_->AddTablet(/*clone_enabled=*/false);
    ASSERT_THAT(bare, IsOk());
    ASSERT_THAT(shard_->StartAgent(**bare), IsOk());
    rows_ = Checksums(*shard_->tablet(0).mysql).value_or(SqlRows());
  }
  static void TearDownTestSuite() { shard_.reset(); }

  void SetUp() override {
    ASSERT_NE(shard_, nullptr);
    ASSERT_FALSE(rows_.empty());
  }

  // After each test: nothing was cloned, the rows are there, the replica replicates and serves.
  void TearDown() override {
    if (shard_ == nullptr) return;
    for (MiniTablet* tablet : {&primary(), &replica(), &bare()}) {
      SCOPED_TRACE(tablet->alias);
      EXPECT_EQ(tablet->CloneStatements(), 0);
      EXPECT_EQ(tablet->Value("SELECT @@super_read_only"), tablet == &primary() ? "0" : "1");
      const auto record = shard_->Record(*tablet);
      ASSERT_THAT(record, IsOk());
      EXPECT_EQ(record->type(), tablet == &primary() ? topodata::PRIMARY : topodata::REPLICA);
    }
    EXPECT_EQ(Checksums(*primary().mysql).value_or(SqlRows()), rows_);
    EXPECT_EQ(Checksums(*replica().mysql).value_or(SqlRows()), rows_);
    EXPECT_EQ(replica().CloneBeginTime(), "");
    EXPECT_EQ(
        replica().Value("SELECT COUNT(*) FROM performance_schema.replication_connection_status "
                        "JOIN performance_schema.replication_applier_status a "
                        "USING (channel_name) WHERE a.service_state='ON'"),
        "1");
  }

  static MiniShard& shard() { return *shard_; }
  static MiniTablet& primary() { return shard_->tablet(0); }
  static MiniTablet& replica() { return shard_->tablet(1); }
  static MiniTablet& bare() { return shard_->tablet(2); }

  static void Expect(const BadCommand& bad, const CommandResult& result) {
    EXPECT_EQ(result.code, bad.code) << result.out << result.err;
    for (const std::string& word : bad.words) {
      EXPECT_THAT(result.out + result.err, HasSubstr(word));
    }
  }
  static void ExpectOfGraftctl(const BadCommand& bad) {
    SCOPED_TRACE(testing::PrintToString(bad.args));
    Expect(bad, shard_->Graftctl(bad.args));
  }
  // In place of the replica's agent, with a state of its own.
  static void ExpectOfGraftd(BadCommand bad) {
    SCOPED_TRACE(testing::PrintToString(bad.args));
    bad.args.insert(bad.args.end(), {"--state-dir", shard_->folder() + "/bad-state"});
    const auto argv = shard_->AgentCommand(replica(), bad.args);
    ASSERT_THAT(argv, IsOk());
    Expect(bad, shard_->Run(*argv, absl::Seconds(30)));
  }
  static void ExpectFailed(const std::vector<std::string>& from,
                           const std::vector<std::string>& words) {
    BadCommand bad{{"reprovision", replica().alias, "--watch"}, 1, words};
    bad.args.insert(bad.args.end(), from.begin(), from.end());
    bad.words.emplace_back("INTACT");
    ExpectOfGraftctl(bad);
  }
  // Behind replication's back.
  static void Change(const MiniTablet& tablet, const std::string& sql) {
    const std::string lock = &tablet == &primary() ? "OFF" : "ON";
    ASSERT_THAT(tablet.mysql->Sql("SET sql_log_bin=0; SET GLOBAL super_read_only=OFF; " + sql +
                                  "; SET GLOBAL super_read_only=" + lock),
                IsOk());
  }

 private:
  static inline std::unique_ptr<MiniShard> shard_;
  static inline SqlRows rows_;
};

TEST_F(BadInputTest, CommandLinesOfGraftctl) {
  const std::string& alias = replica().alias;
  const BadCommand table[] = {
      {{}, 2, {"a command is required", "graftctl --help"}},
      {{"reprovison", alias},
       2,
       {"\"reprovison\" is no command; did you mean reprovision?", "graftctl --help"}},
      {{"reprovision", alias, "--from-primary", "--bogus"}, 2, {"--bogus"}},
      {{"reprovision", "zone1", "--from-primary"}, 2, {"\"zone1\" is no tablet alias"}},
      {{"reprovision", alias, "--from-tablet", "100"}, 2, {"\"100\" is no tablet alias"}},
      {{"reprovision", alias, "--from-primary", "--timeout", "5x"}, 2, {"\"5x\" is no duration"}},
      {{"reprovision", alias, "--from-primary", "--from-tablet", primary().alias},
       2,
       {"--from-primary excludes --from-tablet"}},
      {{"reprovision", alias}, 2, {"NO_DONOR_SPECIFIED", "--from-primary"}},
      {{"reprovision", alias, "--from-primary", "--replicate-from", "me"}, 2, {"replicate-from"}},
      {{"reprovision", alias, "--from-primary", "--from-any"}, 2, {"--from-any"}},
      {{"reprovision", alias, "--from-primary", "--max-concurrency", "0"},
       2,
       {"--max-concurrency", "1 to 128"}},
      {{"reprovision", alias, "--from-primary", "--max-data-bandwidth", "-1"},
       2,
       {"--max-data-bandwidth", "write a whole number of MiB/s, 0 to 1048576"}},
      {{"preflight", alias}, 2, {"NO_DONOR_SPECIFIED", "--from-primary"}},
      {{"preflight", alias, "--from-tablet", "zone1-0000000999"},
       3,
       {"zone1-0000000999 is not in"}},
      {{"preflight", alias, "--from-tablet", alias}, 5, {"DONOR_IS_RECIPIENT"}},
      {{"preflight", primary().alias, "--from-tablet", alias}, 5, {"RECIPIENT_IS_PRIMARY"}},
      {{"throttle", alias}, 2, {"--max-data-bandwidth"}},
      {{"throttle", alias, "--max-data-bandwidth", "5"}, 3, {"no operation"}},
      {{"reprovision", "nowhere-0000000101", "--from-primary"}, 3, {"cell nowhere is not in"}},
      {{"reprovision", "zone1-0000000999", "--from-primary"}, 3, {"zone1-0000000999 is not in"}},
      {{"status", alias, "no-such-operation"},
       3,
       {"no operation no-such-operation; graftctl history ALIAS"}},
      {{"cancel", bare().alias}, 3, {"no operation"}},
      {{"topo", "set-primary", "nope/0", alias}, 3, {"keyspace nope is not in"}},
      {{"topo", "set-primary", "shop/80-", alias}, 3, {"shard shop/80- is not in"}},
      {{"topo", "set-primary", "shop", alias}, 2, {"write keyspace/shard"}},
      {{"tablets", "--topo-implementation", "zk2"}, 2, {"write etcd2 or folder"}},
      {{"tablets", "--timeout", "1s", "--topo-global-server-address",
        absl::StrCat("127.0.0.1:", FreePort())},
       4,
       {"UNAVAILABLE"}},
      {{"status", alias, "--timeout", "1s", "--server", absl::StrCat("127.0.0.1:", FreePort())},
       4,
       {"agent at 127.0.0.1:"}},
  };
  for (const BadCommand& bad : table) ExpectOfGraftctl(bad);
}

TEST_F(BadInputTest, CommandLinesOfGraftd) {
  const std::string nowhere = shard().folder() + "/no.sock";  // the replica's is another agent's
  const std::string nobody = absl::StrCat("127.0.0.1:", FreePort());
  const BadCommand table[] = {
      {{"--bogus"}, 2, {"--bogus"}},
      {{"--tablet-path", "zone1"}, 2, {"--tablet-path: \"zone1\" is no tablet alias"}},
      {{"--clone-restart-wait-timeout", "5 minutes"}, 2, {"\"5 minutes\" is no duration"}},
      {{"--clone-from-primary", "--clone-from-tablet", primary().alias},
       2,
       {"--clone-from-primary, --clone-from-tablet and --clone-from-any are mutually exclusive"}},
      {{"--restore-with-clone"}, 2, {"no donor specified"}},
      {{"--clone-from-tablet", replica().alias}, 2, {"names this very tablet"}},
      {{"--clone-from-tablet", "x"}, 2, {"--clone-from-tablet: \"x\" is no tablet alias"}},
      {{"--restore-with-clone", "--clone-from-primary", "--restore-from-backup"},
       2,
       {"--restore-from-backup and --restore-with-clone are mutually exclusive"}},
      {{"--db-clone-password-file", "none", "--init-tablet-type", "primary"},
       2,
       {"--db-clone-password-file: ", "none", "--init-tablet-type: "}},
      {{"--clone-max-attempts", "0", "--clone-max-concurrency", "129", "--clone-max-data-bandwidth",
        "-1", "--clone-donor-wait-timeout", "soon"},
       2,
       {"--clone-max-attempts: ", "--clone-max-concurrency: 129", "--clone-max-data-bandwidth: -1",
        "--clone-donor-wait-timeout: \"soon\" is no duration"}},
      {{"--reprovision-on-replication-error", "1032,often", "--reprovision-daily-limit", "0",
        "--reprovision-delay", "5x"},
       2,
       {"\"often\" is no MySQL error number",
        "--reprovision-daily-limit: ", "--reprovision-delay: \"5x\""}},
      {{"--tablet-path", "nowhere-0000000101", "--db-socket", nowhere, "--grpc-port", "0"},
       1,
       {"cell nowhere is not in the topology"}},
      // Its agent has the port.
      {{"--tablet-path", "zone1-0000000900"},
       1,
       {"cannot start", absl::StrCat("127.0.0.1:", replica().grpc_port)}},
      {{"--topo-global-server-address", nobody, "--init-timeout", "2s", "--db-socket", nowhere,
        "--grpc-port", "0"},
       1,
       {"could not be registered within", "--init-timeout"}},
  };
  for (const BadCommand& bad : table) ExpectOfGraftd(bad);
  EXPECT_EQ(shard().Graftctl({"status", "zone1-0000000900"}).code, 3) << "left a record";
}

TEST_F(BadInputTest, DonorsThatCannotBe) {
  ExpectFailed({"--from-tablet", "zone1-0000000999"}, {"zone1-0000000999 is not in the topology"});
  ExpectFailed({"--from-tablet", "nowhere-0000000100"}, {"cell nowhere is not in the topology"});
  ExpectOfGraftctl({{"reprovision", replica().alias, "--from-tablet", replica().alias},
                    5,
                    {"DONOR_IS_RECIPIENT", "from itself"}});
  ExpectOfGraftctl({{"reprovision", primary().alias, "--from-tablet", replica().alias, "--watch"},
                    1,
                    {"RECIPIENT_IS_PRIMARY", "a primary is never overwritten", "INTACT"}});
}

TEST_F(BadInputTest, DonorWithoutAddress) {
  ASSERT_THAT(shard().StopAgent(bare()), IsOk());
  ExpectFailed({"--from-tablet", bare().alias}, {"DONOR_HAS_NO_ADDRESS", "start it"});
  ExpectOfGraftctl({{"reprovision", bare().alias, "--from-primary"}, 4, {"was stopped at"}});
  ExpectOfGraftd({{"--tablet-path", bare().alias, "--init-shard", "80-", "--grpc-port", "0",
                   "--db-socket", shard().folder() + "/no.sock"},
                  1,
                  {"is registered in shop/0, not in shop/80-"}});
  ASSERT_THAT(shard().StartAgent(bare()), IsOk());
}

TEST_F(BadInputTest, ShardWithoutPrimaryAndDonorOfAnotherShard) {
  const std::string alias = "zone1-0000000300";
  const std::string port = absl::StrCat(FreePort());
  ASSERT_THAT(shard().StopAgent(bare()), IsOk());  // one agent at a time works on a mysqld
  const auto argv = shard().AgentCommand(
      bare(), {"--tablet-path", alias, "--init-keyspace", "lonely", "--grpc-port", port,
               "--state-dir", shard().folder() + "/lonely"});
  ASSERT_THAT(argv, IsOk());
  auto agent = shard().Spawn(*argv, shard().folder() + "/lonely.log");
  ASSERT_THAT(agent, IsOk());
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] {
    return shard().Graftctl({"status", alias}).code == 0;
  }));
  ExpectOfGraftctl({{"reprovision", alias, "--from-primary", "--watch"},
                    1,
                    {"SHARD_HAS_NO_PRIMARY", "shard lonely/0 has no primary", "INTACT"}});
  ExpectOfGraftctl({{"reprovision", alias, "--from-tablet", replica().alias, "--watch"},
                    1,
                    {"DONOR_OF_OTHER_SHARD", "INTACT"}});
  agent->reset();
  ASSERT_THAT(shard().StartAgent(bare()), IsOk());
}

// With the alias of that agent's tablet, or with one of its own: nothing is registered.
TEST_F(BadInputTest, AnAgentOnTheServerOfAnotherAgent) {
  for (const std::string& alias : {replica().alias, std::string("zone1-0000000301")}) {
    const auto argv = shard().AgentCommand(
        replica(), {"--tablet-path", alias, "--grpc-port", absl::StrCat(FreePort()), "--state-dir",
                    shard().folder() + "/second"});
    ASSERT_THAT(argv, IsOk());
    const CommandResult second = shard().Run(*argv);
    EXPECT_EQ(second.code, 1) << second.out << second.err;
    EXPECT_THAT(second.out + second.err, HasSubstr("another agent works on this mysqld"));
    const auto record = shard().Record(replica());
    ASSERT_THAT(record, IsOk());
    EXPECT_EQ(record->port_map().at("graft"), replica().grpc_port);
  }
  ExpectOfGraftctl({{"status", "zone1-0000000301"}, 3, {"zone1-0000000301"}});
}

// It works on a server of its own, which would become the shard's primary in everybody's eyes.
TEST_F(BadInputTest, AnAgentWithTheAliasOfAnotherAgent) {
  const auto argv = shard().AgentCommand(
      primary(), {"--grpc-port", absl::StrCat(FreePort()), "--db-socket",
                  shard().folder() + "/no.sock", "--state-dir", shard().folder() + "/second"});
  ASSERT_THAT(argv, IsOk());
  const CommandResult second = shard().Run(*argv);
  EXPECT_EQ(second.code, 1) << second.out << second.err;
  EXPECT_THAT(second.out + second.err, HasSubstr("TABLET_HELD"));
  const auto record = shard().Record(primary());
  ASSERT_THAT(record, IsOk());
  EXPECT_EQ(record->port_map().at("graft"), primary().grpc_port);
}

TEST_F(BadInputTest, TheAgentOfAnotherTablet) {
  const std::string agent = absl::StrCat("127.0.0.1:", replica().grpc_port);
  const std::vector<std::vector<std::string>> commands = {
      {"reprovision", bare().alias, "--from-primary"},
      {"reprovision", bare().alias, "--from-any", "--watch"},
      {"release", bare().alias},
      {"cancel", bare().alias},
      {"status", bare().alias},
      {"preflight", bare().alias, "--from-primary"},
      {"history", bare().alias}};
  for (std::vector<std::string> args : commands) {
    args.insert(args.end(), {"--server", agent});
    ExpectOfGraftctl({args, 5, {"OTHER_TABLET", agent, replica().alias}});
  }
}

TEST_F(BadInputTest, ShardRecordMissing) {
  const std::string key = "/vitess/global/keyspaces/shop/shards/0/Shard";
  const CommandResult kept = shard().Run({"etcdctl", "get", "--print-value-only", key});
  ASSERT_EQ(kept.code, 0) << kept.err;
  ASSERT_EQ(shard().Run({"etcdctl", "del", key}).out, "1\n");
  ExpectFailed({"--from-primary"}, {"shard shop/0 is not in the topology"});
  // etcdctl takes the value from its command line; this one, an alias and a time, has no NUL.
  const std::string value(absl::StripSuffix(kept.out, "\n"));
  ASSERT_EQ(value.find('\0'), std::string::npos);
  ASSERT_EQ(shard().Run({"etcdctl", "put", "--", key, value}).out, "OK\n");
  const CommandResult now = shard().Run({"etcdctl", "get", "--print-value-only", key});
  ASSERT_EQ(now.out, kept.out);
}

TEST_F(BadInputTest, WrongClonePassword) {
  const std::string file = shard().folder() + "/wrong.password";
  ASSERT_THAT(WriteFile(file, "wrong-5ecret"), IsOk());
  ASSERT_THAT(shard().StopAgent(replica()), IsOk());
  ASSERT_THAT(shard().StartAgent(replica(), {"--db-clone-password-file", file}), IsOk());
  ExpectFailed({"--from-primary"}, {"DONOR_CREDENTIALS", "vt_clone"});
  EXPECT_THAT(shard().Graftctl({"operations", replica().alias, "--json"}).out,
              testing::Not(HasSubstr("wrong-5ecret")));
  ASSERT_THAT(shard().StopAgent(replica()), IsOk());
  ASSERT_THAT(shard().StartAgent(replica()), IsOk());
}

TEST_F(BadInputTest, PrivilegesMissing) {
  Change(primary(), "REVOKE BACKUP_ADMIN ON *.* FROM vt_clone@'%'");
  ExpectFailed({"--from-primary"}, {"DONOR_PRIVILEGE", "GRANT BACKUP_ADMIN"});
  Change(replica(), "REVOKE CLONE_ADMIN ON *.* FROM vt_dba@localhost");
  // Both at once.
  ExpectFailed({"--from-primary"}, {"GRANT CLONE_ADMIN", "GRANT BACKUP_ADMIN"});
  Change(primary(), "GRANT BACKUP_ADMIN ON *.* TO vt_clone@'%'");
  ExpectFailed({"--from-primary"}, {"RECIPIENT_PRIVILEGE", "GRANT CLONE_ADMIN"});
  Change(replica(), "GRANT CLONE_ADMIN ON *.* TO vt_dba@localhost");
}

TEST_F(BadInputTest, PluginMissing) {
  ExpectOfGraftctl({{"reprovision", bare().alias, "--from-primary", "--watch"},
                    1,
                    {"RECIPIENT_PLUGIN", "plugin-load-add=mysql_clone.so", "INTACT"}});
  Change(bare(), absl::StrCat("CREATE USER vt_clone@'%' IDENTIFIED BY '", MiniShard::kClonePassword,
                              "'; GRANT BACKUP_ADMIN ON *.* TO vt_clone@'%'"));
  ExpectFailed({"--from-tablet", bare().alias}, {"DONOR_PLUGIN", "not installed"});
  Change(bare(), "DROP USER vt_clone@'%'");
}

TEST_F(BadInputTest, DonorDown) {
  ASSERT_THAT(shard().StopAgent(replica()), IsOk());
  ASSERT_THAT(shard().StartAgent(replica(), {"--clone-max-attempts", "1"}), IsOk());
  ASSERT_THAT(bare().mysql->Stop(), IsOk());
  ExpectFailed({"--from-tablet", bare().alias}, {"DONOR_UNREACHABLE", bare().alias});
  ASSERT_THAT(bare().mysql->StartParent(), IsOk());
  ASSERT_THAT(bare().mysql->AwaitReady(), IsOk());
  ASSERT_THAT(shard().StopAgent(replica()), IsOk());
  ASSERT_THAT(shard().StartAgent(replica()), IsOk());
}

}  // namespace
}  // namespace graft
