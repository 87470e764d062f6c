// How long a rebuild is expected to take, how far it is, how long it goes on.
#include "provision/progress/progress_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace graft {
namespace {

constexpr int64_t kGiB = int64_t{1} << 30;
const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

std::string ServerTime(absl::Duration after_start) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%E3S", kStart + after_start, absl::UTCTimeZone());
}

CloneStageRow Row(CloneStage stage, CloneState state, int64_t estimate = 0, int64_t done = 0) {
  CloneStageRow row;
  row.stage = stage;
  row.state = state;
  row.estimate_bytes = estimate;
  row.data_bytes = done;
  return row;
}

CloneStageRow Ended(CloneStage stage, absl::Duration began, absl::Duration took,
                    int64_t bytes = 0) {
  CloneStageRow row = Row(stage, CloneState::kCompleted, bytes, bytes);
  row.begin_time = ServerTime(began);
  row.end_time = ServerTime(began + took);
  return row;
}

// One that went well: `gib` of data, a copy of `copy`, restart and recovery a second each.
Operation Past(double gib, absl::Duration copy) {
  Operation operation;
  operation.outcome = Outcome::kDone;
  operation.progress.clone_sent = ServerTime(absl::ZeroDuration());
  const auto bytes = static_cast<int64_t>(gib * kGiB);
  const absl::Duration after = absl::Seconds(2) + copy;
  operation.progress.stages = {
      Ended(CloneStage::kDropData, absl::Seconds(1), absl::Seconds(1)),
      Ended(CloneStage::kFileCopy, absl::Seconds(2), copy, bytes),
      Ended(CloneStage::kPageCopy, after, absl::Milliseconds(100), 16384),
      Ended(CloneStage::kRedoCopy, after, absl::Milliseconds(100), 512),
      Ended(CloneStage::kFileSync, after, absl::Seconds(2)),
      Ended(CloneStage::kRestart, after, absl::Seconds(1)),
      Ended(CloneStage::kRecovery, after, absl::Seconds(1)),
  };
  operation.times = {{Step::kPreflight, kStart, kStart + absl::Milliseconds(200)},
                     {Step::kClaimDonor, kStart, kStart + absl::Hours(1)},
                     {Step::kVerify, kStart, kStart + absl::Seconds(3)}};
  return operation;
}

TEST(ProgressModelTest, WithoutAPastItHasTypicalFiguresAndSaysSo) {
  const ProgressModel model = ProgressModel::Learn({});
  EXPECT_EQ(model.learnt_from(), 0);
  for (int i = 0; i < kPhaseCount; ++i) {
    for (int64_t bytes : {int64_t{0}, kGiB, 1000 * kGiB}) {
      const Expectation expected = model.Expect(static_cast<Phase>(i), bytes);
      EXPECT_GT(expected.low, absl::ZeroDuration());
      EXPECT_LT(expected.low, expected.likely);
      EXPECT_LT(expected.likely, expected.high);
    }
  }
  EXPECT_GT(model.Expect(Phase::kFileCopy, 100 * kGiB).likely, absl::Minutes(1));
}

TEST(ProgressModelTest, LearnsAndScalesWithTheData) {
  const ProgressModel model = ProgressModel::Learn({Past(2, absl::Seconds(10))});
  EXPECT_EQ(model.learnt_from(), 1);
  EXPECT_EQ(model.Expect(Phase::kFileCopy, 2 * kGiB).likely, absl::Seconds(10));
  EXPECT_EQ(model.Expect(Phase::kFileCopy, 8 * kGiB).likely, absl::Seconds(40));
  EXPECT_EQ(model.Expect(Phase::kDropData, 8 * kGiB).likely, absl::Seconds(4));
  EXPECT_EQ(model.Expect(Phase::kRestart, 8 * kGiB).likely, absl::Seconds(1)) << "of any size";
  EXPECT_EQ(model.Expect(Phase::kFinish, 8 * kGiB).likely, absl::Seconds(3));
  EXPECT_EQ(model.Expect(Phase::kPrepare, 8 * kGiB).likely, absl::Milliseconds(1200))
      << "preflight, and CLONE's checks; the hour in the queue does not count";
}

