// Tests of the survey that need a real mysqld.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "contract/mysql_backends.h"
#include "mysql/connector_server.h"
#include "testing/eventually.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class RealSurveyTest : public ::testing::Test {
 protected:
  void SetUp() override { RealBackend(); }

  static std::string Sql(const std::string& sql) { return RealRecipient().Sql(sql); }
  ServerSurvey Survey() { return server_->Survey("vt_dba").value(); }
  std::optional<ServerSession> FindSession(int64_t id) {
    const auto sessions = server_->ReadSessions();
    EXPECT_TRUE(sessions.ok()) << sessions.status();
    for (const ServerSession& session : sessions.value()) {
      if (session.connection_id == id) return session;
    }
    return std::nullopt;
  }
  static int64_t IdOf(Session& session) {
    const auto rows = session.Query("SELECT CONNECTION_ID() AS id", "read the id");
    EXPECT_TRUE(rows.ok()) << rows.status();
    return Row(*rows, 0).Number({"id"}).value();
  }

  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  const std::unique_ptr<MysqlServer> server_ =
      MakeConnectorServer(*clock_, RealRecipient().Socket("vt_dba"));
};

TEST_F(RealSurveyTest, TablespacesGrowByWhatUserDataTakes) {
  const TablespaceFacts before = Survey().tablespaces.value();
  EXPECT_EQ(absl::StrCat(before.dropped_bytes),
            Sql("SELECT allocated_size FROM information_schema.innodb_tablespaces WHERE "
                "name='old/t'"))
      << "mysql, sys, undo and the like stay";
  Sql("CREATE TABLE old.big (id INT PRIMARY KEY) AUTOEXTEND_SIZE = 64M");
  const TablespaceFacts after = Survey().tablespaces.value();
  EXPECT_GE(after.bytes, before.bytes + (int64_t{64} << 20));
  EXPECT_GE(after.dropped_bytes, before.dropped_bytes + (int64_t{64} << 20));
  Sql("DROP TABLE old.big");
  // The files of the data directory, but for what CLONE does not copy.
  int64_t files = 0;
  for (const char* name : {"ibdata1", "mysql.ibd", "undo_001", "undo_002"}) {
    files += static_cast<int64_t>(
        std::filesystem::file_size(RealRecipient().sandbox().paths().data() + "/" + name));
  }
  EXPECT_GE(before.bytes, files);
  EXPECT_LE(before.bytes, files + (int64_t{2} << 20));
}

TEST_F(RealSurveyTest, DataFilesElsewhereAreOutsideAndNotFreedHere) {
  const TempFolder folder("elsewhere");
  MysqlBackend& backend = RealBackend();
  backend.StopRecipient();
  RealRecipient().Start({absl::StrCat("--innodb-directories=", folder.path())});
  Sql("SET GLOBAL super_read_only=OFF");
  const TablespaceFacts before = Survey().tablespaces.value();
  Sql(absl::StrCat("SET sql_log_bin=0; CREATE TABLE old.far (id INT PRIMARY KEY) DATA DIRECTORY='",
                   folder.path(), "'; CREATE TABLESPACE far ADD DATAFILE '", folder.path(),
                   "/far.ibd'; CREATE TABLESPACE near ADD DATAFILE 'near.ibd'; CREATE UNDO "
                   "TABLESPACE more ADD DATAFILE '",
                   folder.path(), "/more.ibu'"));
  const TablespaceFacts facts = Survey().tablespaces.value();
  EXPECT_THAT(facts.outside,
              ElementsAre(folder.path() + "/far.ibd", folder.path() + "/old/far.ibd"));
  EXPECT_THAT(facts.undo,
              UnorderedElementsAre(testing::EndsWith("/undo_001"), testing::EndsWith("/undo_002"),
                                   folder.path() + "/more.ibu"));
  EXPECT_EQ(facts.files_in.at("old"), before.files_in.at("old")) << "old.far lies elsewhere";
  EXPECT_GT(facts.bytes, before.bytes + (int64_t{16} << 20)) << "undo too";
  EXPECT_GT(facts.dropped_bytes, before.dropped_bytes) << "near.ibd";
  EXPECT_LT(facts.dropped_bytes, before.dropped_bytes + 2 * 114688) << "near.ibd alone";
  Sql("SET sql_log_bin=0; DROP TABLE old.far; DROP TABLESPACE far; DROP TABLESPACE near; "
      "ALTER UNDO TABLESPACE more SET INACTIVE");
  EXPECT_TRUE(Eventually(absl::Seconds(30), [] {
    return Sql("SELECT state FROM information_schema.innodb_tablespaces WHERE name='more'") ==
           "empty";
  }));
  Sql("SET sql_log_bin=0; DROP UNDO TABLESPACE more");
  backend.StopRecipient();
  backend.StartRecipient();
}

