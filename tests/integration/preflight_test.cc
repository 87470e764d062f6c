// graftctl preflight on real servers: a healthy pair passes, and each cause is found by its own
// check, alone or among others, with nothing touched. preflight_operation_test.cc has what an
// operation makes of them.
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "integration/idle_session.h"
#include "integration/preflight_suite.h"
#include "testing/eventually.h"
#include "testing/process.h"

namespace graft {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

std::string DumpSession(const MiniTablet& tablet) {
  return tablet.Value("SELECT id FROM performance_schema.processlist WHERE command LIKE 'Binlog%'");
}

TEST_F(PreflightTest, HealthyPairPasses) {
  const Looked looked = LookFromPrimary();
  EXPECT_EQ(looked.code, 0) << looked.text;
  EXPECT_GE(looked.report.results_size(), 40);
  EXPECT_THAT(looked.Findings(), ElementsAre()) << looked.text;
  EXPECT_EQ(looked.report.donor(), primary().alias);
  const Looked of_replica = Look(recipient(), {"--from-tablet", replica().alias});
  EXPECT_EQ(of_replica.code, 0) << of_replica.text;
  EXPECT_THAT(of_replica.Findings(), ElementsAre());
  const CommandResult table = shard().Graftctl({"preflight", recipient().alias, "--from-primary"});
  EXPECT_EQ(table.code, 0);
  EXPECT_THAT(table.out, HasSubstr("CLONE may be tried"));
}

TEST_F(PreflightTest, TablesOfOtherEngines) {
  Change("CREATE TABLE shop.log (id INT) ENGINE=MyISAM; INSERT INTO shop.log VALUES (1)");
  const Looked looked = LookFromPrimary();
  EXPECT_EQ(looked.code, 5);
  EXPECT_THAT(looked.Findings(), ElementsAre("FATAL donor NON_INNODB_TABLES"));
  EXPECT_THAT(looked.TextOf("NON_INNODB_TABLES"), HasSubstr("shop.log (MyISAM)"));
  EXPECT_THAT(looked.TextOf("NON_INNODB_TABLES"), HasSubstr("--allow-non-innodb"));
  const Looked allowed = Look(recipient(), {"--from-primary", "--allow-non-innodb"});
  EXPECT_EQ(allowed.code, 0);
  EXPECT_THAT(allowed.Findings(), ElementsAre("WARNING donor NON_INNODB_TABLES"));
  Change("DROP TABLE shop.log");
}

// A variable of one server, and which check minds it.
TEST_F(PreflightTest, VariablesThatDoNotFit) {
  struct Row {
    const MiniTablet& tablet;
    std::string set;
    std::string reset;
    std::string finding;
    std::string word;
  };
  const Row table[] = {
      {primary(), "SET GLOBAL max_allowed_packet=1048576", "SET GLOBAL max_allowed_packet=DEFAULT",
       "FATAL donor DONOR_PACKET", "1048576"},
      {recipient(), "SET GLOBAL max_allowed_packet=1048576",
       "SET GLOBAL max_allowed_packet=DEFAULT", "FATAL recipient RECIPIENT_PACKET", "1048576"},
      {primary(), "ALTER INSTANCE DISABLE INNODB REDO_LOG", "ALTER INSTANCE ENABLE INNODB REDO_LOG",
       "FATAL donor REDO_LOG_DISABLED", "ENABLE INNODB REDO_LOG"},
      {recipient(), "SET GLOBAL character_set_server=latin1",
       "SET GLOBAL character_set_server=DEFAULT, GLOBAL collation_server=DEFAULT",
       "FATAL donor CHARACTER_SETS", "latin1_swedish_ci"},
      {primary(), absl::StrCat("SET GLOBAL server_id=", recipient().mysql->port()),
       absl::StrCat("SET GLOBAL server_id=", primary().mysql->port()), "FATAL recipient SERVER_ID",
       "a server_id of its own"},
      {recipient(), "REVOKE SYSTEM_VARIABLES_ADMIN ON *.* FROM vt_dba@localhost",
       "GRANT SYSTEM_VARIABLES_ADMIN ON *.* TO vt_dba@localhost WITH GRANT OPTION",
       "FATAL recipient RECIPIENT_PRIVILEGE", "GRANT SYSTEM_VARIABLES_ADMIN"},
      {primary(), "SET GLOBAL max_connections=10", "SET GLOBAL max_connections=DEFAULT",
       "WARNING donor DONOR_CONNECTIONS", "--max-concurrency"},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.set);
    ChangeOnly(row.tablet, row.set);
    const Looked looked = LookFromPrimary();
    ChangeOnly(row.tablet, row.reset);
    EXPECT_EQ(looked.code, row.finding[0] == 'F' ? 5 : 0);
    EXPECT_THAT(looked.Findings(), ElementsAre(row.finding));
    EXPECT_THAT(looked.TextOf(row.finding.substr(row.finding.rfind(' ') + 1)), HasSubstr(row.word));
  }
}

