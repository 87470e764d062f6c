// graft-mysqld with a real mysqld.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "mysqld/tablet_dir.h"
#include "testing/etcd_server.h"
#include "testing/eventually.h"
#include "testing/mysql_sandbox.h"
#include "testing/ports.h"
#include "testing/test_env.h"

namespace graft {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Ended {
  ExitStatus status;
  std::string output;
};

// Runs graft-mysqld to its end.
Ended RunTool(std::vector<std::string> args, absl::Duration timeout = absl::Seconds(60)) {
  const absl::StatusOr<std::string> program = OurProgram("graft-mysqld");
  const absl::StatusOr<std::string> home = MysqlHome();
  EXPECT_TRUE(program.ok() && home.ok()) << program.status() << home.status();
  if (!program.ok() || !home.ok()) return {};
  const TempFolder folder("tool");
  args.insert(args.begin(), *program);
  ProcessOptions options;
  options.env = {"GRAFT_MYSQL_HOME=" + *home};
  options.log_file = folder.path() + "/out.log";
  const auto process = Process::Start(args, options);
  EXPECT_TRUE(process.ok()) << process.status();
  const auto status = (*process)->Wait(timeout);
  EXPECT_TRUE(status.ok()) << status.status();
  return {status.value_or(ExitStatus{-1, 0}), ReadFile(options.log_file).value_or("")};
}

std::string Slurp(const std::string& path) {
  return ReadFile(path).value_or("(no file)");
}

std::unique_ptr<MysqlSandbox> StartSandbox(const MysqlSandboxOptions& options = {}) {
  auto sandbox = MysqlSandbox::Start(options);
  EXPECT_TRUE(sandbox.ok()) << sandbox.status();
  return sandbox.ok() ? *std::move(sandbox) : nullptr;
}

// A script in mysqld's place.
std::string FakeMysqld(const TempFolder& folder, const std::string& body) {
  std::string path = folder.path() + "/mysqld";
  EXPECT_TRUE(WriteFile(path, "#!/bin/sh\n" + body + "\n").ok());
  chmod(path.c_str(), 0755);
  return path;
}

TEST(GraftMysqldInit, MakesAccountsAndLeavesNoTransaction) {
  MysqlSandboxOptions options;
  options.dba_password = "d'b\\a";
  options.clone_password = "clone\"secret";
  const auto sandbox = StartSandbox(options);
  ASSERT_NE(sandbox, nullptr);
  const auto accounts = sandbox->Sql(
      "SELECT CONCAT(user, '@', host) FROM mysql.user WHERE user LIKE 'vt%' ORDER BY user");
  ASSERT_TRUE(accounts.ok()) << accounts.status();
  EXPECT_EQ(*accounts, (SqlRows{{"vt_clone@%"}, {"vt_dba@localhost"}, {"vt_repl@%"}}));
  EXPECT_EQ(*sandbox->SqlValue("SELECT @@gtid_executed"), "");
  EXPECT_EQ(*sandbox->SqlValue("SELECT @@super_read_only"), "1");
  EXPECT_EQ(*sandbox->SqlValue("SELECT plugin_status FROM information_schema.plugins "
                               "WHERE plugin_name='clone'"),
            "ACTIVE");

  MysqlLogin login{sandbox->socket(), "", 0, "vt_dba", "d'b\\a"};
  EXPECT_TRUE(RunSql(sandbox->mysql_home(), login, "SELECT 1", absl::Seconds(10)).ok());
  login.password = "wrong";
  EXPECT_FALSE(RunSql(sandbox->mysql_home(), login, "SELECT 1", absl::Seconds(10)).ok());
  MysqlLogin clone{"", "127.0.0.1", sandbox->port(), "vt_clone", "clone\"secret"};
  EXPECT_TRUE(RunSql(sandbox->mysql_home(), clone, "SELECT 1", absl::Seconds(10)).ok());
  const MysqlLogin root{"", "127.0.0.1", sandbox->port(), "root", ""};
  EXPECT_FALSE(RunSql(sandbox->mysql_home(), root, "SELECT 1", absl::Seconds(10)).ok());
}

TEST(GraftMysqldInit, RefusesADirectoryThatIsNotEmptyAndTouchesNothing) {
  const TempFolder folder("full");
  ASSERT_TRUE(WriteFile(folder.path() + "/precious", "data").ok());
  const Ended ended = RunTool({"init", "--data-dir", folder.path()});
  EXPECT_EQ(ended.status.code, 1);
  EXPECT_THAT(ended.output, HasSubstr("not empty (it holds precious)"));
  EXPECT_EQ(Slurp(folder.path() + "/precious"), "data");
  const std::filesystem::directory_iterator entries(folder.path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

TEST(GraftMysqldInit, LeavesNothingWhenMysqldRefuses) {
  const TempFolder folder("bad");
  ASSERT_TRUE(WriteFile(folder.path() + "/extra", "no_such_option=1\n").ok());
  const std::string dir = folder.path() + "/vt";
  const Ended ended =
      RunTool({"init", "--data-dir", dir, "--extra-my-cnf", folder.path() + "/extra"});
  EXPECT_EQ(ended.status.code, 1);
  EXPECT_THAT(ended.output, HasSubstr("unknown variable 'no_such_option=1'"));
  EXPECT_FALSE(std::filesystem::exists(dir));
}

TEST(GraftMysqldInit, CanBeInterruptedAndRunAgain) {
  const TempFolder folder("cut");
  const std::string dir = folder.path() + "/vt";
  const std::string slow =
      FakeMysqld(folder,
                 "case \"$*\" in *--version*) echo 'Ver 9.7.4' ;; "
                 "*) touch " +
                     folder.path() + "/started; exec tail -f /dev/null ;; esac");
  const auto program = OurProgram("graft-mysqld");
  ASSERT_TRUE(program.ok()) << program.status();
  const auto process = Process::Start({*program, "init", "--data-dir", dir, "--mysqld", slow}, {});
  ASSERT_TRUE(process.ok()) << process.status();
  ASSERT_TRUE(Eventually(absl::Seconds(20),
                         [&] { return std::filesystem::exists(folder.path() + "/started"); }));
  (*process)->Kill(SIGTERM);
  const auto status = (*process)->Wait(absl::Seconds(20));
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->code, 1);
  EXPECT_FALSE(std::filesystem::exists(dir));

  // The files that kill -9 leaves are no obstacle either.
  std::filesystem::create_directories(dir + "/.graft-init/data");
  const Ended ended = RunTool({"init", "--data-dir", dir});
  EXPECT_EQ(ended.status.code, 0) << ended.output;
  EXPECT_TRUE(std::filesystem::exists(dir + "/my.cnf"));
  EXPECT_FALSE(std::filesystem::exists(dir + "/.graft-init"));
}

TEST(GraftMysqldFlags, AreCheckedWithExitCode2) {
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {},
           {"init"},
           {"init", "--data-dir", "/nowhere/x", "--no-such-flag"},
           {"init", "--data-dir", "/nowhere/x", "--mysql-port", "many"},
           {"init", "--data-dir", "/nowhere/x", "--mysql-port", "70000"},
           {"init", "--data-dir", "/nowhere/x", "--server-id", "0"},
           {"run", "--data-dir", "/nowhere/x", "--crash-window", "5"}}) {
    const Ended ended = RunTool(args);
    EXPECT_EQ(ended.status.code, 2) << absl::StrCat(args.size(), " ", ended.output);
    EXPECT_THAT(ended.output, Not(HasSubstr("terminate called")));
  }
  EXPECT_EQ(RunTool({"--help"}).status.code, 0);
}