// As replication creates events on a replica: disabled, and otherwise as they were.
TEST_F(RealSurveyTest, EventsAreDisabledAndStayAsTheyWere) {
  Sql("SET sql_log_bin=0; SET sql_mode='ANSI', time_zone='+02:00', character_set_client=latin1, "
      "collation_connection=latin1_german1_ci; CREATE DEFINER=`nobody`@`%` EVENT old.tick ON "
      "SCHEDULE EVERY 1 HOUR DO SELECT 1; CREATE EVENT old.off ON SCHEDULE EVERY 1 HOUR DISABLE DO "
      "SELECT 1");
  Sql("SET sql_log_bin=0; SET NAMES utf8mb4; CREATE EVENT old.`öl` ON SCHEDULE EVERY 1 HOUR DO "
      "SELECT 1");
  Sql("SET sql_log_bin=0; SET NAMES latin1; CREATE EVENT old.`z\xfc` ON SCHEDULE EVERY 1 HOUR DO "
      "SELECT 1");
  const char* kLook =
      "SELECT GROUP_CONCAT(event_name, ' ', status, ' ', definer, ' ', sql_mode LIKE '%ANSI%', "
      "' ', time_zone, ' ', character_set_client, ' ', collation_connection ORDER BY event_name) "
      "FROM information_schema.events WHERE event_schema='old'";
  Sql("SET GLOBAL read_only=ON; SET GLOBAL super_read_only=ON");
  const std::string gtids = Sql("SELECT @@gtid_executed");
  const auto disabled = server_->DisableEvents();
  ASSERT_TRUE(disabled.ok()) << disabled.status();
  EXPECT_THAT(disabled->names, UnorderedElementsAre("old.tick", "old.öl"));
  EXPECT_THAT(disabled->refused,
              ElementsAre(HasSubstr("old.zü (its name or definer is not ASCII")));
  EXPECT_THAT(Sql(kLook), HasSubstr("tick REPLICA_SIDE_DISABLED nobody@% 1 +02:00 latin1 "
                                    "latin1_german1_ci"));
  EXPECT_EQ(Sql("SELECT @@gtid_executed"), gtids);
  EXPECT_EQ(Sql("SELECT @@super_read_only"), "1");
  EXPECT_THAT(server_->DisableEvents()->names, UnorderedElementsAre("old.tick", "old.öl"))
      << "an agent that died after the first call names them too";
  Sql("SET GLOBAL super_read_only=OFF; SET sql_log_bin=0; SET NAMES utf8mb4; DROP EVENT old.tick; "
      "DROP EVENT old.off; DROP EVENT old.`öl`; DROP EVENT old.`zü`");
}

TEST_F(RealSurveyTest, TablesOfOtherEnginesAreNamed) {
  Sql("SET sql_log_bin=0; CREATE TABLE old.log (id INT) ENGINE=MyISAM; CREATE TABLE old.hot "
      "(id INT) ENGINE=MEMORY; CREATE VIEW old.v AS SELECT 1");
  EXPECT_THAT(Survey().non_innodb_tables.value(),
              ElementsAre("old.hot (MEMORY)", "old.log (MyISAM)"));
  Sql("SET sql_log_bin=0; DROP VIEW old.v; DROP TABLE old.hot, old.log");
  EXPECT_THAT(Survey().non_innodb_tables.value(), IsEmpty());
}