TEST(ProgressModelTest, ManySamplesAreSurerThanOne) {
  const auto spread = [](const ProgressModel& model) {
    const Expectation expected = model.Expect(Phase::kFileCopy, kGiB);
    return absl::FDivDuration(expected.high, expected.low);
  };
  const Operation past = Past(1, absl::Seconds(10));
  EXPECT_GT(spread(ProgressModel::Learn({past})), spread(ProgressModel::Learn({past, past, past})));
  const ProgressModel wild = ProgressModel::Learn(
      {Past(1, absl::Seconds(5)), Past(1, absl::Seconds(10)), Past(1, absl::Seconds(60))});
  EXPECT_EQ(wild.Expect(Phase::kFileCopy, kGiB).likely, absl::Seconds(10)) << "the median";
  EXPECT_GT(wild.Expect(Phase::kFileCopy, kGiB).high, absl::Seconds(60));
  EXPECT_LT(wild.Expect(Phase::kFileCopy, kGiB).low, absl::Seconds(5));
}

TEST(ProgressModelTest, LearnsFromExamplesOnly) {
  Operation failed = Past(1, absl::Seconds(10));
  failed.outcome = Outcome::kFailed;
  Operation resumed = Past(1, absl::Seconds(10));
  resumed.resumptions = 1;
  Operation second_try = Past(1, absl::Seconds(10));
  second_try.failed_attempts.emplace_back();
  Operation without_bytes = Past(0, absl::Seconds(10));
  EXPECT_EQ(ProgressModel::Learn({failed, resumed, second_try, without_bytes}).learnt_from(), 0);
  const std::vector<Operation> many(50, Past(1, absl::Seconds(10)));
  EXPECT_LT(ProgressModel::Learn(many).learnt_from(), 10) << "the newest few";
}

TEST(ProgressModelTest, AClockThatWasSetBackTeachesNothing) {
  Operation past = Past(1, absl::Seconds(10));
  past.progress.stages[1].end_time = ServerTime(-absl::Hours(1));
  const ProgressModel model = ProgressModel::Learn({past});
  EXPECT_EQ(model.Expect(Phase::kFileCopy, kGiB).likely,
            ProgressModel().Expect(Phase::kFileCopy, kGiB).likely);
}

// A copy in its middle, with a model of one example of the same size.
const PhaseProgress& PhaseIn(const Progress& progress, Phase phase) {
  return *std::find_if(progress.phases.begin(), progress.phases.end(),
                       [phase](const PhaseProgress& one) { return one.phase == phase; });
}

class EstimateTest : public ::testing::Test {
 protected:
  EstimateTest() {
    operation_.step = Step::kClone;
    operation_.requested = kStart;
    operation_.progress.stage = CloneStage::kFileCopy;
    operation_.progress.stages = {Row(CloneStage::kDropData, CloneState::kCompleted),
                                  Row(CloneStage::kFileCopy, CloneState::kInProgress, kGiB)};
    operation_.progress.last_byte = view_.now;
    view_.running = Phase::kFileCopy;
    view_.took.fill(absl::ZeroDuration());
  }

  const Progress& Estimate(double copied, absl::Duration took, double rate) {
    operation_.progress.stages[1].data_bytes = static_cast<int64_t>(copied * kGiB);
    operation_.progress.bytes_per_second = rate;
    view_.took[static_cast<size_t>(Phase::kFileCopy)] = took;
    EstimateProgress(view_, operation_);
    return operation_.progress;
  }

  const ProgressModel model_ = ProgressModel::Learn({Past(1, absl::Seconds(10))});
  ProgressView view_{model_, Phase::kFileCopy, {}, {}, kStart + absl::Minutes(1)};
  Operation operation_;
};

