#include <gtest/gtest.h>

#include <vector>

#include "cli/output.h"

namespace graft::cli {
namespace {

TEST(CliExitCodeTest, EachStatusCodeTellsAScriptWhatToDo) {
  const auto code_of = [](absl::StatusCode code) {
    return static_cast<int>(ExitCodeOf(absl::Status(code, "x")));
  };
  EXPECT_EQ(static_cast<int>(ExitCodeOf(absl::OkStatus())), 0);
  EXPECT_EQ(code_of(absl::StatusCode::kInvalidArgument), 2);
  EXPECT_EQ(code_of(absl::StatusCode::kNotFound), 3);
  EXPECT_EQ(code_of(absl::StatusCode::kUnavailable), 4);
  EXPECT_EQ(code_of(absl::StatusCode::kDeadlineExceeded), 4);
  EXPECT_EQ(code_of(absl::StatusCode::kFailedPrecondition), 5);
  EXPECT_EQ(code_of(absl::StatusCode::kAlreadyExists), 5);
  EXPECT_EQ(code_of(absl::StatusCode::kAborted), 5);
  EXPECT_EQ(code_of(absl::StatusCode::kCancelled), 7);
  EXPECT_EQ(code_of(absl::StatusCode::kPermissionDenied), 8);
  EXPECT_EQ(code_of(absl::StatusCode::kUnauthenticated), 8);
  EXPECT_EQ(code_of(absl::StatusCode::kInternal), 9);
  EXPECT_EQ(code_of(absl::StatusCode::kDataLoss), 9);
}

TEST(CliExitCodeTest, AnEndedOperationTellsOutcomeAndWhetherDataIsLeft) {
  const auto code_of = [](v1::Outcome outcome, v1::DataState state) {
    v1::Operation operation;
    operation.set_outcome(outcome);
    operation.set_data_state(state);
    return static_cast<int>(ExitCodeOf(operation));
  };
  EXPECT_EQ(code_of(v1::DONE, v1::CLONED), 0);
  EXPECT_EQ(code_of(v1::RUNNING, v1::PARTIAL), 0);
  EXPECT_EQ(code_of(v1::FAILED, v1::INTACT), 1);
  EXPECT_EQ(code_of(v1::FAILED, v1::CLONED), 1);
  EXPECT_EQ(code_of(v1::FAILED, v1::PARTIAL), 6);
  EXPECT_EQ(code_of(v1::FAILED, v1::EMPTY), 6);
  EXPECT_EQ(code_of(v1::FAILED, v1::DATA_STATE_UNSPECIFIED), 6);
  EXPECT_EQ(code_of(v1::CANCELLED, v1::INTACT), 7);
  EXPECT_EQ(code_of(v1::CANCELLED, v1::EMPTY), 6);
}

TEST(CliExitCodeTest, APreflightSaysWhetherCloneMayBeTried) {
  const auto code_of = [](const std::vector<v1::CheckOutcome>& outcomes, bool unchecked_allowed) {
    Allowances allow;
    if (unchecked_allowed) allow.unchecked = {kAllChecks};
    v1::PreflightReport report;
    for (const v1::CheckOutcome outcome : outcomes) report.add_results()->set_outcome(outcome);
    return static_cast<int>(ExitCodeOf(report, allow));
  };
  EXPECT_EQ(code_of({v1::PASSED}, false), 0);
  EXPECT_EQ(code_of({v1::PASSED, v1::WARNING}, false), 0);
  EXPECT_EQ(code_of({v1::PASSED, v1::UNCHECKED}, false), 5);
  EXPECT_EQ(code_of({v1::PASSED, v1::UNCHECKED}, true), 0);
  EXPECT_EQ(code_of({v1::FATAL, v1::PASSED}, true), 5);
  EXPECT_EQ(code_of({static_cast<v1::CheckOutcome>(9)}, true), 5);
  EXPECT_EQ(code_of({v1::CHECK_OUTCOME_UNSPECIFIED}, true), 5);
  EXPECT_EQ(code_of({}, true), 5);

  v1::PreflightReport report;  // one that is allowed does not waive the others
  for (const char* id : {"DISK_SPACE", "SEMI_SYNC"}) {
    v1::CheckResult* result = report.add_results();
    result->set_id(id);
    result->set_outcome(v1::UNCHECKED);
  }
  EXPECT_EQ(ExitCodeOf(report, {false, {"DISK_SPACE"}}), ExitCode::kRefused);
  EXPECT_EQ(ExitCodeOf(report, {false, {"DISK_SPACE", "SEMI_SYNC"}}), ExitCode::kDone);
}

TEST(CliExitCodeTest, ACancelTellsWhetherItDidItsWorkAndWhatItCost) {
  const auto code_of = [](v1::Outcome outcome, v1::DataState state) {
    v1::Operation operation;
    operation.set_outcome(outcome);
    operation.set_data_state(state);
    return static_cast<int>(ExitCodeOfCancelled(operation));
  };
  EXPECT_EQ(code_of(v1::CANCELLED, v1::INTACT), 0);
  EXPECT_EQ(code_of(v1::CANCELLED, v1::CLONED), 0);
  EXPECT_EQ(code_of(v1::CANCELLED, v1::PARTIAL), 6);
  EXPECT_EQ(code_of(v1::CANCELLED, v1::EMPTY), 6);
  EXPECT_EQ(code_of(v1::DONE, v1::CLONED), 5);
  EXPECT_EQ(code_of(v1::FAILED, v1::INTACT), 1);
  EXPECT_EQ(code_of(v1::FAILED, v1::EMPTY), 6);
}

}  // namespace
}  // namespace graft::cli