// information_schema leaves out what an account has no privilege on, without a word.
TEST_F(RealSurveyTest, TablesHiddenByAPartialRevokeAreDenied) {
  Sql("SET sql_log_bin=0; CREATE TABLE old.log (id INT) ENGINE=MyISAM; SET GLOBAL "
      "partial_revokes=ON; CREATE USER partial@'%' IDENTIFIED BY 'pw'; GRANT SELECT ON *.* TO "
      "partial@'%'; REVOKE SELECT ON mysql.* FROM partial@'%'");
  const auto partial = MakeConnectorServer(*clock_, RealRecipient().Socket("partial", "pw"));
  EXPECT_THAT(partial->Survey("vt_dba")->non_innodb_tables.value(), SizeIs(1));
  Sql("SET sql_log_bin=0; REVOKE SELECT ON old.* FROM partial@'%'");
  const absl::Status denied = partial->Survey("vt_dba")->non_innodb_tables.status();
  EXPECT_TRUE(absl::IsPermissionDenied(denied)) << denied;
  EXPECT_THAT(std::string(denied.message()), HasSubstr("GRANT SELECT ON `old`.*"));
  EXPECT_TRUE(absl::IsPermissionDenied(partial->Survey("vt_dba")->accounts.status()));
  Sql("SET sql_log_bin=0; DROP USER partial@'%'; SET GLOBAL partial_revokes=OFF; DROP TABLE "
      "old.log");
}

TEST_F(RealSurveyTest, PrivilegesOfAnActiveRoleCount) {
  Sql("SET sql_log_bin=0; CREATE ROLE reader; GRANT SELECT, PROCESS, REPLICATION CLIENT ON *.* TO "
      "reader; CREATE USER byrole@'%' IDENTIFIED BY 'pw' DEFAULT ROLE reader");
  const auto server = MakeConnectorServer(*clock_, RealRecipient().Socket("byrole", "pw"));
  const ServerSurvey survey = server->Survey("vt_dba").value();
  EXPECT_TRUE(survey.sessions.ok()) << survey.sessions.status();
  EXPECT_TRUE(survey.tablespaces.ok()) << survey.tablespaces.status();
  EXPECT_TRUE(survey.channels.ok()) << survey.channels.status();
  EXPECT_TRUE(survey.non_innodb_tables.ok()) << survey.non_innodb_tables.status();
  EXPECT_THAT(survey.accounts.value(), SizeIs(1));
  EXPECT_EQ(survey.account_user, "byrole");
  EXPECT_EQ(survey.account_host, "%");
  Sql("SET sql_log_bin=0; DROP USER byrole@'%'; DROP ROLE reader");
}

TEST_F(RealSurveyTest, RedoLogSwitchedOffIsSeen) {
  Sql("ALTER INSTANCE DISABLE INNODB REDO_LOG");
  EXPECT_FALSE(Survey().redo_log_enabled);
  Sql("ALTER INSTANCE ENABLE INNODB REDO_LOG");
  EXPECT_TRUE(Survey().redo_log_enabled);
}

// An innodb_trx row is not all that holds up DROP DATA.
TEST_F(RealSurveyTest, IdleSessionsWithLocksAreInATransaction) {
  Sql("SET sql_log_bin=0; CREATE TABLE old.log (id INT) ENGINE=MyISAM");
  for (const char* statement :
       {"SELECT 1", "LOCK TABLES old.t READ", "FLUSH TABLES WITH READ LOCK",
        "LOCK INSTANCE FOR BACKUP", "SET autocommit=0, @n=(SELECT COUNT(*) FROM old.log)"}) {
    RealBackend();
    Session& session = HoldSession("vt_dba");
    const int64_t id = IdOf(session);
    ASSERT_TRUE(session.Execute(statement, statement).ok()) << statement;
    const auto found = FindSession(id);
    ASSERT_TRUE(found.has_value()) << statement;
    EXPECT_EQ(found->in_transaction, std::string(statement) != "SELECT 1") << statement;
  }
  RealBackend();
  Sql("SET sql_log_bin=0; DROP TABLE old.log");
}

