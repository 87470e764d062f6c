#include "provision/progress/progress_model.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace graft {
namespace {

constexpr int64_t kMega = 1'000'000;

class ProgressMeterTest : public ::testing::Test {
 protected:
  static CloneStageRow Row(CloneStage stage, CloneState state, int64_t estimate = 0,
                           int64_t data = 0) {
    CloneStageRow row;
    row.stage = stage;
    row.state = state;
    row.estimate_bytes = estimate;
    row.data_bytes = data;
    return row;
  }

  // FILE COPY with so many megabytes of 1000.
  bool Copied(int second, int64_t megabytes) {
    CloneReport report;
    report.stages = {
        Row(CloneStage::kDropData, CloneState::kCompleted),
        Row(CloneStage::kFileCopy, CloneState::kInProgress, 1000 * kMega, megabytes * kMega),
        Row(CloneStage::kPageCopy, CloneState::kNotStarted)};
    return meter_.Update(report, start_ + absl::Seconds(second), progress_);
  }

  const absl::Time start_ = absl::FromUnixSeconds(1'800'000'000);
  ProgressMeter meter_;
  Progress progress_;
};

TEST_F(ProgressMeterTest, AddsUpTheStages) {
  CloneReport report;
  report.stages = {Row(CloneStage::kDropData, CloneState::kCompleted),
                   Row(CloneStage::kFileCopy, CloneState::kCompleted, 100, 90),
                   Row(CloneStage::kPageCopy, CloneState::kInProgress, 20, 5),
                   Row(CloneStage::kRedoCopy, CloneState::kNotStarted)};
  EXPECT_TRUE(meter_.Update(report, start_, progress_));
  EXPECT_EQ(progress_.bytes_done, 95);
  EXPECT_EQ(progress_.bytes_expected, 120);
  EXPECT_EQ(progress_.stages.size(), 4U);
  EXPECT_EQ(progress_.bytes_per_second, 0) << "one look has no rate";
  EXPECT_EQ(progress_.last_byte, start_);
}

TEST_F(ProgressMeterTest, TheStageIsTheOneInProgressElseTheLastThatEnded) {
  const struct {
    CloneState drop;
    CloneState copy;
    std::optional<CloneStage> stage;
  } rows[] = {
      {CloneState::kNotStarted, CloneState::kNotStarted, std::nullopt},
      {CloneState::kInProgress, CloneState::kNotStarted, CloneStage::kDropData},
      {CloneState::kCompleted, CloneState::kNotStarted, CloneStage::kDropData},
      {CloneState::kCompleted, CloneState::kInProgress, CloneStage::kFileCopy},
      {CloneState::kCompleted, CloneState::kCompleted, CloneStage::kFileCopy},
      {CloneState::kCompleted, CloneState::kFailed, CloneStage::kFileCopy},
  };
  for (const auto& row : rows) {
    CloneReport report;
    report.stages = {Row(CloneStage::kDropData, row.drop), Row(CloneStage::kFileCopy, row.copy)};
    meter_.Update(report, start_, progress_);
    EXPECT_EQ(progress_.stage, row.stage)
        << CloneStateName(row.drop) << ", " << CloneStateName(row.copy);
  }
}

TEST_F(ProgressMeterTest, SaysWhetherBytesOrStageMoved) {
  EXPECT_TRUE(Copied(0, 100));
  EXPECT_FALSE(Copied(1, 100));
  EXPECT_EQ(progress_.last_byte, start_);
  EXPECT_TRUE(Copied(2, 101));
  EXPECT_EQ(progress_.last_byte, start_ + absl::Seconds(2));
  CloneReport next;
  next.stages = {Row(CloneStage::kFileCopy, CloneState::kCompleted, 1000 * kMega, 101 * kMega),
                 Row(CloneStage::kFileSync, CloneState::kInProgress)};
  EXPECT_TRUE(meter_.Update(next, start_ + absl::Seconds(3), progress_));
  EXPECT_EQ(progress_.last_byte, start_ + absl::Seconds(2)) << "a stage is no byte";
  EXPECT_FALSE(ProgressMeter().Update({}, start_, *std::make_unique<Progress>()));
}

TEST_F(ProgressMeterTest, TheRateIsOfTheLastSeconds) {
  Copied(0, 0);
  Copied(1, 100);
  EXPECT_DOUBLE_EQ(progress_.bytes_per_second, 100.0 * kMega);
  Copied(2, 300);
  EXPECT_DOUBLE_EQ(progress_.bytes_per_second, 150.0 * kMega);
  for (int second = 3; second <= 7; ++second) Copied(second, 300 + 10 * (second - 2));
  EXPECT_DOUBLE_EQ(progress_.bytes_per_second, 10.0 * kMega) << "the first seconds are forgotten";
  for (int second = 8; second <= 12; ++second) Copied(second, 350);
  EXPECT_EQ(progress_.bytes_per_second, 0) << "it stands still";
}

TEST_F(ProgressMeterTest, ASecondLookAtTheSameTimeHasNoRate) {
  Copied(0, 0);
  Copied(0, 100);
  EXPECT_EQ(progress_.bytes_per_second, 0);
}

TEST_F(ProgressMeterTest, ANewAttemptBeginsAnew) {
  Copied(0, 0);
  Copied(1, 500);
  Copied(2, 10);  // the table was emptied meanwhile
  EXPECT_EQ(progress_.bytes_per_second, 0);
  Copied(3, 30);
  EXPECT_DOUBLE_EQ(progress_.bytes_per_second, 20.0 * kMega);
}

}  // namespace
}  // namespace graft