TEST(GraftMysqldRun, ServesRestartWithANewMysqldUnderTheSameParent) {
  const auto sandbox = StartSandbox();
  ASSERT_NE(sandbox, nullptr);
  const pid_t first = sandbox->mysqld_pid().value_or(0);
  // The client may lose its connection before it hears OK.
  sandbox->Sql("RESTART").IgnoreError();
  ASSERT_TRUE(sandbox->AwaitRestart(first).ok()) << sandbox->AwaitReady();
  EXPECT_NE(sandbox->mysqld_pid().value_or(0), first);
  EXPECT_TRUE(sandbox->parent()->running());
  EXPECT_THAT(Slurp(sandbox->parent_log()), HasSubstr("ended with exit code 16"));
}

TEST(GraftMysqldRun, StopsBothOnSigterm) {
  const auto sandbox = StartSandbox();
  ASSERT_NE(sandbox, nullptr);
  const pid_t pid = sandbox->mysqld_pid().value_or(0);
  EXPECT_TRUE(sandbox->Stop().ok());
  EXPECT_TRUE(AwaitProcessEnd(pid, absl::ZeroDuration()));
  EXPECT_THAT(Slurp(sandbox->paths().error_log()), HasSubstr("Shutdown complete"));
}

TEST(GraftMysqldRun, RefusesASecondParent) {
  const auto sandbox = StartSandbox();
  ASSERT_NE(sandbox, nullptr);
  const Ended ended = RunTool({"run", "--data-dir", sandbox->paths().dir});
  EXPECT_EQ(ended.status.code, 1);
  EXPECT_THAT(ended.output, HasSubstr(absl::StrCat("another graft-mysqld (process ",
                                                   sandbox->parent()->pid(), ")")));
  EXPECT_TRUE(sandbox->Sql("SELECT 1").ok());
}