TEST_F(EstimateTest, TheSharesAreTheWhole) {
  double whole = 0;
  for (const PhaseProgress& phase : Estimate(0.5, absl::Seconds(5), 1e8).phases) {
    whole += phase.share;
  }
  EXPECT_NEAR(whole, 1, 1e-9);
  ASSERT_EQ(operation_.progress.phases.size(), static_cast<size_t>(kPhaseCount) - 1)
      << "nothing is restored";
  const PhaseProgress& copy = PhaseIn(operation_.progress, Phase::kFileCopy);
  EXPECT_GT(copy.share, 0.4);
  EXPECT_DOUBLE_EQ(copy.done, 0.5);
  EXPECT_TRUE(copy.measured);
}

TEST_F(EstimateTest, PercentGrowsWithTheBytesAndNeverGoesBack) {
  double before = 0;
  for (double copied = 0; copied < 1; copied += 0.1) {
    EXPECT_GE(Estimate(copied, absl::Seconds(5), 1e8).percent, before);
    before = operation_.progress.percent;
  }
  operation_.progress.stages[1].estimate_bytes = 3 * kGiB;  // there is more than was thought
  EXPECT_EQ(Estimate(1, absl::Seconds(5), 1e8).percent, before);
}

TEST_F(EstimateTest, TimeLeftIsBytesLeftByTheirSpeedAndWhatComesAfter) {
  const double rate = kGiB / 100.0;
  const Progress& progress = Estimate(0.5, absl::Seconds(50), rate);
  ASSERT_TRUE(progress.eta.has_value());
  // Page and redo copy 0.2 s, sync 2 s, restart and recovery 2 s, finish 3 s.
  EXPECT_NEAR(absl::ToDoubleSeconds(progress.eta->likely), 50 + 7.2, 0.1);
  EXPECT_LT(progress.eta->low, progress.eta->likely);
  EXPECT_GT(progress.eta->high, progress.eta->likely);
}

TEST_F(EstimateTest, ASpeedThatChangesWidensTheRange) {
  const auto width = [this](double rate) {
    const Progress& progress = Estimate(0.5, absl::Seconds(50), rate);
    return absl::FDivDuration(progress.eta->high, progress.eta->low);
  };
  const double steady = width(kGiB / 100.0);
  EXPECT_GT(width(kGiB / 400.0), 2 * steady);
}

TEST_F(EstimateTest, BeforeThereIsASpeedTheModelSpeaks) {
  const Progress& progress = Estimate(0.0, absl::Seconds(1), 0);
  ASSERT_TRUE(progress.eta.has_value());
  EXPECT_NEAR(absl::ToDoubleSeconds(progress.eta->likely), 10 + 7.2, 0.1);
}

TEST_F(EstimateTest, AStandstillAndAQueueHaveNoTimeLeft) {
  EXPECT_TRUE(Estimate(0.5, absl::Minutes(5), 0).eta.has_value());
  operation_.progress.last_byte = view_.now - absl::Seconds(11);
  EXPECT_FALSE(Estimate(0.5, absl::Minutes(5), 0).eta.has_value());
  operation_.progress.last_byte = view_.now;
  operation_.queue_place = 1;
  EXPECT_FALSE(Estimate(0.5, absl::Minutes(5), 1e8).eta.has_value());
}

TEST_F(EstimateTest, ABandwidthThatWasAskedForBoundsTheCopy) {
  operation_.request.settings.max_data_bandwidth_mib = 10;
  const Progress& progress = Estimate(0.0, absl::Seconds(1), 0);
  EXPECT_NEAR(absl::ToDoubleSeconds(progress.eta->likely), 102.4 + 7.2, 0.1);
  EXPECT_GT(PhaseIn(progress, Phase::kFileCopy).share, 0.9);
}