TEST_F(PreflightTest, PluginThatTheRecipientCannotLoad) {
  ChangeOnly(primary(), "INSTALL PLUGIN mysql_no_login SONAME 'mysql_no_login.so'");
  const Looked looked = LookFromPrimary();
  EXPECT_EQ(looked.code, 5);
  EXPECT_THAT(looked.Findings(), ElementsAre("FATAL donor PLUGINS"));
  EXPECT_THAT(looked.TextOf("PLUGINS"), HasSubstr("mysql_no_login (mysql_no_login.so)"));
  // This one has the file, and has it not loaded.
  const Looked can_load = Look(replica(), {"--from-primary"});
  EXPECT_EQ(can_load.code, 0);
  EXPECT_THAT(can_load.Findings(), ElementsAre());
  ChangeOnly(primary(), "UNINSTALL PLUGIN mysql_no_login");
}

TEST_F(PreflightTest, ErrantTransactionOfAReplica) {
  const std::string gtid = replica().Value("SELECT @@server_uuid") + ":1";
  Execute(replica(), gtid);
  const Looked looked = Look(recipient(), {"--from-tablet", replica().alias});
  EXPECT_EQ(looked.code, 5);
  EXPECT_THAT(looked.Findings(), ElementsAre("FATAL donor ERRANT_TRANSACTIONS"));
  EXPECT_THAT(looked.TextOf("ERRANT_TRANSACTIONS"), HasSubstr(gtid));
  // As a recipient it would lose these transactions, and an operator must know that.
  const Looked own = Look(replica(), {"--from-primary"});
  EXPECT_EQ(own.code, 0);
  EXPECT_THAT(own.Findings(), ElementsAre("WARNING recipient RECIPIENT_TRANSACTIONS"));
  EXPECT_THAT(own.TextOf("RECIPIENT_TRANSACTIONS"), HasSubstr(gtid));
  Execute(primary(), gtid);
}

TEST_F(PreflightTest, StoppedReplicaAsDonor) {
  ASSERT_THAT(replica().mysql->Sql("STOP REPLICA"), IsOk());
  const Looked looked = Look(recipient(), {"--from-tablet", replica().alias});
  EXPECT_EQ(looked.code, 0);
  EXPECT_THAT(looked.Findings(), ElementsAre("WARNING donor DONOR_REPLICATION"));
  ASSERT_THAT(replica().mysql->Sql("START REPLICA"), IsOk());
}

TEST_F(PreflightTest, WhatTheCloneUserMayNotSee) {
  Change("REVOKE PROCESS, SELECT ON *.* FROM vt_clone");
  const Looked looked = LookFromPrimary();
  EXPECT_EQ(looked.code, 5);
  EXPECT_THAT(looked.Findings(),
              ElementsAre("WARNING donor DONOR_PRIVILEGE", "WARNING donor DONOR_BUSY",
                          "WARNING donor DONOR_DDL", "UNCHECKED donor AGENT_ACCOUNT",
                          "UNCHECKED recipient DISK_SPACE", "UNCHECKED recipient TABLESPACE_PATHS",
                          "UNCHECKED donor NON_INNODB_TABLES", "UNCHECKED recipient ENCRYPTION"))
      << looked.text;
  EXPECT_THAT(looked.TextOf("DONOR_PRIVILEGE"), HasSubstr("GRANT PROCESS, SELECT ON *.* TO"));
  EXPECT_EQ(Look(recipient(), {"--from-primary", "--allow-unchecked=all"}).code, 0);
  Change("GRANT PROCESS, SELECT ON *.* TO vt_clone");
}