TEST(GraftMysqldRun, StartsMysqldAgainAfterKill9) {
  const auto sandbox = StartSandbox();
  ASSERT_NE(sandbox, nullptr);
  const pid_t first = sandbox->mysqld_pid().value_or(0);
  sandbox->KillMysqld(SIGKILL);
  EXPECT_TRUE(sandbox->AwaitRestart(first).ok());
  EXPECT_TRUE(sandbox->parent()->running());
}

TEST(GraftMysqldRun, PassesMysqldsOwnExitCodeOnWithItsReason) {
  const auto sandbox = StartSandbox();
  ASSERT_NE(sandbox, nullptr);
  const std::string cnf = Slurp(sandbox->paths().my_cnf());
  ASSERT_TRUE(WriteFile(sandbox->paths().my_cnf(), cnf + "no_such_option=1\n").ok());
  sandbox->Sql("RESTART").IgnoreError();
  const auto status = sandbox->parent()->Wait(absl::Seconds(60));
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->code, 1);
  EXPECT_THAT(Slurp(sandbox->parent_log()),
              HasSubstr("ended with exit code 1: [ERROR] [MY-000067] [Server] unknown variable "
                        "'no_such_option=1'"));
}

TEST(GraftMysqldRun, GivesUpInACrashLoop) {
  const TempFolder folder("loop");
  const std::string count = folder.path() + "/count";
  ASSERT_TRUE(
      WriteFile(folder.path() + "/my.cnf", absl::StrCat("[mysqld]\nport=", FreePort(), "\n")).ok());
  const std::string mysqld = FakeMysqld(folder, "echo x >> " + count + "; kill -KILL $$");
  const Ended ended = RunTool({"run", "--data-dir", folder.path(), "--mysqld", mysqld,
                               "--max-crashes", "4", "--restart-backoff", "10ms"});
  EXPECT_EQ(ended.status.code, 1);
  EXPECT_THAT(ended.output, HasSubstr("signal 9 (Killed); giving up after 4 crashes within"));
  EXPECT_EQ(Slurp(count), "x\nx\nx\nx\n");
}

TEST(GraftMysqldRun, SaysThatThePortIsTaken) {
  const auto first = StartSandbox();
  MysqlSandboxOptions options;
  options.start = false;
  const auto second = StartSandbox(options);
  ASSERT_TRUE(first != nullptr && second != nullptr);
  const std::string cnf = Slurp(second->paths().my_cnf());
  ASSERT_TRUE(
      WriteFile(second->paths().my_cnf(), absl::StrCat(cnf, "port=", first->port(), "\n")).ok());
  const Ended ended = RunTool({"run", "--data-dir", second->paths().dir});
  EXPECT_EQ(ended.status.code, 1);
  EXPECT_THAT(ended.output,
              HasSubstr(absl::StrCat("port ", first->port(), " of 127.0.0.1 is taken")));
}

