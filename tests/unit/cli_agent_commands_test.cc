#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "cli/commands.h"
#include "fakes/simulated_clock.h"

namespace graft::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct AgentState {
  v1::Operation operation;
  bool has_operation = true;
  absl::Status cancel_error;
  v1::ReprovisionRequest asked;
  v1::WatchOperationRequest watch_asked;
  v1::PreflightReport report;
  v1::PreflightRequest preflight_asked;
  v1::CancelOperationRequest cancel_asked;
  v1::ThrottleOperationRequest throttle_asked;
  bool ends = true;
  v1::ReleaseRequest release_asked;
  std::vector<std::string> pages_asked;  // their before_id
  int older = 1;                         // pages of one operation
  int starting = 0;                      // requests that come too early
};

// One operation, which ends whenever it is watched, if it does.
class OneOperationAgent : public AgentClient {
 public:
  explicit OneOperationAgent(AgentState& state) : state_(state) {}

  absl::StatusOr<v1::Operation> Reprovision(const v1::ReprovisionRequest& request) override {
    state_.asked = request;
    if (state_.starting-- > 0) return Failure(Reason::kAgentStarting, "it reads its journal");
    return state_.operation;
  }
  absl::StatusOr<v1::Operation> Release(const v1::ReleaseRequest& request) override {
    state_.release_asked = request;
    if (state_.starting-- > 0) return Failure(Reason::kAgentStarting, "it reads its journal");
    return state_.operation;
  }
  absl::StatusOr<v1::Operation> GetOperation(const std::string& /*id*/) override {
    if (!state_.has_operation) return absl::NotFoundError("none");
    return state_.operation;
  }
  absl::StatusOr<v1::ListOperationsResponse> ListOperations(
      const v1::ListOperationsRequest& request) override {
    state_.pages_asked.push_back(request.before_id());
    v1::ListOperationsResponse list;
    *list.add_operations() = state_.operation;
    list.mutable_operations(0)->set_id(absl::StrCat("op", state_.older));
    list.set_more(--state_.older > 0);
    return list;
  }
  absl::StatusOr<v1::PreflightReport> Preflight(const v1::PreflightRequest& request) override {
    state_.preflight_asked = request;
    return state_.report;
  }
  absl::StatusOr<v1::Operation> ThrottleOperation(
      const v1::ThrottleOperationRequest& request) override {
    state_.throttle_asked = request;
    return state_.operation;
  }
  absl::StatusOr<v1::Operation> CancelOperation(
      const v1::CancelOperationRequest& request) override {
    state_.cancel_asked = request;
    if (!state_.cancel_error.ok()) return state_.cancel_error;
    return state_.operation;
  }
  absl::StatusOr<v1::GetTabletResponse> GetTablet() override {
    v1::GetTabletResponse tablet;
    tablet.set_alias("zone1-0000000103");
    return tablet;
  }
  absl::Status WatchOperation(const v1::WatchOperationRequest& request, absl::Duration /*longest*/,
                              WatchStop& /*stop*/,
                              const std::function<void(const v1::Operation&)>& on_update) override {
    state_.watch_asked = request;
    v1::Operation running = state_.operation;
    running.set_outcome(v1::RUNNING);
    on_update(running);
    if (state_.ends) on_update(state_.operation);
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
  // Standard output is such a terminal.
  void MakeTerminal(int columns, int rows) {
    session_.screen.terminal = true;
    session_.screen.size = [columns, rows] { return ScreenSize{columns, rows}; };
    session_.screen.write = [this](absl::string_view text) { out_ << text; };
  }

  std::ostringstream err_;
  Session session_{clock_, out_, err_, Screen(), OutputFormat::kTable, absl::Seconds(10), ""};
  AgentState state_;
  Connect connect_ = [this]() -> absl::StatusOr<std::unique_ptr<AgentClient>> {
    return std::make_unique<OneOperationAgent>(state_);
  };
};

TEST_F(CliAgentCommandsTest, ReprovisionIsAcceptedWithoutWaiting) {
  v1::ReprovisionRequest request;
  request.set_id("op1");
  EXPECT_EQ(*Reprovision(session_, connect_, request), ExitCode::kDone);
  EXPECT_EQ(state_.asked.id(), "op1");
  EXPECT_EQ(out_.str(),
            "operation op1 of zone1-0000000103 accepted; graftctl watch shows how far it is\n");
}

TEST_F(CliAgentCommandsTest, AnAgentThatIsStartingIsWaitedForByWhoeverWatches) {
  state_.starting = 20;
  const v1::ReprovisionRequest request;
  const Result refused = Reprovision(session_, connect_, request);
  EXPECT_TRUE(HasReason(refused.status(), Reason::kAgentStarting));
  EXPECT_EQ(*ReprovisionAndWatch(session_, connect_, request, OnInterrupt::kLeave),
            ExitCode::kFailed);
  state_.starting = 1'000'000;
  const absl::Time begin = clock_.Now();
  EXPECT_TRUE(
      HasReason(ReprovisionAndWatch(session_, connect_, request, OnInterrupt::kLeave).status(),
                Reason::kAgentStarting));
  EXPECT_EQ(clock_.Now() - begin, session_.timeout);
}

TEST_F(CliAgentCommandsTest, TheHistoryIsReadPageAfterPage) {
  state_.older = 3;
  EXPECT_EQ(*ShowHistory(session_, connect_), ExitCode::kDone);
  EXPECT_THAT(state_.pages_asked, ElementsAre("", "op3", "op2"));
  for (const char* id : {"op3", "op2", "op1"}) EXPECT_THAT(out_.str(), HasSubstr(id));
}

TEST_F(CliAgentCommandsTest, AWatchedFailureIsTheExitCode) {
  EXPECT_EQ(*ReprovisionAndWatch(session_, connect_, v1::ReprovisionRequest(), OnInterrupt::kLeave),
            ExitCode::kFailed);
  EXPECT_THAT(out_.str(), HasSubstr("preflight\n"));
  EXPECT_THAT(out_.str(), HasSubstr("failed in preflight: data INTACT"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("\x1b")));  // no terminal, no escapes
}

TEST_F(CliAgentCommandsTest, ATerminalIsRedrawnInPlaceAndKeepsTheVerdict) {
  MakeTerminal(80, 24);
  EXPECT_EQ(*WatchOperation(session_, connect_, {}), ExitCode::kFailed);
  const std::string text = out_.str();
  EXPECT_THAT(text, StartsWith("\x1b[?25l\r"));  // no cursor while it draws
  EXPECT_THAT(text, HasSubstr("\r\x1b[3A"));     // back over a headline, the whole, a step
  EXPECT_THAT(text, HasSubstr("\x1b[Jzone1-0000000103 failed in preflight: data INTACT"));
  const size_t hidden = text.rfind("\x1b[?25l");
  EXPECT_NE(text.find("\x1b[?25h", hidden), std::string::npos);
  EXPECT_EQ(state_.watch_asked.min_interval().nanos(), 200'000'000);
}

TEST_F(CliAgentCommandsTest, ASmallTerminalGetsWhatFits) {
  MakeTerminal(11, 3);
  ASSERT_TRUE(WatchOperation(session_, connect_, {}).ok());
  EXPECT_THAT(out_.str(), HasSubstr("\x1b[2A"));
  EXPECT_THAT(out_.str(), StartsWith("\x1b[?25l\rzone1-0000\x1b[K\n"));
}

TEST_F(CliAgentCommandsTest, AFileIsToldOfEachSecondAtMost) {
  ASSERT_TRUE(WatchOperation(session_, connect_, {}).ok());
  EXPECT_EQ(state_.watch_asked.min_interval().seconds(), 1);
  EXPECT_EQ(state_.watch_asked.min_interval().nanos(), 0);
}

TEST_F(CliAgentCommandsTest, YamlIsADocumentForEachState) {
  session_.output = OutputFormat::kYaml;
  EXPECT_EQ(*WatchOperation(session_, connect_, {}), ExitCode::kFailed);
  EXPECT_THAT(out_.str(), StartsWith("---\nid: op1\nrecipient: zone1-0000000103\n"));
  EXPECT_THAT(out_.str(), HasSubstr("\n---\nid: op1\n"));
  EXPECT_THAT(out_.str(), HasSubstr("\noutcome: FAILED\n"));
}

TEST_F(CliAgentCommandsTest, JsonIsOneObjectForEachState) {
  session_.output = OutputFormat::kJson;
  EXPECT_EQ(*WatchOperation(session_, connect_, {}), ExitCode::kFailed);
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
  const absl::Status missing = absl::NotFoundError("none; graftctl history ALIAS lists them");
  EXPECT_EQ(ShowStatus(session_, connect_, nullptr, "op9").status(), missing);
  EXPECT_EQ(DescribeOperation(session_, connect_, "op9").status(), missing);
  session_.output = OutputFormat::kJson;
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

TEST_F(CliAgentCommandsTest, ACancelWaitsAndSaysThatNothingWasDropped) {
  state_.operation.set_outcome(v1::CANCELLED);
  v1::CancelOperationRequest request;
  request.set_id("op1");
  EXPECT_EQ(*CancelOperation(session_, connect_, request), ExitCode::kDone);
  EXPECT_EQ(state_.cancel_asked.id(), "op1");
  EXPECT_FALSE(state_.cancel_asked.even_if_dropped());
  EXPECT_EQ(out_.str(), "operation op1 of zone1-0000000103 is cancelled: nothing was dropped\n");
}

TEST_F(CliAgentCommandsTest, ACancelThatCostTheDataSaysSo) {
  state_.operation.set_outcome(v1::CANCELLED);
  state_.operation.set_data_state(v1::EMPTY);
  v1::CancelOperationRequest request;
  request.set_even_if_dropped(true);
  EXPECT_EQ(*CancelOperation(session_, connect_, request), ExitCode::kFailedDataGone);
  EXPECT_TRUE(state_.cancel_asked.even_if_dropped());
  EXPECT_EQ(out_.str(),
            "operation op1 of zone1-0000000103 is cancelled: the old data is gone; the tablet is "
            "fenced, its record says RESTORE (data EMPTY)\n"
            "rebuild it with: graftctl reprovision zone1-0000000103 --from-any --watch\n");
}

TEST_F(CliAgentCommandsTest, ACancelThatComesToNothingSaysSo) {
  state_.operation.set_outcome(v1::DONE);
  state_.operation.set_data_state(v1::CLONED);
  EXPECT_EQ(*CancelOperation(session_, connect_, {}), ExitCode::kRefused);
  EXPECT_EQ(out_.str(),
            "too late: operation op1 of zone1-0000000103 was done before it could be cancelled\n");
  out_.str("");
  state_.operation.set_outcome(v1::FAILED);
  state_.operation.set_data_state(v1::INTACT);
  EXPECT_EQ(*CancelOperation(session_, connect_, {}), ExitCode::kFailed);
  EXPECT_THAT(out_.str(), HasSubstr("failed in preflight"));
}

TEST_F(CliAgentCommandsTest, ACancelWaitsNoLongerThanTold) {
  state_.ends = false;
  const absl::Time start = clock_.Now();
  const Result result = CancelOperation(session_, connect_, {});
  EXPECT_EQ(ExitCodeOf(result.status()), ExitCode::kUnreachable);
  EXPECT_THAT(std::string(result.status().message()),
              HasSubstr("the cancel is granted: operation op1 has not ended yet"));
  EXPECT_EQ(clock_.Now() - start, session_.timeout);
}

TEST_F(CliAgentCommandsTest, ACancelAsJsonIsTheEndedOperation) {
  session_.output = OutputFormat::kJson;
  state_.operation.set_outcome(v1::CANCELLED);
  EXPECT_EQ(*CancelOperation(session_, connect_, {}), ExitCode::kDone);
  EXPECT_THAT(out_.str(), StartsWith("{\"id\":\"op1\""));
  EXPECT_THAT(out_.str(), HasSubstr("\"outcome\":\"CANCELLED\",\"dataState\":\"INTACT\""));
}

TEST_F(CliAgentCommandsTest, ARefusedCancelIsAnErrorWithItsReason) {
  for (const char* reason : {"TOO_LATE", "DATA_DROPPED", "OPERATION_ENDED"}) {
    state_.cancel_error = WithReason(absl::FailedPreconditionError("told why"), reason);
    const Result result = CancelOperation(session_, connect_, {});
    EXPECT_EQ(ExitCodeOf(result.status()), ExitCode::kRefused);
    EXPECT_EQ(ReasonOf(result.status()), reason);
    EXPECT_EQ(result.status().message(), "told why");
  }
  EXPECT_EQ(out_.str(), "");
}

TEST_F(CliAgentCommandsTest, AThrottleSaysWhatItChanged) {
  v1::ThrottleOperationRequest request;
  request.set_id("op1");
  request.mutable_settings()->set_max_data_bandwidth_mib(10);
  EXPECT_EQ(*ThrottleOperation(session_, connect_, request), ExitCode::kDone);
  EXPECT_EQ(state_.throttle_asked.settings().max_data_bandwidth_mib(), 10);
  request.mutable_settings()->set_max_network_bandwidth_mib(0);
  EXPECT_EQ(*ThrottleOperation(session_, connect_, request), ExitCode::kDone);
  EXPECT_EQ(out_.str(),
            "operation op1 of zone1-0000000103: data at most 10 MiB/s, network as it was\n"
            "operation op1 of zone1-0000000103: data at most 10 MiB/s, network without bound\n");
}

TEST_F(CliAgentCommandsTest, APreflightIsATableAndAnExitCode) {
  v1::CheckResult* check = state_.report.add_results();
  check->set_id("DISK_SPACE");
  check->set_outcome(v1::UNCHECKED);
  v1::PreflightRequest request;
  request.mutable_donor()->set_any(true);
  EXPECT_EQ(*ShowPreflight(session_, connect_, request), ExitCode::kRefused);
  EXPECT_TRUE(state_.preflight_asked.donor().any());
  EXPECT_THAT(out_.str(), HasSubstr("CLONE must not be tried\n"));
  out_.str("");
  request.mutable_allow()->set_unchecked(true);
  EXPECT_EQ(*ShowPreflight(session_, connect_, request), ExitCode::kDone);
  EXPECT_THAT(out_.str(), HasSubstr("CLONE may be tried\n"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("\x1b")));
  out_.str("");
  session_.output = OutputFormat::kJson;
  EXPECT_EQ(*ShowPreflight(session_, connect_, {}), ExitCode::kRefused);
  EXPECT_THAT(out_.str(), HasSubstr("\"id\":\"DISK_SPACE\",\"side\""));
  EXPECT_THAT(out_.str(), HasSubstr("\"outcome\":\"UNCHECKED\""));
}

TEST_F(CliAgentCommandsTest, NoAgentIsItsOwnError) {
  const Connect nobody = []() -> absl::StatusOr<std::unique_ptr<AgentClient>> {
    return absl::UnavailableError("stopped");
  };
  for (const Result& result :
       {ShowStatus(session_, nobody, nullptr, ""), ShowHistory(session_, nobody),
        DescribeOperation(session_, nobody, ""), CancelOperation(session_, nobody, {}),
        WatchOperation(session_, nobody, {}), ShowPreflight(session_, nobody, {}),
        ThrottleOperation(session_, nobody, {}),
        Reprovision(session_, nobody, v1::ReprovisionRequest()),
        ReprovisionAndWatch(session_, nobody, v1::ReprovisionRequest(), OnInterrupt::kCancel)}) {
    EXPECT_EQ(ExitCodeOf(result.status()), ExitCode::kUnreachable);
  }
}

}  // namespace
}  // namespace graft::cli