TEST_F(PreflightTest, WrongPasswordAndDonorAway) {
  const std::string file = shard().folder() + "/wrong.password";
  ASSERT_THAT(WriteFile(file, "wrong-5ecret"), IsOk());
  RestartAgent(recipient(), {"--db-clone-password-file", file});
  const Looked refused = LookFromPrimary();
  EXPECT_EQ(refused.code, 5);
  EXPECT_THAT(refused.Findings(), Contains("FATAL donor DONOR_CREDENTIALS"));
  EXPECT_THAT(refused.Findings(), Contains("UNCHECKED donor NON_INNODB_TABLES"));
  EXPECT_EQ(refused.TextOf("DISK_SPACE"), "the donor could not be asked | ");
  EXPECT_THAT(refused.text, testing::Not(HasSubstr("wrong-5ecret")));
  RestartAgent(recipient(), {});

  ASSERT_THAT(replica().mysql->Stop(), IsOk());
  const CommandResult away =
      shard().Graftctl({"preflight", recipient().alias, "--from-tablet", replica().alias});
  EXPECT_EQ(away.code, 5);
  EXPECT_THAT(away.out, HasSubstr("DONOR_UNREACHABLE"));
  EXPECT_THAT(away.out, HasSubstr("1 fatal: CLONE must not be tried"));
  ASSERT_THAT(replica().mysql->StartParent(), IsOk());
  ASSERT_THAT(replica().mysql->AwaitReady(), IsOk());
  ASSERT_THAT(replica().mysql->Sql("START REPLICA"), IsOk());
}

TEST_F(PreflightTest, SessionsOnTheRecipient) {
  const auto session =
      IdleSession::Open(*recipient().mysql, "app", "BEGIN; SELECT COUNT(*) FROM shop.customers");
  ASSERT_THAT(session, IsOk());
  const Looked looked = LookFromPrimary();
  EXPECT_EQ(looked.code, 0);
  EXPECT_THAT(looked.Findings(), ElementsAre("WARNING recipient RECIPIENT_SESSIONS"));
  EXPECT_THAT(looked.TextOf("RECIPIENT_SESSIONS"), HasSubstr((*session)->connection_id()));
}

TEST_F(PreflightTest, DdlUnderWayOnTheDonor) {
  const auto backup = IdleSession::Open(*primary().mysql, "root", "LOCK INSTANCE FOR BACKUP");
  ASSERT_THAT(backup, IsOk());
  const auto client = Process::Start({primary().mysql->mysql_home() + "/bin/mysql", "--no-defaults",
                                      "--user=root", "--socket=" + primary().mysql->socket(), "-e",
                                      "CREATE TABLE shop.waits (id INT PRIMARY KEY)"},
                                     ProcessOptions());
  ASSERT_THAT(client, IsOk());
  ASSERT_TRUE(Eventually(absl::Seconds(20), [] {
    return primary().Value(
               "SELECT COUNT(*) FROM performance_schema.processlist "
               "WHERE state LIKE '%backup lock%'") == "1";
  }));
  const Looked looked = LookFromPrimary();
  EXPECT_EQ(looked.code, 0);
  EXPECT_THAT(looked.Findings(), ElementsAre("WARNING donor DONOR_DDL"));
  ASSERT_THAT(primary().mysql->Sql("KILL " + (*backup)->connection_id()), IsOk());
  ASSERT_THAT((*client)->Wait(absl::Seconds(20)), IsOk());
  Change("DROP TABLE shop.waits");
}