TEST_F(EstimateTest, AGuessedPhaseNearsItsEndAndDoesNotReachIt) {
  operation_.step = Step::kAwaitRestart;
  view_.running = Phase::kRestart;
  double before = 0;
  for (int tenth = 0; tenth < 600; ++tenth) {
    view_.took[static_cast<size_t>(Phase::kRestart)] = absl::Milliseconds(100 * tenth);
    EstimateProgress(view_, operation_);
    const PhaseProgress& restart = PhaseIn(operation_.progress, Phase::kRestart);
    EXPECT_FALSE(restart.measured);
    EXPECT_GE(restart.done, before);
    EXPECT_LE(restart.done, 0.95);
    before = restart.done;
    ASSERT_TRUE(operation_.progress.eta.has_value());
    EXPECT_GE(operation_.progress.eta->high, operation_.progress.eta->likely);
  }
  EXPECT_GT(before, 0.9);
}

TEST_F(EstimateTest, OneFromABackupBeginsWithItsBytes) {
  operation_.from_backup = true;
  operation_.step = Step::kRestoreBackup;
  operation_.progress.stages.clear();
  operation_.progress.bytes_done = 25;
  operation_.progress.bytes_expected = 100;
  EXPECT_EQ(PhaseOf(operation_, {}), Phase::kRestoreBackup);
  view_.running = Phase::kRestoreBackup;
  EstimateProgress(view_, operation_);
  ASSERT_EQ(operation_.progress.phases.size(), static_cast<size_t>(kPhaseCount));
  const PhaseProgress& first = operation_.progress.phases.front();
  EXPECT_EQ(first.phase, Phase::kRestoreBackup);
  EXPECT_TRUE(first.measured);
  EXPECT_DOUBLE_EQ(first.done, 0.25);
}

TEST_F(EstimateTest, RecoveryCountsByTheErrorLog) {
  operation_.step = Step::kAwaitRestart;
  view_.running = Phase::kRecovery;
  view_.startup = {true, 40, 1, 0, {}};
  EstimateProgress(view_, operation_);
  EXPECT_EQ(operation_.progress.recovery_percent, 40);
  const PhaseProgress& first = PhaseIn(operation_.progress, Phase::kRecovery);
  EXPECT_TRUE(first.measured);
  EXPECT_NEAR(first.done, 0.4, 0.03);
  view_.startup = {true, 10, 2, 0, {}};  // how many there will be, nobody knows
  EstimateProgress(view_, operation_);
  EXPECT_EQ(operation_.progress.recovery_percent, 10);
  EXPECT_FALSE(PhaseIn(operation_.progress, Phase::kRecovery).measured);
}

TEST_F(EstimateTest, StandsBelowAHundredUntilItIsDone) {
  operation_.step = Step::kPublish;
  view_.running = Phase::kFinish;
  view_.took[static_cast<size_t>(Phase::kFinish)] = absl::Hours(1);
  EstimateProgress(view_, operation_);
  EXPECT_LT(operation_.progress.percent, 100);
  EXPECT_GT(operation_.progress.percent, 90);
  FinishProgress(operation_.progress);
  EXPECT_EQ(operation_.progress.percent, 100);
  EXPECT_FALSE(operation_.progress.eta.has_value());
}

TEST(PhaseTest, FollowsStepsAndStages) {
  Operation operation;
  EXPECT_EQ(PhaseOf(operation, {}), Phase::kPrepare);
  operation.step = Step::kClone;
  EXPECT_EQ(PhaseOf(operation, {}), Phase::kPrepare) << "CLONE's own checks";
  operation.progress.stage = CloneStage::kDropData;
  operation.progress.stages = {Row(CloneStage::kDropData, CloneState::kInProgress)};
  EXPECT_EQ(PhaseOf(operation, {}), Phase::kDropData);
  operation.progress.stages[0].state = CloneState::kCompleted;
  EXPECT_EQ(PhaseOf(operation, {}), Phase::kFileCopy);
  operation.step = Step::kAwaitRestart;
  EXPECT_EQ(PhaseOf(operation, {}), Phase::kRestart);
  EXPECT_EQ(PhaseOf(operation, {true, std::nullopt, 0, 0, {}}), Phase::kRecovery);
  operation.step = Step::kVerify;
  EXPECT_EQ(PhaseOf(operation, {}), Phase::kFinish);
}

}  // namespace
}  // namespace graft
