// A recipient that is down: who is asked to start it, and when.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "base/errors.h"
#include "provision_world.h"

namespace graft {
namespace {

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