TEST_F(PreflightTest, AccountOfTheAgentOnTheDonor) {
  const std::string file = shard().folder() + "/dba.password";
  ASSERT_THAT(WriteFile(file, "dba-5ecret"), IsOk());
  const std::string account =
      "CREATE USER graft_dba@localhost IDENTIFIED BY 'dba-5ecret'; "
      "GRANT ALL ON *.* TO graft_dba@localhost";
  ChangeOnly(recipient(), account);
  RestartAgent(recipient(), {"--db-dba-user", "graft_dba", "--db-dba-password-file", file});
  const Looked missing = LookFromPrimary();
  EXPECT_EQ(missing.code, 5);
  EXPECT_THAT(missing.Findings(), ElementsAre("FATAL donor AGENT_ACCOUNT"));
  EXPECT_THAT(missing.TextOf("AGENT_ACCOUNT"), HasSubstr("'graft_dba'@'localhost'"));
  // The same password under another salt cannot be told from another password.
  ChangeOnly(primary(), account);
  const Looked salted = LookFromPrimary();
  EXPECT_EQ(salted.code, 0);
  EXPECT_THAT(salted.Findings(), ElementsAre("WARNING donor AGENT_ACCOUNT"));
  ChangeOnly(primary(), "DROP USER graft_dba@localhost");
  RestartAgent(recipient(), {});
  ChangeOnly(recipient(), "DROP USER graft_dba@localhost");
}

TEST_F(PreflightTest, DataFilesOutsideOfTheDataDirectory) {
  const std::string folder = primary().Value("SELECT @@innodb_directories");
  ASSERT_NE(folder, "NULL");
  ChangeOnly(primary(), absl::StrCat("CREATE TABLE shop.elsewhere (id INT PRIMARY KEY) "
                                     "DATA DIRECTORY = '",
                                     folder, "'"));
  const Looked looked = LookFromPrimary();
  EXPECT_EQ(looked.code, 5);
  EXPECT_THAT(looked.Findings(), ElementsAre("FATAL recipient TABLESPACE_PATHS"));
  EXPECT_THAT(looked.TextOf("TABLESPACE_PATHS"), HasSubstr(folder));
  ChangeOnly(primary(), "DROP TABLE shop.elsewhere");
}

// CLONE renames and deletes what lies where it writes, though the donor's server has it open.
TEST_F(PreflightTest, DataFilesThatTheDonorWritesToHere) {
  const std::string folder = primary().Value("SELECT @@innodb_directories");
  ChangeOnly(primary(), absl::StrCat("CREATE TABLE shop.here (id INT PRIMARY KEY) "
                                     "DATA DIRECTORY = '",
                                     folder, "'; CREATE UNDO TABLESPACE here ADD DATAFILE '",
                                     folder, "/here.ibu'"));
  const std::string file = folder + "/shop/here.ibd";
  const Looked looked = Look(replica(), {"--from-primary"});
  EXPECT_EQ(looked.code, 5);
  EXPECT_THAT(looked.Findings(), ElementsAre("FATAL recipient TABLESPACE_PATHS"));
  EXPECT_THAT(looked.TextOf("TABLESPACE_PATHS"),
              HasSubstr("not the recipient's lie where CLONE would write: " + file));
  const v1::Operation refused = Reprovision(replica(), {"--from-primary"}, 1);
  EXPECT_EQ(refused.error().reason(), "TABLESPACE_PATHS");
  EXPECT_EQ(refused.data_state(), v1::INTACT);
  EXPECT_TRUE(std::filesystem::exists(file));
  ChangeOnly(primary(),
             "INSERT INTO shop.here VALUES (1); DROP TABLE shop.here; "
             "ALTER UNDO TABLESPACE here SET INACTIVE");
  EXPECT_TRUE(Eventually(absl::Seconds(30), [this] {
    return primary().Value(
               "SELECT state FROM information_schema.innodb_tablespaces WHERE "
               "name='here'") == "empty";
  }));
  ChangeOnly(primary(), "DROP UNDO TABLESPACE here");
}