TEST_F(RealSurveyTest, OwnThreadsAreNoSessionsAndStatementsShowNoPassword) {
  Sql("SET sql_log_bin=0; CREATE EVENT old.e ON SCHEDULE AT NOW() DO DO SLEEP(20); "
      "SET GLOBAL event_scheduler=ON");
  ASSERT_TRUE(Eventually(absl::Seconds(20), [] {
    return Sql("SELECT COUNT(*) FROM information_schema.processlist WHERE info='DO SLEEP(20)' "
               "AND command='Connect'") == "1";
  }));
  const ReplicationSource source = RealBackend().Source();
  ASSERT_TRUE(server_->StartReplication(source).ok());
  Session& session = HoldSession("vt_dba");
  const int64_t id = IdOf(session);
  std::thread runs([&session] {
    session.Execute("SELECT SLEEP(20) /* IDENTIFIED BY 'hush' */", "sleep").IgnoreError();
  });
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] {
    const auto found = FindSession(id);
    return found.has_value() && found->command == "Query";
  }));
  EXPECT_EQ(FindSession(id)->statement, "SELECT SLEEP(20) /* IDENTIFIED ...");
  const std::vector<ServerSession> sessions = server_->ReadSessions().value();
  EXPECT_THAT(sessions, SizeIs(1)) << "the reader itself is not among them";
  EXPECT_TRUE(server_->KillConnection(id).ok());
  runs.join();
  EXPECT_TRUE(server_->StopReplication(true).ok());
  Sql("SET GLOBAL event_scheduler=DEFAULT; SET sql_log_bin=0; DROP EVENT IF EXISTS old.e");
  const std::string worker =
      Sql("SELECT IFNULL(MAX(id),0) FROM information_schema.processlist WHERE command='Connect'");
  if (worker != "0") Sql(absl::StrCat("KILL ", worker));
}

TEST_F(RealSurveyTest, FailedInstallationLeavesSuperReadOnlyOn) {
  MysqlBackend& backend = RealBackend();
  Sql("SET sql_log_bin=0; CREATE USER meek@'%' IDENTIFIED BY 'pw'; GRANT SELECT, "
      "SYSTEM_VARIABLES_ADMIN ON *.* TO meek@'%'");
  backend.RemoveClonePlugin();
  Sql("SET GLOBAL super_read_only=ON");
  const auto meek = MakeConnectorServer(*clock_, RealRecipient().Socket("meek", "pw"));
  const absl::Status status = meek->InstallClonePlugin();
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("INSTALL PLUGIN")) << "not the variable";
  EXPECT_TRUE(meek->Describe()->super_read_only);
  EXPECT_TRUE(meek->Describe()->read_only);
  const absl::Status denied = backend.without_privileges().InstallClonePlugin();
  EXPECT_TRUE(absl::IsPermissionDenied(denied)) << denied;
  EXPECT_THAT(std::string(denied.message()), Not(HasSubstr("still OFF")));
  Sql("SET GLOBAL super_read_only=OFF; SET sql_log_bin=0; DROP USER meek@'%'");
  backend.StopRecipient();
  backend.StartRecipient();
}

TEST_F(RealSurveyTest, DonorShowsWhoClonesIt) {
  MysqlBackend& backend = RealBackend();
  Sql("SET GLOBAL clone_max_data_bandwidth=1");
  const auto id = server_->StartClone(backend.Request(), [](const absl::Status&) {});
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&backend] {
    const auto sessions = backend.donor().ReadSessions();
    for (const ServerSession& session : sessions.value()) {
      if (session.command == "clone" && session.user == "vt_clone") return true;
    }
    return false;
  }));
  // 9.7.4 now and then does not answer a KILL QUERY of a CLONE, or answers and never ends the
  // statement: seen more often before the first stage than after it, where it is rare.
  EXPECT_TRUE(Eventually(absl::Seconds(20), [this] {
    const auto report = server_->ReadClone();
    return report.ok() && report->stages.size() > 1 &&
           report->stages[1].state == CloneState::kInProgress;
  }));
  KillClone(*server_, *id);
  EXPECT_TRUE(
      Eventually(absl::Seconds(20), [&] { return absl::IsNotFound(server_->KillQuery(*id)); }));
}

}  // namespace
}  // namespace graft
