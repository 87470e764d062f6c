// Something outside of graft ends sessions, processes or replication: the operation says what was
// seen, and drops no data again for nothing.
#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "absl/strings/match.h"
#include "integration/reprovision_suite.h"

namespace graft {
namespace {

using testing::HasSubstr;

// Kills the sessions that clone from the server, as soon as they copy files into `recipient`.
class QueryKiller {
 public:
  QueryKiller(MysqlSandbox& donor, MysqlSandbox& recipient)
      : thread_([this, &donor, &recipient] { Serve(donor, recipient); }) {}
  ~QueryKiller() { Join(); }
  // How many times it has killed.
  int Join() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
    return kills_;
  }

 private:
  void Serve(MysqlSandbox& donor, MysqlSandbox& recipient) {
    Eventually(absl::Minutes(2), [&] {
      const auto copies = recipient.SqlValue(
          "SELECT COUNT(*) FROM performance_schema.clone_progress WHERE stage = 'FILE COPY' AND "
          "state = 'In Progress'");
      if (copies.value_or("0") == "0") return stopped_.load();
      const auto sessions =
          donor.Sql("SELECT id FROM performance_schema.processlist WHERE command = 'clone'");
      if (!sessions.ok() || sessions->empty()) return stopped_.load();
      for (const auto& row : *sessions) donor.Sql("KILL " + row.front()).IgnoreError();
      ++kills_;
      return stopped_.load();
    });
  }

