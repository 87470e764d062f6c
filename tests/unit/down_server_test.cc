// A recipient that is down: who is asked to start it, and when.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "base/errors.h"
#include "provision_world.h"

namespace graft {
namespace {

using ::testing::HasSubstr;

class DownServerTest : public ::testing::Test {
 protected:
  DownServerTest() {
    world_.recipient.Edit([](FakeMysqlState& state) {
      state.script.supervised = false;
      state.script.down_until_started = absl::InfiniteDuration();
    });
    starter_.on_ask = [this] {
      asked_.push_back(world_.clock.Now());
      EXPECT_TRUE(HasReason(world_.recipient.Describe().status(), Reason::kMysqlGone))
          << "the old process still answers";
    };
    world_.start_server = &starter_;
  }

  // The end of an operation whose mysqld shows these signs once it is down.
  absl::Status EndWith(const StartupSigns& signs) {
    world_.host.SetStartup(signs);
    Operation operation = world_.Request();
    world_.Run(operation);
    return operation.error;
  }

  bool AnyNote(const std::string& text) const {
    for (const Progress& progress : world_.observer.progress) {
      if (progress.note.find(text) != std::string::npos) return true;
    }
    return false;
  }

  ProvisionWorld world_;
  FakeServerStarter starter_;
  std::vector<absl::Time> asked_;
};

TEST_F(DownServerTest, TheStartIsAskedForOnlyOnceTheOldProcessIsGone) {
  world_.recipient.Edit([](FakeMysqlState& state) { state.script.shutdown = absl::Minutes(2); });
  Operation operation = world_.Request();
  world_.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "RESTART_TIMEOUT") << operation.error;
  EXPECT_FALSE(asked_.empty());
}

// Somebody has to mend something: waiting for five minutes helps nobody.
TEST_F(DownServerTest, AStartThatEndsByItselfIsToldAtOnceAndInTheLogsWords) {
  world_.start_server = nullptr;
  StartupSigns signs;
  signs.failed_starts = 1;
  signs.errors = {"[MY-010361] [Server] Fatal error: Illegal or unknown default time zone"};
  signs.end = "exit code 1";
  world_.host.SetStartup(signs);
  Operation operation = world_.Request();
  world_.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "RESTART_FAILED") << operation.error;
  EXPECT_THAT(std::string(operation.error.message()), HasSubstr("unknown default time zone"));
  EXPECT_THAT(std::string(operation.error.message()), HasSubstr("(once; exit code 1)"));
  EXPECT_TRUE(AnyNote("mysqld ended by itself while it started (exit code 1): [MY-010361]"));
  EXPECT_TRUE(IsDropped(operation.data_state)) << "until the next look shows the copy";
  EXPECT_LT(operation.times.back().ended - operation.times.back().started, absl::Seconds(40));

  world_.host.SetStartup({});
  world_.recipient.StartServer();
  world_.control = std::make_shared<OperationControl>();
  Operation next = world_.Request();
  next.request.id = "op-2";
  world_.Run(next);
  EXPECT_EQ(next.outcome, Outcome::kDone) << next.error;
  EXPECT_EQ(world_.recipient.clones_started(), 1) << "the copy is used";
}

// A supervisor that backs off may yet bring it up.
TEST_F(DownServerTest, AStartThatFollowsAFailedOneIsWaitedFor) {
  world_.start_server = nullptr;
  StartupSigns signs;
  signs.failed_starts = 5;
  signs.errors = {"[MY-012574] [InnoDB] Unable to lock ./ibdata1 error: 11"};
  world_.host.SetStartup(signs);
  world_.recipient.Edit(
      [](FakeMysqlState& state) { state.script.down_until_started = absl::Seconds(15); });
  Operation operation = world_.Request();
  world_.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
}

TEST_F(DownServerTest, AStartThatWasAskedForIsWaitedFor) {
  StartupSigns signs;
  signs.failed_starts = 5;
  signs.errors = {"[MY-010361] [Server] Fatal error"};
  starter_.end = absl::OkStatus();
  starter_.on_ask = [this] { starter_.end = std::nullopt; };
  const absl::Status error = EndWith(signs);
  EXPECT_EQ(ReasonOf(error), "RESTART_TIMEOUT") << error;
  EXPECT_THAT(std::string(error.message()),
              HasSubstr("its error log says: [MY-010361] [Server] Fatal error"));
}

// Nothing but a signal ends mysqld without a word in its log.
TEST_F(DownServerTest, StartsThatWereEndedFromOutsideAreCounted) {
  world_.start_server = nullptr;
  StartupSigns signs;
  signs.starting = true;
  signs.starts = 10;
  signs.killed_starts = 9;
  signs.end = "signal 9 (Killed)";
  const absl::Status error = EndWith(signs);
  EXPECT_EQ(ReasonOf(error), "RESTART_TIMEOUT") << error;
  EXPECT_THAT(std::string(error.message()),
              HasSubstr("of 10 starts since it was last ready, 9 ended without a word in its error "
                        "log, the last one with signal 9 (Killed)"));
  EXPECT_THAT(std::string(error.message()), testing::Not(HasSubstr("did nothing visible")));
}

// It opens fifty thousand files, and has nothing to say.
TEST_F(DownServerTest, AProcessThatStartsIsNotStartedAgain) {
  StartupSigns signs;
  signs.starting = true;
  signs.starts = 1;
  signs.process = 4711;
  world_.host.SetStartup(signs);
  world_.recipient.Edit(
      [](FakeMysqlState& state) { state.script.down_until_started = absl::Minutes(1); });
  Operation operation = world_.Request();
  world_.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(starter_.asked, 0);
  EXPECT_TRUE(AnyNote("mysqld (process 4711) is starting or recovering"));
}

TEST_F(DownServerTest, TheStartIsAskedForAgainWhileTheServerStaysDown) {
  Operation operation = world_.Request();
  world_.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "RESTART_TIMEOUT") << operation.error;
  ASSERT_EQ(asked_.size(), 4U);
  for (size_t i = 1; i < asked_.size(); ++i) {
    EXPECT_GE(asked_[i] - asked_[i - 1], world_.options.restart_wait_timeout / 4);
  }
}

TEST_F(DownServerTest, ACallThatDoesNotEndIsNotWaitedForNorMadeTwice) {
  starter_.end = absl::OkStatus();
  starter_.on_ask = [this] { starter_.end = std::nullopt; };
  Operation operation = world_.Request();
  world_.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "RESTART_TIMEOUT") << operation.error;
  EXPECT_EQ(starter_.asked, 1);
  EXPECT_TRUE(AnyNote("its start was asked for, and is under way"));
}

TEST_F(DownServerTest, AFailureIsSaidAndAnotherTryMayDo) {
  starter_.on_ask = [this] {
    starter_.end = starter_.asked == 1
                       ? absl::FailedPreconditionError("--mysqld-start-command ended with code 3")
                       : absl::OkStatus();
    if (starter_.asked == 2) world_.recipient.StartServer();
  };
  Operation operation = world_.Request();
  world_.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(starter_.asked, 2);
  EXPECT_TRUE(AnyNote("could not be started: --mysqld-start-command ended with code 3"));
}

TEST_F(DownServerTest, AStopOfTheAgentDoesNotWaitForTheCall) {
  starter_.on_ask = [this] {
    starter_.end = std::nullopt;
    world_.control->Stop();
  };
  Operation operation = world_.Request();
  world_.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kRunning);
}

}  // namespace
}  // namespace graft