// A database's folder that is a link to where another server has its tables.
TEST_F(PreflightTest, ADatabaseThatIsALinkToAnotherServersFiles) {
  const std::string data = replica().mysql->paths().data();
  const std::string theirs = shard().folder() + "/theirs";
  ChangeOnly(replica(), "CREATE DATABASE far");
  std::filesystem::rename(data + "/far", theirs);
  std::filesystem::create_directory_symlink(theirs, data + "/far");
  ChangeOnly(replica(), "CREATE TABLE far.own (id INT PRIMARY KEY)");
  EXPECT_THAT(Look(replica(), {"--from-primary"}).Findings(), ElementsAre());
  ASSERT_THAT(WriteFile(theirs + "/foreign.ibd", "of another server"), IsOk());
  const Looked looked = Look(replica(), {"--from-primary"});
  EXPECT_THAT(looked.Findings(), ElementsAre("FATAL recipient TABLESPACE_PATHS"));
  EXPECT_THAT(looked.TextOf("TABLESPACE_PATHS"), HasSubstr("other data files too: far"));
  ASSERT_THAT(RemoveFile(theirs + "/foreign.ibd"), IsOk());
  ChangeOnly(replica(), "DROP DATABASE far");
}

TEST_F(PreflightTest, TheReplicationAccountIsTried) {
  const std::string file = shard().folder() + "/wrong-password";
  ASSERT_THAT(WriteFile(file, "wrong"), IsOk());
  RestartAgent(recipient(), {"--db-repl-password-file", file});
  const Looked refused = LookFromPrimary();
  EXPECT_THAT(refused.Findings(), ElementsAre("FATAL source REPLICATION_ACCOUNT"));
  EXPECT_THAT(refused.TextOf("REPLICATION_ACCOUNT"), HasSubstr("Access denied"));
  ExpectRefused({"--from-primary"}, "REPLICATION_ACCOUNT");
  ASSERT_THAT(WriteFile(file, std::string(33, 'x')), IsOk());
  RestartAgent(recipient(), {"--db-repl-password-file", file});
  EXPECT_THAT(LookFromPrimary().TextOf("REPLICATION_ACCOUNT"), HasSubstr("has 33 characters"));
  RestartAgent(recipient(), {});
}

// Left behind by another tool.
TEST_F(PreflightTest, FilesForTheClonesTls) {
  ChangeOnly(recipient(), "SET PERSIST clone_ssl_ca='/nonexistent/ca.pem'");
  const Looked looked = LookFromPrimary();
  EXPECT_THAT(looked.Findings(), ElementsAre("FATAL recipient CLONE_SSL_FILES"));
  EXPECT_THAT(looked.TextOf("CLONE_SSL_FILES"), HasSubstr("clone_ssl_ca=/nonexistent/ca.pem"));
  ChangeOnly(recipient(), "RESET PERSIST clone_ssl_ca; SET GLOBAL clone_ssl_ca=''");
}

TEST_F(PreflightTest, ReplicationSettingsThatAreLost) {
  MysqlSandbox& mysql = *recipient().mysql;
  ASSERT_THAT(mysql.Sql("STOP REPLICA SQL_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_DELAY=60; "
                        "CHANGE REPLICATION FILTER REPLICATE_IGNORE_TABLE=(shop.log, "
                        "`a,b`.t); START REPLICA SQL_THREAD"),
              IsOk());
  const Looked looked = LookFromPrimary();
  EXPECT_THAT(looked.Findings(), ElementsAre("WARNING recipient REPLICATION_SETTINGS"));
  EXPECT_THAT(looked.TextOf("REPLICATION_SETTINGS"),
              HasSubstr("will not have REPLICATE_IGNORE_TABLE=("));
  EXPECT_THAT(Look(recipient(), {"--from-primary", "--forget-replication-settings"})
                  .TextOf("REPLICATION_SETTINGS"),
              HasSubstr("will not have SOURCE_DELAY=60 of the default channel"));
  ASSERT_THAT(mysql.Sql("STOP REPLICA SQL_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_DELAY=0; "
                        "CHANGE REPLICATION FILTER REPLICATE_IGNORE_TABLE=(); "
                        "START REPLICA SQL_THREAD"),
              IsOk());
}

TEST_F(PreflightTest, AnOldChannelOfThePrimary) {
  ChangeOnly(primary(), "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=1");
  const Looked looked = LookFromPrimary();
  EXPECT_THAT(looked.Findings(), ElementsAre("WARNING donor DONOR_REPLICATION"));
  EXPECT_THAT(looked.TextOf("DONOR_REPLICATION"), HasSubstr("RESET REPLICA ALL there"));
  ChangeOnly(primary(), "RESET REPLICA ALL");
}