  std::atomic<bool> stopped_ = false;
  std::atomic<int> kills_ = 0;
  std::thread thread_;
};

TEST_F(ReprovisionTest, AQueryKillerOnTheDonor) {
  ASSERT_THAT(BreakReplica(*recipient().mysql, *primary().mysql), IsOk());
  ASSERT_THAT(BrakeClone(*recipient().mysql), IsOk());
  QueryKiller killer(*other().mysql, *recipient().mysql);
  const CommandResult ended = shard().Graftctl(
      {"reprovision", recipient().alias, "--from-tablet", other().alias, "--watch", "--json"});
  EXPECT_GE(killer.Join(), 2);
  EXPECT_EQ(ended.code, 6) << ended.err;
  const auto operation = LastOperation(ended.out);
  ASSERT_THAT(operation, IsOk());
  EXPECT_EQ(operation->error().reason(), "DONOR_ENDS_CLONES") << operation->DebugString();
  EXPECT_THAT(operation->error().message(),
              HasSubstr("the donor never went down, and its clone session vanished"));
  EXPECT_EQ(operation->attempt(), 2);
  EXPECT_EQ(recipient().CloneStatements(), clones_before_ + 2);

  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  const CommandResult again =
      shard().Graftctl({"reprovision", recipient().alias, "--from-primary", "--watch"});
  EXPECT_EQ(again.code, 0) << again.out << again.err;
  ExpectHealthy(recipient(), primary());
}

// A probe that waits for less time than a recovery takes. graft-mysqld gives up after five.
TEST_F(ReprovisionTest, AProbeThatKillsTheStartingServer) {
  MysqlSandbox& mysql = *recipient().mysql;
  ASSERT_THAT(shard().StopAgent(recipient()), IsOk());
  ASSERT_THAT(shard().StartAgent(recipient(), {"--clone-restart-wait-timeout", "5s"}), IsOk());
  const CommandResult started =
      shard().Graftctl({"reprovision", recipient().alias, "--from-primary"});
  ASSERT_EQ(started.code, 0) << started.err;
  const std::optional<pid_t> copied = mysql.mysqld_pid();
  ASSERT_TRUE(copied.has_value());
  // Each process that comes after the one that made the copy.
  EXPECT_TRUE(Eventually(absl::Seconds(60), [&] {
    const std::optional<pid_t> pid = mysql.mysqld_pid();
    if (pid.has_value() && pid != copied) kill(*pid, SIGKILL);
    return !mysql.parent()->running();
  }));
  const v1::Operation operation = AwaitEnd(recipient());
  EXPECT_EQ(operation.error().reason(), "RESTART_TIMEOUT") << operation.DebugString();
  EXPECT_THAT(
      operation.error().message(),
      HasSubstr("ended without a word in its error log, the last one with signal 9 (Killed)"));
  EXPECT_EQ(operation.attempt(), 1);

  ASSERT_THAT(mysql.StartParent(), IsOk());
  ASSERT_THAT(mysql.AwaitReady(), IsOk());
  const CommandResult again =
      shard().Graftctl({"reprovision", recipient().alias, "--from-primary", "--watch"});
  EXPECT_EQ(again.code, 0) << again.out << again.err;
  EXPECT_EQ(recipient().CloneStatements(), clones_before_ + 1) << "the copy was there";
  ExpectHealthy(recipient(), primary());
  ASSERT_THAT(shard().StopAgent(recipient()), IsOk());
  ASSERT_THAT(shard().StartAgent(recipient()), IsOk());
}

// The source's last acknowledger beside the recipient goes while files are copied.
TEST_F(ReprovisionTest, AnAcknowledgerThatGoesDuringTheCopy) {
  MysqlSandbox& source = *primary().mysql;
  MysqlSandbox& acknowledger = *other().mysql;
  ASSERT_THAT(source.Sql("SET sql_log_bin=0; INSTALL PLUGIN rpl_semi_sync_source SONAME "
                         "'semisync_source.so'; SET GLOBAL rpl_semi_sync_source_timeout=3600000, "
                         "GLOBAL rpl_semi_sync_source_enabled=ON"),
              IsOk());
  ASSERT_THAT(acknowledger.Sql("SET GLOBAL super_read_only=OFF; SET sql_log_bin=0; INSTALL PLUGIN "
                               "rpl_semi_sync_replica SONAME 'semisync_replica.so'; SET GLOBAL "
                               "rpl_semi_sync_replica_enabled=ON, GLOBAL super_read_only=ON; STOP "
                               "REPLICA; START REPLICA"),
              IsOk());
  ASSERT_THAT(AwaitCaughtUp(acknowledger, source), IsOk());
  StartSlowOperation();
  ASSERT_THAT(acknowledger.Sql("STOP REPLICA"), IsOk());
  // The source would notice by itself at its next heartbeat. The recipient has none any more.
  const std::string session =
      primary().Value("SELECT id FROM performance_schema.processlist WHERE command LIKE 'Binlog%'");
  if (!session.empty()) ASSERT_THAT(source.Sql("KILL " + session), IsOk());
  CommandResult status;
  EXPECT_TRUE(Eventually(absl::Seconds(40), [&] {
    status = shard().Graftctl({"status", recipient().alias});
    return absl::StrContains(status.out, "its commits wait for semi-synchronous acknowledgers");
  })) << status.out;
  ASSERT_THAT(acknowledger.Sql("START REPLICA"), IsOk());
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  const v1::Operation operation = AwaitEnd(recipient());
  EXPECT_EQ(operation.outcome(), v1::DONE) << operation.DebugString();
  EXPECT_THAT(operation.DebugString(),
              HasSubstr("it wants 1, and has 0"));  // a finding, after the copy too

  ASSERT_THAT(acknowledger.Sql("STOP REPLICA; SET GLOBAL super_read_only=OFF; SET sql_log_bin=0; "
                               "UNINSTALL PLUGIN rpl_semi_sync_replica; SET GLOBAL "
                               "super_read_only=ON"),
              IsOk());
  // To uninstall it, its session for the acknowledger would have to end first: half a minute.
  ASSERT_THAT(source.Sql("SET GLOBAL rpl_semi_sync_source_enabled=OFF"), IsOk());
  ASSERT_THAT(acknowledger.Sql("START REPLICA"), IsOk());
  ExpectHealthy(recipient(), primary());
}

}  // namespace
}  // namespace graft
