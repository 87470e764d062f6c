#include "integration/preflight_suite.h"

#include <google/protobuf/util/json_util.h>

#include <array>
#include <filesystem>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "base/files.h"
#include "testing/test_env.h"

namespace graft {
namespace {

namespace fs = std::filesystem;

// Everything about a server that preflight could change.
struct ServerState {
  SqlRows variables;
  SqlRows persisted;
  SqlRows channels;
  SqlRows plugins;
  SqlRows gtids;
  SqlRows rows;
  int clones = 0;
};

SqlRows Ask(const MiniTablet& tablet, absl::string_view sql) {
  const auto rows = tablet.mysql->Sql(sql);
  return rows.ok() ? *rows : SqlRows{{rows.status().ToString()}};
}

SqlRows Channels(const MiniTablet& tablet) {
  return Ask(tablet,
             "SELECT channel_name, port, auto_position, r.service_state, a.service_state "
             "FROM performance_schema.replication_connection_configuration "
             "JOIN performance_schema.replication_connection_status r USING (channel_name) "
             "JOIN performance_schema.replication_applier_status a USING (channel_name)");
}

ServerState StateOf(const MiniTablet& tablet) {
  ServerState state;
  state.variables = Ask(tablet,
                        "SELECT variable_name, variable_value FROM "
                        "performance_schema.global_variables ORDER BY 1");
  state.persisted = Ask(tablet,
                        "SELECT variable_name, variable_value FROM "
                        "performance_schema.persisted_variables ORDER BY 1");
  state.channels = Channels(tablet);
  state.plugins = Ask(tablet, "SELECT plugin_name, plugin_status FROM information_schema.plugins");
  state.gtids = Ask(tablet, "SELECT @@gtid_executed, @@gtid_purged");
  state.rows = Checksums(*tablet.mysql).value_or(SqlRows());
  state.clones = tablet.CloneStatements();
  return state;
}

void ExpectSame(const ServerState& before, const ServerState& after) {
  EXPECT_EQ(before.variables, after.variables);
  EXPECT_EQ(before.persisted, after.persisted);
  EXPECT_EQ(before.channels, after.channels);
  EXPECT_EQ(before.plugins, after.plugins);
  EXPECT_EQ(before.gtids, after.gtids);
  EXPECT_EQ(before.rows, after.rows);
  EXPECT_EQ(before.clones, after.clones);
}

std::string GeneralLog(const MiniTablet& tablet) {
  return ReadFile(tablet.mysql->paths().dir + "/general.log").value_or("");
}

// The statements in this part of the general log, without reads.
std::vector<std::string> Orders(absl::string_view log) {
  std::vector<std::string> orders;
  for (const absl::string_view line : absl::StrSplit(log, '\n')) {
    const std::vector<absl::string_view> cells = absl::StrSplit(line, "Query\t");
    if (cells.size() < 2) continue;
    const bool reads = absl::StartsWith(cells[1], "SELECT ") || absl::StartsWith(cells[1], "SHOW ");
    const bool own_session = absl::StartsWith(cells[1], "SET ") &&
                             !absl::StrContains(cells[1], "GLOBAL") &&
                             !absl::StrContains(cells[1], "PERSIST");
    if (!reads && !own_session) orders.emplace_back(cells[1]);
  }
  return orders;
}

// A program that runs mysqld with another plugin directory. The one at hand may be a script that
// gives its own after all that it is told.
absl::StatusOr<std::string> MysqldWithPlugins(const MiniShard& shard, absl::string_view usual,
                                              const std::string& plugins) {
  GRAFT_ASSIGN_OR_RETURN(const std::string home, MysqlHome());
  const std::string at_hand = home + "/bin/mysqld";
  const std::string mysqld = fs::exists(at_hand) ? at_hand : home + "/sbin/mysqld";
  GRAFT_ASSIGN_OR_RETURN(std::string text, ReadFile(mysqld));
  if (absl::StartsWith(text, "#!")) {
    const std::string below = absl::StrCat("$home", absl::StripPrefix(usual, home));
    text = absl::StrReplaceAll(
        text, {{"$0", mysqld}, {std::string(absl::StripSuffix(below, "/")), plugins}});
  } else {
    text = absl::StrCat("#!/bin/sh\nexec ", mysqld, " \"$@\" --plugin-dir=", plugins, "\n");
  }
  const std::string program = shard.folder() + "/mysqld";
  GRAFT_RETURN_IF_ERROR(WriteFile(program, text));
  fs::permissions(program, fs::perms::owner_all);
  return program;
}

}  // namespace

std::vector<std::string> Looked::Findings() const {
  std::vector<std::string> findings;
  for (const v1::CheckResult& result : report.results()) {
    if (result.outcome() == v1::PASSED) continue;
    const std::string side =
        absl::AsciiStrToLower(absl::StripPrefix(v1::CheckSide_Name(result.side()), "CHECK_SIDE_"));
    findings.push_back(
        absl::StrCat(v1::CheckOutcome_Name(result.outcome()), " ", side, " ", result.id()));
  }
  return findings;
}

std::string Looked::TextOf(const std::string& id) const {
  for (const v1::CheckResult& result : report.results()) {
    if (result.id() == id) return absl::StrCat(result.found(), " | ", result.remedy());
  }
  return "no such check";
}

void PreflightTest::SetUpTestSuite() {
  auto shard = MiniShard::Start(MiniShard::Store::kEtcd);
  ASSERT_THAT(shard, IsOk());
  RowsSize rows;
  rows.megabytes = 1;
  rows.ballast_megabytes = 0;
  // A folder that the primary and the replica may have data files in, and the recipient may not.
  const std::string elsewhere = (*shard)->folder() + "/elsewhere";
  fs::create_directories(elsewhere);
  MysqlSandboxOptions with_folder;
  with_folder.extra_my_cnf = "innodb_directories=" + elsewhere + "\n";
  ASSERT_THAT((*shard)->AddReplicatedTablets({with_folder}, rows), IsOk());
  const std::string plugins = (*shard)->folder() + "/plugins";
  fs::create_directories(plugins);
  const std::string usual = (*shard)->tablet(0).Value("SELECT @@plugin_dir");
  fs::copy_file(usual + "mysql_clone.so", plugins + "/mysql_clone.so");
  const auto mysqld = MysqldWithPlugins(**shard, usual, plugins);
  ASSERT_THAT(mysqld, IsOk());
  MysqlSandboxOptions own_plugins;
  // Nothing keeps it safe across a clone's restart but graft's fence.
  own_plugins.extra_my_cnf = "super_read_only=OFF\nread_only=OFF\nskip_replica_start=OFF\n";
  own_plugins.run_flags = {"--mysqld", *mysqld};
  ASSERT_THAT((*shard)->AddReplicatedTablets({own_plugins, with_folder}, rows), IsOk());
  ASSERT_THAT((*shard)->tablet(0).mysql->Sql("CREATE USER app; GRANT ALL ON shop.* TO app"),
              IsOk());
  shard_ = *std::move(shard);
  ASSERT_THAT(recipient().mysql->Sql("SET GLOBAL super_read_only=ON"), IsOk());
}

void PreflightTest::SetUp() {
  ASSERT_NE(shard_, nullptr);
  for (MiniTablet* tablet : {&primary(), &recipient(), &replica()}) {
    if (tablet->agent == nullptr) ASSERT_THAT(shard().StartAgent(*tablet), IsOk());
  }
}

void PreflightTest::TearDown() {
  if (shard_ == nullptr || HasFailure()) return;
  for (MiniTablet* tablet : {&recipient(), &replica()}) {
    ASSERT_THAT(AwaitCaughtUp(*tablet->mysql, *primary().mysql), IsOk());
    EXPECT_EQ(Checksums(*tablet->mysql).value_or(SqlRows()),
              Checksums(*primary().mysql).value_or(SqlRows()));
  }
  const Looked looked = LookFromPrimary();
  EXPECT_EQ(looked.code, 0);
  EXPECT_THAT(looked.Findings(), testing::ElementsAre()) << looked.text;
}

Looked PreflightTest::Look(const MiniTablet& tablet, const std::vector<std::string>& flags) {
  std::vector<ServerState> before;
  std::vector<size_t> logged;
  const std::vector<const MiniTablet*> all = {&primary(), &recipient(), &replica()};
  for (const MiniTablet* one : all) before.push_back(StateOf(*one));
  for (const MiniTablet* one : all) logged.push_back(GeneralLog(*one).size());
  std::vector<std::string> command = {"preflight", tablet.alias};
  command.insert(command.end(), flags.begin(), flags.end());
  Looked looked;
  command.emplace_back("--json");
  const CommandResult result = shard().Graftctl(command);
  for (size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(all[i]->alias);
    EXPECT_THAT(Orders(GeneralLog(*all[i]).substr(logged[i])), testing::ElementsAre());
    ExpectSame(before[i], StateOf(*all[i]));
  }
  looked.code = result.code;
  looked.text = result.out + result.err;
  const auto parsed = google::protobuf::util::JsonStringToMessage(result.out, &looked.report);
  EXPECT_TRUE(parsed.ok()) << looked.text;
  return looked;
}

v1::Operation PreflightTest::Reprovision(const MiniTablet& tablet,
                                         const std::vector<std::string>& flags, int code) {
  std::vector<std::string> command = {"reprovision", tablet.alias, "--watch", "--json"};
  command.insert(command.end(), flags.begin(), flags.end());
  const CommandResult ended = shard().Graftctl(command);
  EXPECT_EQ(ended.code, code) << ended.err << ended.out;
  return LastOperation(ended.out).value_or(v1::Operation());
}

v1::Operation PreflightTest::ExpectRefused(const std::vector<std::string>& flags,
                                           const std::string& reason) {
  const ServerState donor = StateOf(primary());
  const ServerState before = StateOf(recipient());
  v1::Operation operation = Reprovision(recipient(), flags, 1);
  EXPECT_EQ(operation.outcome(), v1::FAILED);
  EXPECT_EQ(operation.data_state(), v1::INTACT);
  EXPECT_EQ(operation.error().reason(), reason);
  EXPECT_EQ(operation.step(), "preflight");
  EXPECT_EQ(operation.attempt(), 1);
  ExpectSame(donor, StateOf(primary()));
  ExpectSame(before, StateOf(recipient()));
  EXPECT_EQ(shard().Record(recipient())->type(), topodata::REPLICA);
  return operation;
}

void PreflightTest::Change(const std::string& sql) {
  ASSERT_THAT(primary().mysql->Sql(sql), IsOk());
  for (MiniTablet* tablet : {&recipient(), &replica()}) {
    ASSERT_THAT(AwaitCaughtUp(*tablet->mysql, *primary().mysql), IsOk());
  }
}

void PreflightTest::ChangeOnly(const MiniTablet& tablet, const std::string& sql) {
  const std::string lock = &tablet == &primary() ? "OFF" : "ON";
  ASSERT_THAT(tablet.mysql->Sql("SET sql_log_bin=0; SET GLOBAL super_read_only=OFF; " + sql +
                                "; SET GLOBAL super_read_only=" + lock),
              IsOk());
}

void PreflightTest::Execute(const MiniTablet& tablet, const std::string& gtid) {
  const std::string lock = &tablet == &primary() ? "OFF" : "ON";
  ASSERT_THAT(tablet.mysql->Sql("SET GLOBAL super_read_only=OFF; SET gtid_next='" + gtid +
                                "'; BEGIN; COMMIT; SET gtid_next=AUTOMATIC; "
                                "SET GLOBAL super_read_only=" +
                                lock),
              IsOk());
}

void PreflightTest::RestartAgent(MiniTablet& tablet, const std::vector<std::string>& flags) {
  ASSERT_THAT(shard().StopAgent(tablet), IsOk());
  ASSERT_THAT(shard().StartAgent(tablet, flags), IsOk());
}

void PreflightTest::ExpectHealthy(MiniTablet& tablet, const MiniTablet& source) {
  ASSERT_THAT(AwaitCaughtUp(*tablet.mysql, *primary().mysql), IsOk());
  EXPECT_EQ(*Checksums(*tablet.mysql), *Checksums(*primary().mysql));
  const SqlRows following = {{"", absl::StrCat(source.mysql->port()), "1", "ON", "ON"}};
  EXPECT_EQ(Channels(tablet), following);
  EXPECT_EQ(tablet.Value("SELECT @@super_read_only"), "1");
  EXPECT_EQ(tablet.Value("SELECT COUNT(*) FROM performance_schema.persisted_variables"), "0");
  EXPECT_EQ(shard().Record(tablet)->type(), topodata::REPLICA);
}

}  // namespace graft
