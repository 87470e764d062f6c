#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>

#include "base/clocks.h"
#include "base/errors.h"
#include "cli/commands.h"

namespace graft::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct AgentState {
  v1::Operation operation;
  bool has_operation = true;
  absl::Status cancel_error;
  v1::ReprovisionRequest asked;
};

// One operation, which has ended whenever it is watched.
class OneOperationAgent : public AgentClient {
 public:
  explicit OneOperationAgent(AgentState& state) : state_(state) {}

  absl::StatusOr<v1::Operation> Reprovision(const v1::ReprovisionRequest& request) override {
    state_.asked = request;
    return state_.operation;
  }
  absl::StatusOr<v1::Operation> GetOperation(const std::string& /*id*/) override {
    if (!state_.has_operation) return absl::NotFoundError("none");
    return state_.operation;
  }
  absl::StatusOr<v1::ListOperationsResponse> ListOperations() override {
    v1::ListOperationsResponse list;
    *list.add_operations() = state_.operation;
    return list;
  }
  absl::StatusOr<v1::Operation> CancelOperation(const std::string& /*id*/) override {
    if (!state_.cancel_error.ok()) return state_.cancel_error;
    return state_.operation;
  }
  absl::StatusOr<v1::GetTabletResponse> GetTablet() override {
    v1::GetTabletResponse tablet;
    tablet.set_alias("zone1-0000000103");
    return tablet;
  }
  absl::Status WatchOperation(const std::string& /*id*/,
                              const std::function<void(const v1::Operation&)>& on_update) override {
    v1::Operation running = state_.operation;
    running.set_outcome(v1::RUNNING);
    on_update(running);
    on_update(state_.operation);
    return absl::OkStatus();
  }

 private:
  AgentState& state_;
};

class CliAgentCommandsTest : public ::testing::Test {
 protected:
  CliAgentCommandsTest() {
    state_.operation.set_id("op1");
    state_.operation.set_recipient("zone1-0000000103");
    state_.operation.set_step("preflight");
    state_.operation.set_outcome(v1::FAILED);
    state_.operation.set_data_state(v1::INTACT);
    v1::StepTime* time = state_.operation.add_times();
    time->set_step("preflight");
  }

  SimulatedClock clock_;
  std::ostringstream out_;
  Session session_{clock_, out_, Screen(), false, absl::Seconds(10)};
  AgentState state_;
  Connect connect_ = [this]() -> absl::StatusOr<std::unique_ptr<AgentClient>> {
    return std::make_unique<OneOperationAgent>(state_);
  };
};

TEST_F(CliAgentCommandsTest, ReprovisionIsAcceptedWithoutWaiting) {
  v1::ReprovisionRequest request;
  request.set_id("op1");
  EXPECT_EQ(*Reprovision(session_, connect_, request, false), ExitCode::kDone);
  EXPECT_EQ(state_.asked.id(), "op1");
  EXPECT_EQ(out_.str(), "operation op1 of zone1-0000000103 accepted\n");
}

TEST_F(CliAgentCommandsTest, AWatchedFailureIsTheExitCode) {
  EXPECT_EQ(*Reprovision(session_, connect_, v1::ReprovisionRequest(), true), ExitCode::kFailed);
  EXPECT_THAT(out_.str(), HasSubstr("preflight\n"));
  EXPECT_THAT(out_.str(), HasSubstr("failed in preflight: data INTACT"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("\x1b")));  // no terminal, no escapes
}

TEST_F(CliAgentCommandsTest, ATerminalIsRedrawnInPlace) {
  session_.screen.terminal = true;
  EXPECT_EQ(*WatchOperation(session_, connect_, ""), ExitCode::kFailed);
  EXPECT_THAT(out_.str(), HasSubstr("\x1b[10A"));  // a headline and nine steps
  EXPECT_THAT(out_.str(), HasSubstr("failed in preflight: data INTACT"));
}

TEST_F(CliAgentCommandsTest, ASmallTerminalGetsWhatFits) {
  session_.screen.terminal = true;
  session_.screen.rows = 4;
  session_.screen.columns = 11;
  ASSERT_TRUE(WatchOperation(session_, connect_, "").ok());
  EXPECT_THAT(out_.str(), HasSubstr("\x1b[3A"));
  EXPECT_THAT(out_.str(), StartsWith("\r\x1b[2Kzone1-0000\n"));
}

TEST_F(CliAgentCommandsTest, JsonIsOneObjectForEachState) {
  session_.json = true;
  EXPECT_EQ(*WatchOperation(session_, connect_, ""), ExitCode::kFailed);
  const std::string text = out_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(text, HasSubstr("\"outcome\":\"RUNNING\""));
  EXPECT_THAT(text, HasSubstr("\"outcome\":\"FAILED\",\"dataState\":\"INTACT\""));
}

TEST_F(CliAgentCommandsTest, StatusOfATabletThatWasNeverRebuilt) {
  state_.has_operation = false;
  EXPECT_EQ(*ShowStatus(session_, connect_, nullptr, ""), ExitCode::kDone);
  EXPECT_THAT(out_.str(), HasSubstr("no operation yet"));
  // Asked for by its id, it is missing.
  EXPECT_EQ(ShowStatus(session_, connect_, nullptr, "op9").status().code(),
            absl::StatusCode::kNotFound);
  session_.json = true;
  out_.str("");
  EXPECT_EQ(*ShowStatus(session_, connect_, nullptr, ""), ExitCode::kDone);
  EXPECT_THAT(out_.str(), HasSubstr("\"operation\":null}"));
}

TEST_F(CliAgentCommandsTest, StatusShowsTheRecordEvenIfTheAgentIsGone) {
  Tablet record;
  record.alias = TabletAlias{"zone1", 103};
  record.tags = {{"graft.data_state", "EMPTY"}};
  const Connect nobody = []() -> absl::StatusOr<std::unique_ptr<AgentClient>> {
    return absl::UnavailableError("stopped");
  };
  EXPECT_EQ(ExitCodeOf(ShowStatus(session_, nobody, &record, "").status()), ExitCode::kUnreachable);
  EXPECT_THAT(out_.str(), HasSubstr("graft.data_state=EMPTY"));
}

TEST_F(CliAgentCommandsTest, ARefusedCancelIsAnError) {
  EXPECT_EQ(*CancelOperation(session_, connect_, ""), ExitCode::kDone);
  state_.cancel_error = WithReason(absl::FailedPreconditionError("too late"), "TOO_LATE");
  const Result result = CancelOperation(session_, connect_, "");
  EXPECT_EQ(ExitCodeOf(result.status()), ExitCode::kRefused);
  EXPECT_EQ(ReasonOf(result.status()), "TOO_LATE");
}

TEST_F(CliAgentCommandsTest, NoAgentIsItsOwnError) {
  const Connect nobody = []() -> absl::StatusOr<std::unique_ptr<AgentClient>> {
    return absl::UnavailableError("stopped");
  };
  for (const Result& result :
       {ShowStatus(session_, nobody, nullptr, ""), ShowOperations(session_, nobody),
        CancelOperation(session_, nobody, ""), WatchOperation(session_, nobody, ""),
        Reprovision(session_, nobody, v1::ReprovisionRequest(), true)}) {
    EXPECT_EQ(ExitCodeOf(result.status()), ExitCode::kUnreachable);
  }
}

}  // namespace
}  // namespace graft::cli