TEST(GraftMysqldRun, KilledItselfLeavesMysqldAliveAndTheNextOneSaysSo) {
  const auto sandbox = StartSandbox();
  ASSERT_NE(sandbox, nullptr);
  const pid_t pid = sandbox->mysqld_pid().value_or(0);
  sandbox->KillParent();
  EXPECT_TRUE(sandbox->Sql("SELECT 1").ok());
  const Ended ended = RunTool({"run", "--data-dir", sandbox->paths().dir});
  EXPECT_EQ(ended.status.code, 1);
  EXPECT_THAT(ended.output, HasSubstr(absl::StrCat("a mysqld (process ", pid, ") already runs")));
  EXPECT_TRUE(sandbox->Sql("SELECT 1").ok());

  sandbox->KillMysqld(SIGTERM);
  ASSERT_TRUE(AwaitProcessEnd(pid, absl::Seconds(60)));
  ASSERT_TRUE(sandbox->StartParent().ok());
  EXPECT_TRUE(sandbox->AwaitReady().ok());
}

TEST(GraftMysqldRun, NeedsAnInitialisedDirectory) {
  const TempFolder folder("none");
  const Ended ended = RunTool({"run", "--data-dir", folder.path()});
  EXPECT_EQ(ended.status.code, 1);
  EXPECT_THAT(ended.output, HasSubstr("run graft-mysqld init first"));
}

TEST(Sandbox, ClonesOneServerIntoAnother) {
  MysqlSandboxOptions options;
  options.writable = true;
  const auto donor = StartSandbox(options);
  const auto recipient = StartSandbox(options);
  ASSERT_TRUE(donor != nullptr && recipient != nullptr);
  ASSERT_TRUE(donor
                  ->Sql("CREATE DATABASE d; CREATE TABLE d.t (a INT PRIMARY KEY); "
                        "INSERT INTO d.t VALUES (42)")
                  .ok());
  EXPECT_NE(*donor->SqlValue("SELECT @@server_uuid"), *recipient->SqlValue("SELECT @@server_uuid"));
  const pid_t before = recipient->mysqld_pid().value_or(0);
  const std::string at = donor->address().ToString();
  recipient
      ->Sql(absl::StrCat("SET GLOBAL clone_valid_donor_list='", at,
                         "'; CLONE INSTANCE FROM 'vt_clone'@'127.0.0.1':", donor->port(),
                         " IDENTIFIED BY ''"))
      .IgnoreError();
  ASSERT_TRUE(recipient->AwaitRestart(before).ok());
  EXPECT_EQ(*recipient->SqlValue("SELECT state FROM performance_schema.clone_status"), "Completed");
  EXPECT_EQ(*recipient->SqlValue("SELECT a FROM d.t"), "42");
  EXPECT_EQ(*recipient->SqlValue("SELECT @@super_read_only"), "1");
}

TEST(Etcd, StartsAndKeepsItsDataOverAKill) {
  const auto etcd = EtcdServer::Start();
  ASSERT_TRUE(etcd.ok()) << etcd.status();
  ProcessOptions options;
  options.env = {"ETCDCTL_API=3", "ETCDCTL_ENDPOINTS=" + (*etcd)->endpoint()};
  ASSERT_TRUE(RunAndRead({"etcdctl", "put", "k", "v"}, options, absl::Seconds(20)).ok());
  ASSERT_TRUE((*etcd)->Restart().ok());
  const auto printed = RunAndRead({"etcdctl", "get", "k"}, options, absl::Seconds(20));
  ASSERT_TRUE(printed.ok()) << printed.status();
  EXPECT_EQ(*printed, "k\nv\n");
}

}  // namespace
}  // namespace graft
