#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "cli/watch.h"
#include "fakes/simulated_clock.h"

namespace graft::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::Operation State(const std::string& id, const std::string& step, v1::Outcome outcome) {
  v1::Operation operation;
  operation.set_id(id);
  operation.set_step(step);
  operation.set_outcome(outcome);
  return operation;
}

// The states of one stream of an agent, and its end.
struct Stream {
  std::vector<v1::Operation> states;
  absl::Status end;
  absl::Duration lasts = absl::ZeroDuration();  // after the last state
};

class StreamingAgent : public AgentClient {
 public:
  StreamingAgent(SimulatedClock& clock, std::deque<Stream>& streams, std::vector<std::string>& ids)
      : clock_(clock), streams_(streams), ids_(ids) {}

  absl::Status WatchOperation(const v1::WatchOperationRequest& request, absl::Duration longest,
                              WatchStop& stop,
                              const std::function<void(const v1::Operation&)>& on_update) override {
    ids_.push_back(request.id());
    bool cancelled = false;
    const WatchStop::OnStop on_stop(stop, [&cancelled] { cancelled = true; });
    if (streams_.empty()) return absl::UnavailableError("refused");
    const Stream stream = streams_.front();
    streams_.pop_front();
    for (const v1::Operation& state : stream.states) {
      if (!cancelled) on_update(state);
    }
    if (cancelled) return absl::CancelledError("by the watcher");
    clock_.Advance(std::min(stream.lasts, longest));
    return stream.end;
  }
  absl::StatusOr<v1::Operation> Reprovision(const v1::ReprovisionRequest& /*request*/) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<v1::Operation> Release(const v1::ReleaseRequest& /*request*/) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<v1::Operation> GetOperation(const std::string& /*id*/) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<v1::ListOperationsResponse> ListOperations(
      const v1::ListOperationsRequest& /*request*/) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<v1::PreflightReport> Preflight(const v1::PreflightRequest& /*request*/) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<v1::Operation> CancelOperation(
      const v1::CancelOperationRequest& /*request*/) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<v1::Operation> ThrottleOperation(
      const v1::ThrottleOperationRequest& /*request*/) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<v1::GetTabletResponse> GetTablet() override {
    return absl::UnimplementedError("");
  }

 private:
  SimulatedClock& clock_;
  std::deque<Stream>& streams_;
  std::vector<std::string>& ids_;
};

class CliWatchTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::Operation> Watch(const std::string& id,
                                      absl::Time deadline = absl::InfiniteFuture()) {
    WatchOptions options;
    options.id = id;
    options.patience = absl::Seconds(10);
    options.deadline = deadline;
    const auto on_update = [this](const v1::Operation& operation) {
      seen_.push_back(operation.step());
      if (operation.step() == stop_at_) stop_.Stop();
    };
    return WatchToEnd(
        clock_,
        [this]() -> absl::StatusOr<std::unique_ptr<AgentClient>> {
          ++lookups_;
          if (topology_down_after_ == lookups_) return absl::UnavailableError("no etcd");
          return std::make_unique<StreamingAgent>(clock_, streams_, ids_);
        },
        options,
        {on_update,
         [this](absl::Time since, const absl::Status& why) {
           silences_.push_back(
               absl::StrCat(absl::FormatDuration(clock_.Now() - since), " ", why.message()));
         }},
        stop_);
  }

  SimulatedClock clock_;
  std::deque<Stream> streams_;
  std::vector<std::string> ids_;
  std::vector<std::string> seen_;
  std::vector<std::string> silences_;
  std::string stop_at_;  // the step at which somebody stops the watch
  WatchStop stop_;
  int lookups_ = 0;
  int topology_down_after_ = 0;  // the look-up that fails; 0: none
};

TEST_F(CliWatchTest, GoesOnWhereTheAgentsRestartCutItOff) {
  streams_ = {{{State("op1", "fence", v1::RUNNING)}, absl::UnavailableError("gone")},
              {{}, absl::UnavailableError("refused")},
              {{State("op1", "clone", v1::RUNNING)}, absl::OkStatus()},
              {{State("op1", "publish", v1::DONE)}, absl::OkStatus()}};
  const auto ended = Watch("");
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->outcome(), v1::DONE);
  EXPECT_THAT(seen_, ElementsAre("fence", "clone", "publish"));
  // The newest at first, then the one that was.
  EXPECT_THAT(ids_, ElementsAre("", "op1", "op1", "op1"));
  EXPECT_THAT(silences_, ElementsAre("250ms refused"));
}

TEST_F(CliWatchTest, GivesUpAfterItsPatienceWithoutContact) {
  streams_ = {{{State("op1", "clone", v1::RUNNING)}, absl::UnavailableError("gone")}};
  const absl::Time start = clock_.Now();
  const absl::Status status = Watch("op1").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no contact for 10"));
  EXPECT_EQ(clock_.Now() - start, absl::Seconds(10));
}