// mysqld looks it up at its start, and the copy brings the donor's empty tables.
TEST_F(PreflightTest, ATimeZoneThatTheCopyDoesNotKnow) {
  MysqlSandbox& mysql = *replica().mysql;
  ChangeOnly(replica(),
             "INSERT INTO mysql.time_zone VALUES (1, 'N'); INSERT INTO mysql.time_zone_name VALUES "
             "('Europe/Berlin', 1); INSERT INTO mysql.time_zone_transition_type VALUES (1, 0, "
             "3600, 0, 'CET')");
  const std::string before = ReadFile(mysql.paths().my_cnf()).value();
  const auto restart_with = [&mysql](const std::string& my_cnf) {
    ASSERT_THAT(WriteFile(mysql.paths().my_cnf(), my_cnf), IsOk());
    ASSERT_THAT(mysql.Stop(), IsOk());
    ASSERT_THAT(mysql.StartParent(), IsOk());
    ASSERT_THAT(mysql.AwaitReady(), IsOk());
    ASSERT_THAT(mysql.Sql("START REPLICA"), IsOk());
  };
  restart_with(before + "\n[mysqld]\ndefault_time_zone=Europe/Berlin\n");
  const Looked looked = Look(replica(), {"--from-primary"});
  EXPECT_THAT(looked.Findings(), Contains("UNCHECKED recipient RECIPIENT_OPTIONS"));
  EXPECT_THAT(looked.TextOf("RECIPIENT_OPTIONS"),
              HasSubstr("the recipient's time_zone is Europe/Berlin"));
  restart_with(before);
  ChangeOnly(replica(),
             "TRUNCATE mysql.time_zone; TRUNCATE mysql.time_zone_name; TRUNCATE "
             "mysql.time_zone_transition_type");
}

// The agent's rights come by a role that only the donor activates at each login.
TEST_F(PreflightTest, ARoleThatWouldNotBeActive) {
  ChangeOnly(primary(),
             "CREATE ROLE graft_all; GRANT ALL ON *.* TO graft_all; GRANT graft_all TO "
             "vt_dba@localhost; REVOKE ALL ON *.* FROM vt_dba@localhost; SET GLOBAL "
             "activate_all_roles_on_login=ON");
  const Looked looked = LookFromPrimary();
  EXPECT_THAT(looked.Findings(), ElementsAre("FATAL donor AGENT_ACCOUNT"));
  EXPECT_THAT(looked.TextOf("AGENT_ACCOUNT"), HasSubstr("would lack CLONE_ADMIN"));
  ChangeOnly(recipient(), "SET GLOBAL activate_all_roles_on_login=ON");
  EXPECT_THAT(LookFromPrimary().Findings(), ElementsAre());
  ChangeOnly(recipient(), "SET GLOBAL activate_all_roles_on_login=OFF");
  ChangeOnly(primary(), "SET DEFAULT ROLE graft_all TO vt_dba@localhost");
  EXPECT_THAT(LookFromPrimary().Findings(), ElementsAre());
  ChangeOnly(primary(),
             "SET GLOBAL activate_all_roles_on_login=OFF; GRANT ALL ON *.* TO vt_dba@localhost "
             "WITH GRANT OPTION; DROP ROLE graft_all");
}

