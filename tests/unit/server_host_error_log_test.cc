// What a starting mysqld's error log tells. The lines are those of MySQL 9.7.4 at a recovery.
#include "host/local_server_host.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace graft {
namespace {

const std::string kStart =
    "2026-11-21T13:48:09.899844Z 0 [System] [MY-010116] [Server] /usr/sbin/mysqld (mysqld 9.7.4) "
    "starting as process 17549\n";
const std::string kScan =
    "2026-11-21T13:48:10.394812Z 1 [Note] [MY-012550] [InnoDB] Doing recovery: scanned up to log "
    "sequence number 460196352\n";
const std::string kBatch =
    "2026-11-21T13:48:10.401998Z 1 [Note] [MY-012532] [InnoDB] Applying a batch of 5209 redo log "
    "records ...\n";
const std::string kTen = "2026-11-21T13:48:10.492269Z 1 [Note] [MY-012533] [InnoDB] 10%\n";
const std::string kNinety = "2026-11-21T13:48:11.699523Z 1 [Note] [MY-012533] [InnoDB] 90%\n";
const std::string kApplied =
    "2026-11-21T13:48:12.164925Z 1 [Note] [MY-012535] [InnoDB] Apply batch completed!\n";
const std::string kReady =
    "2026-11-21T13:48:13.614481Z 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for "
    "connections. Version: '9.7.4'\n";
const std::string kDown =
    "2026-11-21T13:48:14.786303Z 0 [System] [MY-010910] [Server] /usr/sbin/mysqld: Shutdown "
    "complete (mysqld 9.7.4)\n";

const std::string kError =
    "2026-11-21T13:48:13.614481Z 0 [ERROR] [MY-010361] [Server] Fatal error: Illegal or unknown "
    "default time zone 'Europe/Berlin'\n";
const std::string kAborting =
    "2026-11-21T13:48:13.614481Z 0 [ERROR] [MY-010119] [Server] Aborting\n";

StartupSigns Signs(bool starting, std::optional<double> batch_percent, int batch) {
  StartupSigns signs;
  signs.starting = starting;
  signs.batch_percent = batch_percent;
  signs.batch = batch;
  return signs;
}

// The progress of the present start alone.
StartupSigns ReadProgress(const std::string& log) {
  StartupSigns signs = ReadSigns(log);
  signs.starts = signs.killed_starts = signs.process = 0;
  return signs;
}

TEST(ErrorLogTest, ASilentLogTellsNothing) {
  EXPECT_EQ(ReadProgress(""), StartupSigns());
  EXPECT_EQ(ReadProgress("mysqld_safe Logging to 'error.log'.\n"), StartupSigns());
}

TEST(ErrorLogTest, FollowsARecoveryBatchByBatch) {
  std::string log = kReady + kDown;
  EXPECT_FALSE(ReadSigns(log).starting);
  log += kStart + kScan;
  EXPECT_EQ(ReadProgress(log), Signs(true, std::nullopt, 0));
  log += kBatch;
  EXPECT_EQ(ReadProgress(log), Signs(true, 0, 1));
  log += kTen + kNinety;
  EXPECT_EQ(ReadProgress(log), Signs(true, 90, 1));
  log += kApplied + kScan;
  EXPECT_EQ(ReadProgress(log), Signs(true, std::nullopt, 1));
  log += kBatch + kTen;
  EXPECT_EQ(ReadProgress(log), Signs(true, 10, 2));
  log += kApplied + kReady;
  EXPECT_EQ(ReadProgress(log), StartupSigns());
}

TEST(ErrorLogTest, AStartThatEndsByItselfHasFailedAndSaysWhy) {
  const StartupSigns once =
      ReadSigns(kReady + kDown + kStart + kBatch + kError + kAborting + kDown);
  EXPECT_FALSE(once.starting);
  EXPECT_EQ(once.failed_starts, 1);
  EXPECT_EQ(once.errors,
            std::vector<std::string>{"[MY-010361] [Server] Fatal error: Illegal or unknown default "
                                     "time zone 'Europe/Berlin'"});
  const std::string again = kStart + kError + kAborting + kDown + kStart;
  EXPECT_TRUE(ReadSigns(again).starting);
  EXPECT_EQ(ReadProgress(again).failed_starts, 1);
  EXPECT_EQ(ReadProgress(again + kError + kDown).failed_starts, 2);
  EXPECT_EQ(ReadProgress(again + kReady), StartupSigns());
  EXPECT_EQ(ReadProgress(again + kReady + kError + kDown), StartupSigns())
      << "an error of its life";
}

// MY-000067 and its like repeat the option with its value, which may be a password.
TEST(ErrorLogTest, NoValueOfAnOptionIsTold) {
  const auto told = [](const std::string& text) {
    const StartupSigns signs =
        ReadSigns(kStart + "2026-11-21T13:48:13Z 0 [ERROR] " + text + "\n" + kDown);
    return signs.errors.empty() ? "" : signs.errors.front();
  };
  EXPECT_EQ(told("[MY-000067] [Server] unknown variable 'ldap_bind_root_pwd=hunter2'."),
            "[MY-000067] [Server] unknown variable 'ldap_bind_root_pwd=…'.");
  EXPECT_EQ(told("[MY-000077] [Server] mysqld: Error while setting value 'hunter2' to 'x_pwd'."),
            "[MY-000077] [Server] mysqld: Error while setting value '…' to 'x_pwd'.");
  EXPECT_EQ(told("[MY-000067] [Server] unknown variable 'x=it's hunter2'"),
            "[MY-000067] [Server] unknown variable 'x=…'");
  EXPECT_EQ(told("[MY-000067] [Server] unknown variable 'x=unended hunter2"),
            "[MY-000067] [Server] unknown variable 'x=…");
  EXPECT_EQ(told("[MY-013129] [Server] ALTER USER a IDENTIFIED BY hunter2"),
            "[MY-013129] [Server] ALTER USER a IDENTIFIED ...");
  EXPECT_EQ(told("[MY-012595] [InnoDB] caf\xe9\x01 'a' = 1"), "[MY-012595] [InnoDB] caf?  'a' = 1");
}

TEST(ErrorLogTest, StartsAreCountedUntilTheServerIsReady) {
  EXPECT_EQ(ReadSigns(kStart + kStart + kScan).starts, 2);
  EXPECT_EQ(ReadSigns(kStart + kScan).killed_starts, 0) << "it may still run";
  EXPECT_EQ(ReadSigns(kStart + kStart + kScan).killed_starts, 1);
  EXPECT_EQ(ReadSigns(kStart + kError + kDown + kStart).killed_starts, 0) << "by itself";
  const std::string crash = "2026-11-21T13:48:13Z UTC - mysqld got signal 11 ;\n";
  EXPECT_EQ(ReadSigns(kStart + crash + kStart).killed_starts, 0) << "by itself, too";
  EXPECT_EQ(ReadSigns(kStart + crash).failed_starts, 1);
  EXPECT_EQ(ReadSigns(kStart + crash).errors, std::vector<std::string>{"mysqld got signal 11"});
  EXPECT_EQ(ReadSigns(kStart + kReady + crash).failed_starts, 0) << "not at its start";
  EXPECT_EQ(ReadSigns(kStart + kError + kDown + kStart).starts, 2);
  EXPECT_EQ(ReadSigns(kStart + kReady).starts, 0);
  EXPECT_EQ(ReadSigns(kStart).process, 17549);
  EXPECT_EQ(ReadSigns(kStart + kError + kDown).process, 0);
}

// Only the parent of mysqld knows how it ended: graft-mysqld adds a line of its own.
TEST(ErrorLogTest, TheParentsLineSaysHowMysqldEnded) {
  const auto ended = [](const std::string& how) {
    return "2026-11-21T13:48:14.786303Z 0 [Note] [graft-mysqld] mysqld (process 17549) ended "
           "with " +
           how + "\n";
  };
  EXPECT_EQ(ReadSigns(kStart + kError + kAborting + kDown).end, "") << "not known";
  const StartupSigns failed = ReadSigns(kStart + kError + kAborting + kDown + ended("exit code 1"));
  EXPECT_EQ(failed.end, "exit code 1");
  EXPECT_EQ(failed.failed_starts, 1);
  const StartupSigns silent = ReadSigns(kStart + ended("exit code 1"));
  EXPECT_EQ(silent.failed_starts, 1) << "no \"Shutdown complete\"";
  const StartupSigns killed = ReadSigns(kStart + ended("signal 9 (Killed)"));
  EXPECT_FALSE(killed.starting);
  EXPECT_EQ(killed.killed_starts, 1) << "also the last one";
  const StartupSigns again = ReadSigns(kStart + ended("signal 9 (Killed)") + kStart);
  EXPECT_EQ(again.killed_starts, 1) << "once";
  EXPECT_EQ(again.end, "signal 9 (Killed)");
  EXPECT_EQ(ReadSigns(kReady + kDown + ended("exit code 16") + kStart).end, "")
      << "the end of a server that was ready";
}

TEST(ErrorLogTest, AStartThatSomebodyStoppedHasNotFailed) {
  const std::string stopped =
      "2026-11-21T13:48:13Z 0 [System] [MY-013172] [Server] Received SHUTDOWN from user <via user "
      "signal>. Shutting down mysqld (Version: 9.7.4).\n";
  EXPECT_EQ(ReadSigns(kStart + kError + stopped + kDown).failed_starts, 0);
}

TEST(ErrorLogTest, AStartWhoseFirstLinesAreCutOffIsOne) {
  EXPECT_EQ(ReadProgress(kScan + kTen), Signs(true, 10, 0));
}

TEST(ErrorLogTest, ANewStartForgetsTheOneBefore) {
  EXPECT_EQ(ReadProgress(kStart + kBatch + kNinety + kStart), Signs(true, std::nullopt, 0));
}

TEST(ErrorLogTest, WhatIsNoPercentageIsNone) {
  for (const char* text : {"1o%", "%", "110%", "-1%", "nan%", "10"}) {
    const std::string line = std::string("… [MY-012533] [InnoDB] ") + text + "\n";
    EXPECT_EQ(ReadProgress(line).batch_percent, std::nullopt) << text;
  }
}

}  // namespace
}  // namespace graft