TEST_F(CliWatchTest, AnAgentThatAnswersIsNeverGivenUp) {
  for (int i = 0; i < 1000; ++i) {
    streams_.push_back(
        {{State("op1", "catch_up", v1::RUNNING)}, absl::DeadlineExceededError("stream over")});
  }
  streams_.push_back({{State("op1", "publish", v1::CANCELLED)}, absl::OkStatus()});
  EXPECT_EQ(Watch("op1")->outcome(), v1::CANCELLED);
  EXPECT_EQ(lookups_, 1);
}

// An agent without a heartbeat may say nothing for as long as the watch has patience.
TEST_F(CliWatchTest, AQuietStepOfAnAgentThatAnswersIsNoLostContact) {
  const Stream quiet = {{State("op1", "catch_up", v1::RUNNING)},
                        absl::DeadlineExceededError("it has said nothing for 10s"),
                        absl::Seconds(10)};
  streams_ = {quiet, quiet, quiet, {{State("op1", "publish", v1::FAILED)}, absl::OkStatus(), {}}};
  const auto ended = Watch("op1");
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->outcome(), v1::FAILED);
  EXPECT_THAT(silences_, ElementsAre());
}

TEST_F(CliWatchTest, AStreamThatBreaksWasAliveUntilThen) {
  streams_ = {
      {{State("op1", "catch_up", v1::RUNNING)}, absl::UnavailableError("gone"), absl::Minutes(5)},
      {{}, absl::UnavailableError("refused"), {}},
      {{State("op1", "publish", v1::DONE)}, absl::OkStatus(), {}}};
  EXPECT_EQ(Watch("op1")->outcome(), v1::DONE);
  EXPECT_THAT(silences_, ElementsAre("250ms refused"));
}

TEST_F(CliWatchTest, AnAgentThatIsStartingIsNotLost) {
  for (int i = 0; i < 1000; ++i) {
    streams_.push_back({{}, Failure(Reason::kAgentStarting, "it reads its journal"), {}});
  }
  streams_.push_back({{State("op1", "publish", v1::DONE)}, absl::OkStatus(), {}});
  const auto ended = Watch("op1");
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->outcome(), v1::DONE);
  EXPECT_EQ(silences_.size(), 1000u);
}

TEST_F(CliWatchTest, AHeartbeatIsNoNews) {
  const v1::Operation clone = State("op1", "clone", v1::RUNNING);
  streams_ = {
      {{clone, clone, State("op1", "publish", v1::RUNNING)}, absl::UnavailableError("gone"), {}},
      {{State("op1", "publish", v1::RUNNING), State("op1", "publish", v1::DONE)},
       absl::OkStatus(),
       {}}};
  EXPECT_EQ(Watch("op1")->outcome(), v1::DONE);
  EXPECT_THAT(seen_, ElementsAre("clone", "publish", "publish", "publish"))
      << "a new stream's first state says that the agent is back";
}

TEST_F(CliWatchTest, AnAgentWhoseTopologyIsDownIsTriedWhereItWas) {
  streams_ = {{{State("op1", "clone", v1::RUNNING)}, absl::UnavailableError("gone")},
              {{}, absl::UnavailableError("refused")},
              {{State("op1", "publish", v1::DONE)}, absl::OkStatus()}};
  topology_down_after_ = 2;
  const auto ended = Watch("op1");
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->outcome(), v1::DONE);
}

TEST_F(CliWatchTest, AnOperationThatDoesNotEndIsLeftAtTheDeadline) {
  for (int i = 0; i < 1000; ++i) {
    streams_.push_back(
        {{State("op1", "catch_up", v1::RUNNING)}, absl::DeadlineExceededError("stream over")});
  }
  const absl::Time start = clock_.Now();
  const absl::Status status = Watch("op1", start + absl::Minutes(1)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("op1 has not ended yet; it is in catch_up"));
  EXPECT_EQ(clock_.Now() - start, absl::Minutes(1));
}

TEST_F(CliWatchTest, AStopEndsItInTheMiddleOfAStream) {
  streams_ = {{{State("op1", "fence", v1::RUNNING), State("op1", "clone", v1::RUNNING),
                State("op1", "publish", v1::DONE)},
               absl::OkStatus()}};
  stop_at_ = "clone";
  EXPECT_EQ(Watch("op1").status().code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(seen_, ElementsAre("fence", "clone"));
  EXPECT_EQ(ids_.size(), 1u);
}

TEST_F(CliWatchTest, AStopThatCameBeforeIsNoWatchAtAll) {
  streams_ = {{{State("op1", "clone", v1::RUNNING)}, absl::OkStatus()}};
  stop_.Stop();
  EXPECT_EQ(Watch("op1").status().code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(seen_, ElementsAre());
}

TEST_F(CliWatchTest, AStopEndsTheWaitForAnAgentThatIsGone) {
  clock_.At(clock_.Now() + absl::Seconds(2), [this] { stop_.Stop(); });
  const absl::Time start = clock_.Now();
  EXPECT_EQ(Watch("op1").status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(clock_.Now() - start, absl::Seconds(2));
}

TEST_F(CliWatchTest, ARefusalEndsItAtOnce) {
  streams_ = {{{}, absl::NotFoundError("no such operation")}};
  EXPECT_EQ(Watch("op9").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ids_.size(), 1u);
}

}  // namespace
}  // namespace graft::cli
