// Progress as the observers of a whole operation are told it.
#include <algorithm>
#include <vector>

#include "base/errors.h"
#include "gmock/gmock.h"
#include "provision/provisioner.h"
#include "provision_world.h"

namespace graft {
namespace {

using ::testing::Each;
using ::testing::Lt;

// Never back, never 100 in what is told before the end.
void ExpectTruthful(const std::vector<Progress>& told) {
  ASSERT_FALSE(told.empty());
  EXPECT_LT(told.back().percent, 100);
  for (size_t i = 1; i < told.size(); ++i) {
    EXPECT_GE(told[i].percent, told[i - 1].percent) << i;
    EXPECT_GE(told[i].sampled, told[i - 1].sampled) << i;
  }
}

const Progress* FirstIn(const std::vector<Progress>& told, CloneStage stage) {
  for (const Progress& progress : told) {
    if (progress.stage == stage) return &progress;
  }
  return nullptr;
}

TEST(ProgressTest, GrowsToTheEndAndIsAHundredThenAlone) {
  ProvisionWorld world;
  Operation operation = world.Request();
  world.Run(operation);
  ASSERT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  ExpectTruthful(world.observer.progress);
  EXPECT_EQ(operation.progress.percent, 100);
  EXPECT_FALSE(operation.progress.eta.has_value());
  EXPECT_EQ(operation.progress.learnt_from, 0);
}

TEST(ProgressTest, IsSampledTwiceASecondAlsoWhileTheServerIsDown) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.script.restart = absl::Seconds(30); });
  Operation operation = world.Request();
  const absl::Time began = world.clock.Now();
  world.Run(operation);
  ASSERT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  absl::Duration longest;
  absl::Time before = began;
  for (const Progress& progress : world.observer.progress) {
    longest = std::max(longest, progress.sampled - before);
    before = progress.sampled;
  }
  EXPECT_LE(longest, absl::Seconds(1));
  const double seconds = absl::ToDoubleSeconds(operation.ended - began);
  EXPECT_LT(world.observer.progress.size(), 6 * seconds) << "no flood";
}

TEST(ProgressTest, TimeLeftComesTrueOnceItHasAPastToLearnFrom) {
  ProvisionWorld first;
  Operation past = first.Request();
  first.Run(past);
  ASSERT_EQ(past.outcome, Outcome::kDone);

  ProvisionWorld world;
  world.history = {past};
  Operation operation = world.Request();
  world.Run(operation);
  ASSERT_EQ(operation.outcome, Outcome::kDone);
  EXPECT_EQ(operation.progress.learnt_from, 1);
  int inside = 0;
  int told = 0;
  for (const Progress& progress : world.observer.progress) {
    if (!progress.eta.has_value()) continue;
    const absl::Duration truth = operation.ended - progress.sampled;
    ++told;
    if (progress.eta->low <= truth && truth <= progress.eta->high) ++inside;
  }
  EXPECT_GT(told, 60);
  EXPECT_GT(inside, told * 4 / 5) << "of " << told;
}

TEST(ProgressTest, PercentFollowsTimeOnceItHasAPastToLearnFrom) {
  ProvisionWorld first;
  Operation past = first.Request();
  first.Run(past);
  ProvisionWorld world;
  world.history = {past};
  Operation operation = world.Request();
  const absl::Time began = world.clock.Now();
  world.Run(operation);
  for (const Progress& progress : world.observer.progress) {
    const double time = 100 * absl::FDivDuration(progress.sampled - began, operation.ended - began);
    EXPECT_NEAR(progress.percent, time, 12) << progress.sampled;
  }
}

TEST(ProgressTest, AnAgentThatComesBackDoesNotGoBack) {
  ProvisionWorld world;
  Operation operation = world.Request();
  world.clock.At(world.clock.Now() + absl::Seconds(40), [&] { world.control->Stop(); });
  world.Run(operation);
  ASSERT_EQ(operation.outcome, Outcome::kRunning);
  ASSERT_EQ(operation.step, Step::kClone);
  const Progress before = world.observer.progress.back();
  ASSERT_GT(before.percent, 20);

  // The next process has the journal alone.
  Operation resumed = world.journal.Load()->states.back().operation;
  ASSERT_LT(resumed.progress.percent, before.percent) << "else this shows nothing";
  world.observer.progress.clear();
  world.recipient.AbandonClone();
  world.control = std::make_shared<OperationControl>();
  ++resumed.resumptions;
  world.Run(resumed);
  ASSERT_EQ(resumed.outcome, Outcome::kDone) << resumed.error;
  const Progress* after = FirstIn(world.observer.progress, CloneStage::kFileCopy);
  ASSERT_NE(after, nullptr);
  EXPECT_GE(after->percent, before.percent);
  EXPECT_NEAR(absl::ToDoubleSeconds(before.phase_began - after->phase_began), 0, 1)
      << "the stage goes on, it has not begun anew";
}

TEST(ProgressTest, AnotherAttemptBeginsAnew) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.script.fail_in = CloneStage::kPageCopy;
    state.script.fail_with =
        WithReason(absl::UnavailableError("the donor went away"), "DONOR_UNREACHABLE");
  });
  world.journal.on_save = [&](const TabletState& saving) {
    [[maybe_unused]] const Operation& saved = saving.operation;
    if (saved.attempt == 2) {
      world.recipient.Edit([](FakeMysqlState& state) { state.script = CloneScript(); });
    }
  };
  Operation operation = world.Request();
  world.Run(operation);
  ASSERT_EQ(operation.attempt, 2) << operation.error;
  int falls = 0;
  double reached = 0;
  double fell_to = 0;
  for (const Progress& progress : world.observer.progress) {
    if (progress.percent < reached && ++falls == 1) fell_to = progress.percent;
    if (falls == 0) reached = progress.percent;
  }
  EXPECT_GT(reached, 40);
  EXPECT_LT(fell_to, 5) << "the second attempt has copied nothing yet";
  EXPECT_EQ(operation.progress.percent, 100);
}

TEST(ProgressTest, RecoveryShowsTheErrorLogsPercentage) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.script.restart = absl::Seconds(20); });
  world.clock.At(world.clock.Now() + absl::Seconds(70), [&] {
    world.host.SetStartup({true, 40, 1, 0, {}});
  });
  Operation operation = world.Request();
  world.Run(operation);
  ASSERT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  const auto& told = world.observer.progress;
  EXPECT_TRUE(std::any_of(told.begin(), told.end(), [](const Progress& progress) {
    return progress.recovery_percent == 40 && progress.note.find("40%") != std::string::npos;
  }));
  EXPECT_EQ(operation.progress.recovery_percent, std::nullopt);
}

TEST(ProgressTest, AFailedOperationKeepsWhatItHadReached) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.script.fail_in = CloneStage::kRedoCopy;
    state.script.fail_with = absl::InternalError("no");
  });
  Operation operation = world.Request();
  world.Run(operation);
  ASSERT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_GT(operation.progress.percent, 20);
  EXPECT_LT(operation.progress.percent, 100);
  EXPECT_FALSE(operation.progress.eta.has_value());
}

}  // namespace
}  // namespace graft
