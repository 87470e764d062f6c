#include "agent/state_dir.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/files.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

using ::testing::HasSubstr;

class StateDirTest : public ::testing::Test {
 protected:
  absl::StatusOr<FileLock> Lock() const { return OpenStateDir(folder_.path()); }

  // A process that locks the directory and then starts `shell_command`, which is to print a line.
  pid_t StartHolder(const std::string& shell_command, std::string& line) const {
    int out[2];
    EXPECT_EQ(pipe(out), 0);
    const pid_t pid = fork();
    if (pid == 0) {
      const auto lock = Lock();
      if (fork() == 0) {
        dup2(out[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", shell_command.c_str(), nullptr);
      }
      while (lock.ok()) pause();
      _exit(1);
    }
    close(out[1]);
    for (char c = 0; read(out[0], &c, 1) == 1 && c != '\n';) line.push_back(c);
    close(out[0]);
    return pid;
  }

  TempFolder folder_{"lock"};
};

TEST_F(StateDirTest, TheSecondIsToldWhoHoldsIt) {
  const auto first = Lock();
  ASSERT_TRUE(first.ok()) << first.status();
  const absl::Status second = Lock().status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(HasReason(second, Reason::kStateDirHeld)) << second;
  EXPECT_THAT(std::string(second.message()), HasSubstr(folder_.path()));
  EXPECT_THAT(std::string(second.message()),
              HasSubstr(absl::StrCat("graftd with process id ", getpid(), " on ")));
}

TEST_F(StateDirTest, ItIsFreeAtItsEnd) {
  { EXPECT_TRUE(Lock().ok()); }
  EXPECT_TRUE(Lock().ok());
}

// --mysqld-start-command, for one, may start a server that outlives the agent.
TEST_F(StateDirTest, TheKernelFreesItAtAKillThoughAProgramOfTheHoldersRunsOn) {
  std::string line;
  const pid_t holder = StartHolder("echo $$; exec tail -f /dev/null", line);
  int child = 0;
  ASSERT_TRUE(absl::SimpleAtoi(line, &child));
  const absl::Status held = Lock().status();
  EXPECT_THAT(std::string(held.message()), HasSubstr(absl::StrCat("process id ", holder, " on ")));
  kill(holder, SIGKILL);
  waitpid(holder, nullptr, 0);
  EXPECT_TRUE(Lock().ok());
  EXPECT_EQ(kill(child, SIGKILL), 0) << "the program should run on";
}

TEST_F(StateDirTest, WhatAFormerHolderLeftIsInNobodysWay) {
  const std::string path = folder_.path() + "/lock";
  ASSERT_TRUE(WriteFile(path, "graftd with process id 1 on elsewhere since ever, and more\n").ok());
  const auto lock = Lock();
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_THAT(ReadFile(path).value_or(""), Not(HasSubstr("more")));
}

TEST_F(StateDirTest, AFolderThatIsNotThereHasNoLock) {
  const absl::Status status = LockFile(folder_.path() + "/none/lock", "graftd").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/none/lock"));
}

}  // namespace
}  // namespace graft
