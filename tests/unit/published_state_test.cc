#include "provision/operation/published_state.h"

#include <gmock/gmock.h>

#include <string>

#include "base/errors.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

Operation InStep(Step step) {
  Operation operation;
  operation.request.id = "op-1";
  operation.step = step;
  operation.type_before = TabletType::kRdonly;
  operation.type_after = TabletType::kReplica;
  return operation;
}

Operation Ended(Outcome outcome, DataState data_state) {
  Operation operation = InStep(Step::kClone);
  operation.outcome = outcome;
  operation.data_state = data_state;
  return operation;
}

Tablet Published(const Operation& operation, Tablet tablet = {}) {
  ApplyPublishedState(operation, tablet);
  return tablet;
}

std::string Tag(const Tablet& tablet, const std::string& name) {
  const auto found = tablet.tags.find("graft." + name);
  return found == tablet.tags.end() ? "(none)" : found->second;
}

TEST(PublishedStateTest, TheTypeIsRestoreFromTheFenceOn) {
  for (int i = 0; i < kStepCount; ++i) {
    const Step step = static_cast<Step>(i);
    const Tablet tablet = Published(InStep(step));
    EXPECT_EQ(tablet.type, step < Step::kFence ? TabletType::kRdonly : TabletType::kRestore)
        << StepName(step);
    EXPECT_EQ(Tag(tablet, "step"), StepName(step));
  }
}

TEST(PublishedStateTest, TheTypeIsRestoreInEveryStepOnceAnAttemptHasDroppedTheData) {
  for (int i = 0; i < kStepCount; ++i) {
    Operation operation = InStep(static_cast<Step>(i));
    operation.data_state = DataState::kEmpty;
    EXPECT_EQ(Published(operation).type, TabletType::kRestore) << i;
  }
}

TEST(PublishedStateTest, AFenceThatCouldNotBeTakenDownKeepsWholeDataFromServing) {
  Operation operation = Ended(Outcome::kFailed, DataState::kIntact);
  operation.fence.up = true;
  EXPECT_EQ(Published(operation).type, TabletType::kRestore);
  EXPECT_EQ(Tag(Published(operation), "data_state"), "INTACT");
}

TEST(PublishedStateTest, TheTypeAfterTheEnd) {
  const struct {
    Outcome outcome;
    DataState data_state;
    TabletType type;
  } rows[] = {
      {Outcome::kDone, DataState::kCloned, TabletType::kReplica},
      {Outcome::kFailed, DataState::kIntact, TabletType::kRdonly},
      {Outcome::kFailed, DataState::kPartial, TabletType::kRestore},
      {Outcome::kFailed, DataState::kEmpty, TabletType::kRestore},
      {Outcome::kFailed, DataState::kCloned, TabletType::kRestore},
      {Outcome::kCancelled, DataState::kIntact, TabletType::kRdonly},
      {Outcome::kCancelled, DataState::kEmpty, TabletType::kRestore},
  };
  for (const auto& [outcome, data_state, type] : rows) {
    const Tablet tablet = Published(Ended(outcome, data_state));
    EXPECT_EQ(tablet.type, type) << OutcomeName(outcome) << " " << DataStateName(data_state);
    EXPECT_EQ(Tag(tablet, "data_state"), DataStateName(data_state));
    EXPECT_EQ(Tag(tablet, "step"), "(none)");
  }
}

TEST(PublishedStateTest, APrimaryStaysOne) {
  Tablet tablet;
  tablet.type = TabletType::kPrimary;
  for (const Operation& operation :
       {InStep(Step::kClone), Ended(Outcome::kDone, DataState::kCloned)}) {
    EXPECT_EQ(Published(operation, tablet).type, TabletType::kPrimary);
  }
}

TEST(PublishedStateTest, BeforeTheRecordIsReadTheTypeIsLeft) {
  Operation operation = InStep(Step::kResolveDonor);
  operation.type_before = TabletType::kUnknown;
  Tablet tablet;
  tablet.type = TabletType::kSpare;
  EXPECT_EQ(Published(operation, tablet).type, TabletType::kSpare);
}

TEST(PublishedStateTest, TagsOfOthersAndTheRestOfTheRecordStay) {
  Tablet tablet;
  tablet.alias = {"zone1", 101};
  tablet.mysql = {"db", 3306};
  tablet.tags = {
      {"rack", "7"}, {"graft.reason", "OLD"}, {"graft.progress", "99%"}, {"graftx", "theirs"}};
  const Tablet published = Published(InStep(Step::kPreflight), tablet);
  EXPECT_THAT(published.tags,
              ElementsAre(Pair("graft.data_state", "INTACT"), Pair("graft.operation", "op-1"),
                          Pair("graft.progress", "0%"), Pair("graft.step", "preflight"),
                          Pair("graftx", "theirs"), Pair("rack", "7")));
  EXPECT_EQ(published.alias, tablet.alias);
  EXPECT_EQ(published.mysql.ToString(), "db:3306");
}

TEST(PublishedStateTest, ShowsDonorAndPercentWhileItRuns) {
  Operation operation = InStep(Step::kClone);
  operation.donor = {"zone1", 100};
  operation.progress.percent = 56.99;
  const Tablet tablet = Published(operation);
  EXPECT_EQ(Tag(tablet, "progress"), "56%") << "never more than is done";
  EXPECT_EQ(Tag(tablet, "donor"), "zone1-0000000100");
  operation.outcome = Outcome::kDone;
  EXPECT_EQ(Tag(Published(operation), "progress"), "(none)");
}

TEST(PublishedStateTest, AFailureHasItsReason) {
  Operation operation = Ended(Outcome::kFailed, DataState::kIntact);
  operation.error = WithReason(absl::UnavailableError("secret text"), "DONOR_UNREACHABLE");
  EXPECT_EQ(Tag(Published(operation), "reason"), "DONOR_UNREACHABLE");
  operation.error = absl::DeadlineExceededError("secret text");
  EXPECT_EQ(Tag(Published(operation), "reason"), "DEADLINE_EXCEEDED");
  EXPECT_EQ(Tag(Published(Ended(Outcome::kDone, DataState::kCloned)), "reason"), "(none)");
}

TEST(PublishedStateTest, AnEndIsNotTakenBack) {
  const Tablet ended = Published(Ended(Outcome::kDone, DataState::kCloned));
  const Tablet late = Published(InStep(Step::kPublish), ended);
  EXPECT_EQ(late.type, TabletType::kReplica);
  EXPECT_EQ(late.tags, ended.tags);

  Operation next = InStep(Step::kFence);
  next.request.id = "op-2";
  const Tablet restoring = Published(next, ended);
  EXPECT_EQ(restoring.type, TabletType::kRestore);
  EXPECT_EQ(Tag(restoring, "operation"), "op-2");
}

}  // namespace
}  // namespace graft
