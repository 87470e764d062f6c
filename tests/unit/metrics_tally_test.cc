// The counters from an agent's start on.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_format.h"
#include "base/errors.h"
#include "unit/metrics_world.h"

namespace graft {
namespace {

class MetricsTallyTest : public ::testing::Test {
 protected:
  MetricsTallyTest() {
    operation_.request.id = "op-1";
    operation_.requested = start_;
  }

  static absl::Time At(double seconds) { return start_ + absl::Seconds(seconds); }

  // The step before ends, this one begins.
  void BeginStep(Step step, double seconds) {
    if (!operation_.times.empty()) operation_.times.back().ended = At(seconds);
    operation_.step = step;
    operation_.times.push_back({step, At(seconds), absl::InfinitePast()});
    world_.metrics->OnStep(operation_);
  }
  void Copied(int64_t bytes) {
    operation_.progress.bytes_done = bytes;
    world_.metrics->OnProgress(operation_);
  }
  void FailAttempt(absl::Status error, double seconds) {
    operation_.times.back().ended = At(seconds);
    FailedAttempt failed;
    failed.error = std::move(error);
    operation_.failed_attempts.push_back(failed);
    operation_.progress = Progress();
    ++operation_.attempt;
    world_.metrics->OnProgress(operation_);
  }
  void End(Outcome outcome, double seconds, absl::Status error = absl::OkStatus()) {
    if (!operation_.times.empty()) operation_.times.back().ended = At(seconds);
    operation_.outcome = outcome;
    operation_.ended = At(seconds);
    operation_.error = std::move(error);
    world_.metrics->OnEnd(operation_);
  }

  std::optional<double> Of(const std::string& series) const { return world_[series]; }
  std::optional<double> StepCount(const std::string& step) const {
    return Of(absl::StrFormat("graft_operation_step_duration_seconds_count{step=\"%s\"}", step));
  }
  std::optional<double> StepSum(const std::string& step) const {
    return Of(absl::StrFormat("graft_operation_step_duration_seconds_sum{step=\"%s\"}", step));
  }