// The primary's commits would hang once its only acknowledger is being rebuilt.
TEST_F(PreflightTest, TheLastAcknowledger) {
  ChangeOnly(primary(),
             "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'; "
             "SET GLOBAL rpl_semi_sync_source_enabled=ON");
  ChangeOnly(replica(),
             "INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so'; "
             "SET GLOBAL rpl_semi_sync_replica_enabled=ON; "
             "STOP REPLICA IO_THREAD; START REPLICA IO_THREAD");
  EXPECT_TRUE(Eventually(absl::Seconds(20), [] {
    return replica().Value(
               "SELECT variable_value FROM performance_schema.global_status WHERE "
               "variable_name='Rpl_semi_sync_replica_status'") == "ON";
  }));
  EXPECT_THAT(Look(replica(), {"--from-primary"}).Findings(),
              Contains("WARNING recipient SEMI_SYNC"))
      << "ten seconds are no hang";
  ChangeOnly(primary(), "SET GLOBAL rpl_semi_sync_source_timeout=1000000000");
  const Looked looked = Look(replica(), {"--from-primary"});
  EXPECT_THAT(looked.Findings(), Contains("FATAL recipient SEMI_SYNC"));
  EXPECT_THAT(looked.TextOf("SEMI_SYNC"), HasSubstr("it wants 1, and has 0 beside the recipient"));
  ChangeOnly(replica(),
             "SET GLOBAL rpl_semi_sync_replica_enabled=OFF; STOP REPLICA IO_THREAD; "
             "UNINSTALL PLUGIN rpl_semi_sync_replica; START REPLICA IO_THREAD");
  EXPECT_TRUE(Eventually(absl::Seconds(20), [] {
    return primary().Value(
               "SELECT variable_value FROM performance_schema.global_status WHERE "
               "variable_name='Rpl_semi_sync_source_clients'") == "0";
  }));
  ChangeOnly(primary(),
             "SET GLOBAL rpl_semi_sync_source_timeout=10000; "
             "SET GLOBAL rpl_semi_sync_source_enabled=OFF; "
             "UNINSTALL PLUGIN rpl_semi_sync_source");
}

// All of it in one report, and an operation that is refused for all of it at once.
TEST_F(PreflightTest, SeveralCausesAtOnce) {
  Change("CREATE TABLE shop.log (id INT) ENGINE=MyISAM");
  ChangeOnly(primary(), "ALTER INSTANCE DISABLE INNODB REDO_LOG");
  ChangeOnly(recipient(), "SET GLOBAL max_allowed_packet=1048576");
  const std::string leftover = recipient().mysql->paths().data() + "/shop/orders.ibd.#clone";
  ASSERT_THAT(WriteFile(leftover, "left"), IsOk());
  ASSERT_THAT(replica().mysql->Sql("STOP REPLICA"), IsOk());
  ASSERT_THAT(Follow(*replica().mysql, *recipient().mysql, MiniShard::kReplPassword), IsOk());
  ASSERT_TRUE(Eventually(absl::Seconds(20), [] { return !DumpSession(recipient()).empty(); }));

  const std::vector<std::string> all = {
      "FATAL recipient RECIPIENT_HAS_REPLICAS", "FATAL recipient RECIPIENT_PACKET",
      "FATAL recipient CLONE_LEFTOVERS", "FATAL donor REDO_LOG_DISABLED",
      "FATAL donor NON_INNODB_TABLES"};
  const Looked looked = LookFromPrimary();
  EXPECT_EQ(looked.code, 5);
  EXPECT_EQ(looked.Findings(), all);
  EXPECT_THAT(looked.TextOf("CLONE_LEFTOVERS"), HasSubstr("orders.ibd.#clone"));
  const v1::Operation operation = ExpectRefused({"--from-primary"}, "RECIPIENT_HAS_REPLICAS");
  Looked found;
  *found.report.mutable_results() = operation.findings();
  EXPECT_EQ(found.Findings(), all);
  for (const char* word : {"binary logs", "2 MiB", "1086", "redo log", "shop.log (MyISAM)"}) {
    EXPECT_THAT(operation.error().message(), HasSubstr(word));
  }

  ASSERT_THAT(replica().mysql->Sql("STOP REPLICA"), IsOk());
  // It would notice by itself at its next heartbeat.
  ASSERT_THAT(recipient().mysql->Sql("KILL " + DumpSession(recipient())), IsOk());
  ASSERT_THAT(Follow(*replica().mysql, *primary().mysql, MiniShard::kReplPassword), IsOk());
  std::filesystem::remove(leftover);
  ChangeOnly(recipient(), "SET GLOBAL max_allowed_packet=DEFAULT");
  ChangeOnly(primary(), "ALTER INSTANCE ENABLE INNODB REDO_LOG");
  Change("DROP TABLE shop.log");
}

}  // namespace
}  // namespace graft
