// The metrics of the newest operation.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_format.h"
#include "metrics/metrics.h"
#include "unit/metrics_world.h"

namespace graft {
namespace {

class MetricsOperationTest : public ::testing::Test {
 protected:
  MetricsOperationTest() { world_.Fill(); }

  Operation& operation() { return *world_.operation; }
  Progress& progress() { return world_.operation->progress; }
  std::optional<double> Of(const std::string& series) const { return world_[series]; }

  MetricsWorld world_;
};

TEST_F(MetricsOperationTest, EveryStateIsShownAsOneOfAll) {
  for (int i = 0; i < kStepCount; ++i) {
    operation().step = static_cast<Step>(i);
    for (int j = 0; j < kStepCount; ++j) {
      const std::string name(StepName(static_cast<Step>(j)));
      EXPECT_EQ(Of(absl::StrFormat("graft_operation_step{step=\"%s\"}", name)), i == j ? 1 : 0);
    }
  }
  for (int i = 0; i < kCloneStageCount; ++i) {
    progress().stage = static_cast<CloneStage>(i);
    for (int j = 0; j < kCloneStageCount; ++j) {
      const std::string name(CloneStageName(static_cast<CloneStage>(j)));
      EXPECT_EQ(Of(absl::StrFormat("graft_operation_stage{stage=\"%s\"}", name)), i == j ? 1 : 0);
    }
  }
  for (const DataState state :
       {DataState::kIntact, DataState::kPartial, DataState::kEmpty, DataState::kCloned}) {
    operation().data_state = state;
    EXPECT_EQ(
        Of(absl::StrFormat("graft_operation_data_state{data_state=\"%s\"}", DataStateName(state))),
        1);
  }
  EXPECT_EQ(Of("graft_operation_data_state{data_state=\"INTACT\"}"), 0);
  for (const Outcome outcome :
       {Outcome::kRunning, Outcome::kDone, Outcome::kFailed, Outcome::kCancelled}) {
    operation().outcome = outcome;
    EXPECT_EQ(Of(absl::StrFormat("graft_operation_outcome{outcome=\"%s\"}", OutcomeName(outcome))),
              1);
  }
  EXPECT_EQ(Of("graft_operation_outcome{outcome=\"running\"}"), 0);
}

// A wait that nobody expected has no foreseeable end.
TEST_F(MetricsOperationTest, WhatWaitsSaysForHowLong) {
  EXPECT_EQ(Of("graft_operation_waiting_seconds"), 0);
  EXPECT_TRUE(Of("graft_operation_eta_seconds{bound=\"likely\"}").has_value());
  progress().waiting_since = world_.clock.Now() - absl::Seconds(12);
  EXPECT_EQ(Of("graft_operation_waiting_seconds"), 12);
  EXPECT_FALSE(Of("graft_operation_eta_seconds{bound=\"likely\"}").has_value());
  operation().outcome = Outcome::kDone;
  EXPECT_FALSE(Of("graft_operation_waiting_seconds").has_value());
}

TEST_F(MetricsOperationTest, NumbersOfTheOneThatRuns) {
  progress().percent = 25.5;
  progress().bytes_done = 1000;
  progress().bytes_expected = 4000;
  progress().bytes_per_second = 100;
  EXPECT_EQ(Of("graft_operation_progress_ratio"), 0.255);
  EXPECT_EQ(Of("graft_operation_bytes"), 1000);
  EXPECT_EQ(Of("graft_operation_expected_bytes"), 4000);
  EXPECT_EQ(Of("graft_operation_bytes_per_second"), 100);
  EXPECT_EQ(Of("graft_operation_attempt"), 3);
  EXPECT_EQ(Of("graft_operation_queue_place"), 2);
  EXPECT_EQ(Of("graft_operation_claim_lost"), 1);
  EXPECT_EQ(Of("graft_preflight_findings{outcome=\"WARNING\"}"), 1);
  EXPECT_EQ(Of("graft_preflight_findings{outcome=\"UNCHECKED\"}"), 1);
  EXPECT_EQ(Of("graft_preflight_findings{outcome=\"FATAL\"}"), 0);
}

TEST_F(MetricsOperationTest, TheLaterPreflightCounts) {
  PreflightReport report;
  report.results = {{"A", CheckSide::kDonor, CheckOutcome::kFatal, "", "", ""},
                    {"B", CheckSide::kDonor, CheckOutcome::kPassed, "", "", ""}};
  report.made = world_.clock.Now() - absl::Minutes(6);
  world_.preflight = report;
  EXPECT_EQ(Of("graft_preflight_findings{outcome=\"FATAL\"}"), 0);
  world_.preflight->made = world_.clock.Now() - absl::Minutes(4);
  EXPECT_EQ(Of("graft_preflight_findings{outcome=\"FATAL\"}"), 1);
  EXPECT_EQ(Of("graft_preflight_findings{outcome=\"WARNING\"}"), 0);
  world_.operation = std::nullopt;
  EXPECT_EQ(Of("graft_preflight_findings{outcome=\"FATAL\"}"), 1);
  world_.preflight = std::nullopt;
  EXPECT_EQ(Of("graft_preflight_findings{outcome=\"FATAL\"}"), std::nullopt);
}

TEST_F(MetricsOperationTest, BytesByTheStagesThatCopy) {
  CloneStageRow drop;
  CloneStageRow file;
  file.stage = CloneStage::kFileCopy;
  file.data_bytes = 900;
  file.estimate_bytes = 3900;
  progress().stages = {drop, file};
  EXPECT_EQ(Of("graft_operation_stage_bytes{stage=\"FILE COPY\"}"), 900);
  EXPECT_EQ(Of("graft_operation_stage_expected_bytes{stage=\"FILE COPY\"}"), 3900);
  EXPECT_EQ(Of("graft_operation_stage_bytes{stage=\"DROP DATA\"}"), std::nullopt);
}

// Nobody tells the metrics anything: the scrape itself must see that time passes.
TEST_F(MetricsOperationTest, AnOperationThatHangsShows) {
  progress().eta = Eta{absl::Seconds(61), absl::Seconds(31), absl::Seconds(121)};
  progress().stage = CloneStage::kFileCopy;
  world_.clock.Advance(absl::Minutes(1));
  EXPECT_EQ(Of("graft_operation_elapsed_seconds"), 11 * 60);
  EXPECT_EQ(Of("graft_operation_step_elapsed_seconds"), 5 * 60);
  EXPECT_EQ(Of("graft_operation_last_byte_age_seconds"), 72);
  EXPECT_EQ(Of("graft_operation_eta_seconds{bound=\"likely\"}"), 0);
  EXPECT_EQ(Of("graft_operation_eta_seconds{bound=\"low\"}"), 0) << "not below 0";
  EXPECT_EQ(Of("graft_operation_eta_seconds{bound=\"high\"}"), 60);
}

TEST_F(MetricsOperationTest, ACopyWithoutAFirstByteIsSilentSinceItsBegin) {
  progress().stage = CloneStage::kFileCopy;
  progress().last_byte = absl::InfinitePast();
  EXPECT_EQ(Of("graft_operation_last_byte_age_seconds"), 3 * 60);
  progress().phase_began = absl::InfinitePast();
  EXPECT_EQ(Of("graft_operation_last_byte_age_seconds"), 4 * 60) << "since its step began";
}

TEST_F(MetricsOperationTest, OnlyStagesThatCopyCanBeSilent) {
  for (const CloneStage stage : {CloneStage::kDropData, CloneStage::kFileSync, CloneStage::kRestart,
                                 CloneStage::kRecovery}) {
    progress().stage = stage;
    EXPECT_EQ(Of("graft_operation_last_byte_age_seconds"), std::nullopt) << CloneStageName(stage);
  }
  for (const CloneStage stage :
       {CloneStage::kFileCopy, CloneStage::kPageCopy, CloneStage::kRedoCopy}) {
    progress().stage = stage;
    EXPECT_EQ(Of("graft_operation_last_byte_age_seconds"), 12) << CloneStageName(stage);
  }
  operation().step = Step::kVerify;  // the stage shown last stays in the progress
  EXPECT_EQ(Of("graft_operation_last_byte_age_seconds"), std::nullopt);
}

TEST_F(MetricsOperationTest, AWaitForTheDonorIsTimed) {
  EXPECT_EQ(Of("graft_operation_donor_wait_seconds"), 0) << "it copies";
  operation().step = Step::kClaimDonor;
  EXPECT_EQ(Of("graft_operation_donor_wait_seconds"), 4 * 60);
}

TEST_F(MetricsOperationTest, WithoutAnEstimateThereIsNone) {
  progress().eta = std::nullopt;
  EXPECT_EQ(Of("graft_operation_eta_seconds{bound=\"likely\"}"), std::nullopt);
}

// It says nothing about the tablet.
TEST_F(MetricsOperationTest, ARefusedRequestIsNoFailureOfTheTablet) {
  operation().outcome = Outcome::kFailed;
  operation().data_state = DataState::kIntact;
  operation().step = Step::kResolveDonor;
  operation().error = Failure(Reason::kRecipientIsPrimary, "x");
  const std::string name =
      "graft_operation_failure_info{reason=\"RECIPIENT_IS_PRIMARY\",step=\"resolve_donor\"}";
  EXPECT_EQ(Of(name), std::nullopt);
  operation().data_state = DataState::kEmpty;
  EXPECT_EQ(Of(name), 1) << "the tablet is not as it should be";
}

TEST_F(MetricsOperationTest, OneThatHasEndedKeepsItsOutcomeAlone) {
  const char* failure = "graft_operation_failure_info{reason=\"CLONE_STALLED\",step=\"clone\"}";
  operation().data_state = DataState::kEmpty;
  operation().error = WithReason(absl::UnavailableError("x"), "CLONE_STALLED");
  for (const Outcome outcome : {Outcome::kRunning, Outcome::kDone, Outcome::kCancelled}) {
    operation().outcome = outcome;
    EXPECT_EQ(Of(failure), std::nullopt) << OutcomeName(outcome);
  }
  operation().outcome = Outcome::kFailed;
  EXPECT_EQ(Of(failure), 1);
  EXPECT_EQ(Of("graft_operation_outcome{outcome=\"failed\"}"), 1);
  EXPECT_EQ(Of("graft_operation_data_state{data_state=\"EMPTY\"}"), 1);
  EXPECT_EQ(Of("graft_preflight_findings{outcome=\"WARNING\"}"), 1);
  EXPECT_EQ(Of("graft_operation_step{step=\"clone\"}"), 0);
  for (const char* name :
       {"graft_operation_elapsed_seconds", "graft_operation_progress_ratio",
        "graft_operation_bytes", "graft_operation_attempt", "graft_operation_last_byte_age_seconds",
        "graft_operation_eta_seconds{bound=\"likely\"}"}) {
    EXPECT_EQ(Of(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace graft