  static inline const absl::Time start_ = absl::FromUnixSeconds(1'800'000'000);
  MetricsWorld world_;
  Operation operation_;
};

TEST_F(MetricsTallyTest, EachStepIsObservedOnceWhenItEnds) {
  BeginStep(Step::kResolveDonor, 0);
  EXPECT_EQ(StepCount("resolve_donor"), 0);
  BeginStep(Step::kPreflight, 2);
  Copied(0);
  Copied(0);
  EXPECT_EQ(StepCount("resolve_donor"), 1);
  EXPECT_EQ(StepSum("resolve_donor"), 2);
  EXPECT_EQ(StepCount("preflight"), 0);
  End(Outcome::kDone, 5.5);
  EXPECT_EQ(StepCount("preflight"), 1);
  EXPECT_EQ(StepSum("preflight"), 3.5);
  EXPECT_EQ(Of("graft_operation_step_duration_seconds_bucket{step=\"preflight\",le=\"1\"}"), 0);
  EXPECT_EQ(Of("graft_operation_step_duration_seconds_bucket{step=\"preflight\",le=\"5\"}"), 1);
  EXPECT_EQ(Of("graft_operation_step_duration_seconds_bucket{step=\"preflight\",le=\"+Inf\"}"), 1);
}

TEST_F(MetricsTallyTest, EndsByOutcomeWithTheirDuration) {
  BeginStep(Step::kResolveDonor, 0);
  End(Outcome::kDone, 100);
  EXPECT_EQ(Of("graft_operations_total{outcome=\"done\"}"), 1);
  EXPECT_EQ(Of("graft_operation_duration_seconds_count{outcome=\"done\"}"), 1);
  EXPECT_EQ(Of("graft_operation_duration_seconds_sum{outcome=\"done\"}"), 100);
  EXPECT_EQ(Of("graft_operations_total{outcome=\"cancelled\"}"), 0);
  operation_ = Operation();
  operation_.request.id = "op-2";
  operation_.requested = start_;
  BeginStep(Step::kResolveDonor, 0);
  End(Outcome::kCancelled, 1, WithReason(absl::CancelledError("x"), "CANCELLED"));
  EXPECT_EQ(Of("graft_operations_total{outcome=\"done\"}"), 1);
  EXPECT_EQ(Of("graft_operations_total{outcome=\"cancelled\"}"), 1);
  EXPECT_EQ(Of("graft_operations_total{outcome=\"failed\"}"), 0);
  EXPECT_EQ(Of("graft_operation_failures_total{reason=\"CANCELLED\"}"), std::nullopt);
}

TEST_F(MetricsTallyTest, FailuresHaveTheirReasons) {
  BeginStep(Step::kResolveDonor, 0);
  FailAttempt(WithReason(absl::UnavailableError("x"), "DONOR_LOST"), 1);
  Copied(0);
  BeginStep(Step::kResolveDonor, 2);
  End(Outcome::kFailed, 3, absl::ResourceExhaustedError("no reason of its own"));
  EXPECT_EQ(Of("graft_operations_total{outcome=\"failed\"}"), 1);
  EXPECT_EQ(Of("graft_operation_failures_total{reason=\"RESOURCE_EXHAUSTED\"}"), 1);
  EXPECT_EQ(Of("graft_operation_failures_total{reason=\"DONOR_LOST\"}"), std::nullopt);
  EXPECT_EQ(Of("graft_operation_attempt_failures_total{reason=\"DONOR_LOST\"}"), 1);
  EXPECT_EQ(Of("graft_operation_attempt_failures_total{reason=\"RESOURCE_EXHAUSTED\"}"), 1);
}

TEST_F(MetricsTallyTest, ACopyIsSavedOnceTheOperationIsDone) {
  operation_.old_data.verdict = OldDataVerdict::kCopySaved;
  BeginStep(Step::kRejoin, 0);
  EXPECT_EQ(Of("graft_copies_saved_total"), 0);
  End(Outcome::kDone, 1);
  EXPECT_EQ(Of("graft_copies_saved_total"), 1);
  operation_.request.id = "op-2";
  operation_.old_data.verdict = OldDataVerdict::kCopyNeeded;
  End(Outcome::kDone, 2);
  EXPECT_EQ(Of("graft_copies_saved_total"), 1);
}

TEST_F(MetricsTallyTest, BytesOfAllAttemptsAddUp) {
  BeginStep(Step::kClone, 0);
  Copied(1000);
  Copied(3000);
  FailAttempt(absl::UnavailableError("x"), 1);
  BeginStep(Step::kClone, 2);
  Copied(500);
  EXPECT_EQ(Of("graft_clone_bytes_total"), 3500);
}

// Even when it has copied more by the time it is looked at than the one before it.
TEST_F(MetricsTallyTest, ANewOperationBeginsWithItsOwnBytes) {
  BeginStep(Step::kClone, 0);
  Copied(1000);
  End(Outcome::kDone, 1);
  operation_ = Operation();
  operation_.request.id = "op-2";
  BeginStep(Step::kResolveDonor, 2);
  Copied(1500);
  EXPECT_EQ(Of("graft_clone_bytes_total"), 2500);
}

TEST_F(MetricsTallyTest, WhatAnEarlierAgentDidIsNotCountedAgain) {
  operation_.step = Step::kClone;
  operation_.times = {{Step::kResolveDonor, At(0), At(1)}, {Step::kClone, At(1), {}}};
  operation_.times.back().ended = absl::InfinitePast();
  operation_.failed_attempts.resize(1);
  operation_.failed_attempts[0].error = absl::UnavailableError("x");
  operation_.progress.bytes_done = 700;
  world_.metrics->OnStep(operation_);
  Copied(900);
  BeginStep(Step::kAwaitRestart, 10);
  EXPECT_EQ(Of("graft_clone_bytes_total"), 200);
  EXPECT_EQ(StepCount("resolve_donor"), 0);
  EXPECT_EQ(StepCount("clone"), 1);
  EXPECT_EQ(StepSum("clone"), 9) << "all of it";
  EXPECT_EQ(Of("graft_operation_attempt_failures_total{reason=\"UNAVAILABLE\"}"), std::nullopt);
}

// The journal could not be written: no step was ever entered.
TEST_F(MetricsTallyTest, AnOperationThatEndsBeforeItsFirstStepCounts) {
  End(Outcome::kFailed, 0.5, WithReason(absl::UnavailableError("x"), "FILE_ACCESS"));
  EXPECT_EQ(Of("graft_operations_total{outcome=\"failed\"}"), 1);
  EXPECT_EQ(Of("graft_operation_failures_total{reason=\"FILE_ACCESS\"}"), 1);
}

}  // namespace
}  // namespace graft
