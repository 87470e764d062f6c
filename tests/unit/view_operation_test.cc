// An operation's words, times and phases.
#include "view/operation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/shown_operations.h"

namespace graft::view {
namespace {

using ::testing::ElementsAre;

TEST(ViewOperationTest, TheTimeLeftIsRoughAndGoesOnWhileNothingIsSampled) {
  v1::Operation operation = SecondAttempt();
  v1::Progress& progress = *operation.mutable_progress();
  EXPECT_EQ(EtaOf(progress, At(133)).likely, "about 4m left");
  EXPECT_EQ(EtaOf(progress, At(133)).range, "3m to 7m");
  EXPECT_EQ(EtaOf(progress, At(193)).likely, "about 3m left");
  EXPECT_EQ(EtaOf(progress, At(1333)).likely, "about a moment left");
  EXPECT_EQ(EtaOf(progress, At(1333)).range, "");
  progress.mutable_waiting_since()->set_seconds(1100);
  EXPECT_EQ(EtaOf(progress, At(133)).likely, "") << "nobody knows how long it will wait";
}

TEST(ViewOperationTest, AnEstimateSaysWhatItIsFrom) {
  v1::Operation operation = SecondAttempt();
  EXPECT_EQ(EtaBasis(operation.progress()), "estimated from typical figures");
  operation.mutable_progress()->set_learnt_from(1);
  EXPECT_EQ(EtaBasis(operation.progress()), "estimated from 1 earlier operation");
}

TEST(ViewOperationTest, AStepThatNoAgentEndedTookNoLongerThanItsOperation) {
  v1::Operation operation = SecondAttempt();
  EXPECT_EQ(StepsOf(operation, At(133)).back().ended, "runs");
  EXPECT_EQ(StepsOf(operation, At(133)).back().took, absl::Seconds(72));
  operation.set_outcome(v1::FAILED);
  operation.mutable_ended()->set_seconds(1161);
  const std::vector<StepView> steps = StepsOf(operation, At(9999));
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].started, "1970-01-01 00:17:40Z");
  EXPECT_EQ(steps[1].ended, "");
  EXPECT_EQ(steps[1].took, absl::Seconds(100));
  EXPECT_NEAR(steps[1].share, 100.0 / 161, 1e-9);
}

TEST(ViewOperationTest, AClockThatIsFarOffIsTheAgents) {
  AgentTime time;
  time.Heard(SecondAttempt(), At(136));
  EXPECT_EQ(time.At(At(140)), At(140));
  time.Heard(SecondAttempt(), At(1133));
  EXPECT_EQ(time.At(At(1140)), At(140));
}

TEST(ViewOperationTest, ThePhaseThatRunsIsTheFirstThatIsNotDone) {
  const std::vector<PhaseView> phases = PhasesOf(SecondAttempt(), At(133));
  ASSERT_EQ(phases.size(), 9u);
  EXPECT_EQ(phases[1].state, PhaseState::kDone);
  EXPECT_EQ(phases[2].state, PhaseState::kCurrent);
  EXPECT_EQ(phases[2].took, absl::Seconds(69));
  EXPECT_EQ(DetailOf(phases[2]), "1.2 GiB of 2.4 GiB");
  EXPECT_EQ(phases[3].state, PhaseState::kComing);
  EXPECT_EQ(CurrentPhase(SecondAttempt(), At(133))->name, "FILE COPY");
}

TEST(ViewOperationTest, WithoutPhasesTheStagesAreShown) {
  v1::Operation operation = SecondAttempt();
  operation.mutable_progress()->clear_phases();
  const std::vector<PhaseView> phases = PhasesOf(operation, At(133));
  ASSERT_EQ(phases.size(), 2u);
  EXPECT_EQ(phases[0].took, absl::Seconds(3));
  EXPECT_NEAR(phases[1].done, 0.5, 1e-6);
}

TEST(ViewPreflightTest, FindingsComeWorstFirst) {
  v1::PreflightReport report;
  for (const auto outcome : {v1::PASSED, v1::WARNING, v1::FATAL, v1::UNCHECKED, v1::FATAL}) {
    report.add_results()->set_outcome(outcome);
  }
  std::vector<v1::CheckOutcome> outcomes;
  for (const v1::CheckResult& finding : Findings(report.results())) {
    outcomes.push_back(finding.outcome());
  }
  EXPECT_THAT(outcomes, ElementsAre(v1::FATAL, v1::FATAL, v1::UNCHECKED, v1::WARNING));
  EXPECT_EQ(CountOf(report.results(), v1::FATAL), 2);
}

TEST(ViewPreflightTest, WhatANewerAgentSaysIsShownAsUnknown) {
  EXPECT_EQ(CheckOutcomeWord(static_cast<v1::CheckOutcome>(9)), "UNKNOWN");
  EXPECT_EQ(CheckOutcomeWord(v1::CHECK_OUTCOME_UNSPECIFIED), "UNKNOWN");
  EXPECT_EQ(CheckOutcomeWord(v1::FATAL), "FATAL");
  EXPECT_EQ(CheckSideWord(static_cast<v1::CheckSide>(9)), "unknown");
  EXPECT_EQ(CheckSideWord(v1::CHECK_SIDE_SOURCE), "source");
}

}  // namespace
}  // namespace graft::view
