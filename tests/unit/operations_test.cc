#include "provision/operation/operations.h"

#include "base/errors.h"
#include "unit/operations_suite.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(OperationsTest, ARequestIsJournalledAnsweredAtOnceAndThenRun) {
  Make();
  const auto answered = operations_->Reprovision(Call("a"));
  ASSERT_TRUE(answered.ok()) << answered.status();
  EXPECT_EQ(answered->request.id, "a");
  EXPECT_EQ(answered->recipient, (TabletAlias{"zone1", 101}));
  EXPECT_EQ(answered->requested, clock_.Now());
  EXPECT_THAT(*journal_.Load(), SizeIs(1));
  Serve();
  RunInHand& run = AwaitRun();
  EXPECT_EQ(run.operation.request.id, "a");
  End(run, Outcome::kDone);
  EXPECT_EQ(operations_->Get("a")->outcome, Outcome::kDone);
}

TEST_F(OperationsTest, TheSameIdAndRequestIsTheSameOperation) {
  Make();
  const auto first = operations_->Reprovision(Call("a"));
  clock_.Advance(absl::Seconds(5));
  const auto again = operations_->Reprovision(Call("a"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->requested, first->requested);
  EXPECT_THAT(Ids(), ElementsAre("a"));
  EXPECT_EQ(journal_.saves(), 1);

  Serve();
  End(AwaitRun(), Outcome::kDone);
  const auto afterwards = operations_->Reprovision(Call("a"));
  ASSERT_TRUE(afterwards.ok()) << afterwards.status();
  EXPECT_EQ(afterwards->outcome, Outcome::kDone) << "it is not run again";
}

TEST_F(OperationsTest, TheSameIdWithOtherParametersIsRefused) {
  Make();
  ASSERT_TRUE(operations_->Reprovision(Call("a")).ok());
  ReprovisionCall other = Call("a");
  other.replicate_from = ReplicateFrom::kPrimary;
  absl::Status status = operations_->Reprovision(other).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << status;
  EXPECT_EQ(ReasonOf(status), "OPERATION_DIFFERS");
  other = Call("a");
  other.donor = DonorChoice{DonorChoice::Kind::kTablet, {"zone1", 102}};
  EXPECT_EQ(operations_->Reprovision(other).status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(OperationsTest, ASecondOneIsRefusedUntilTheFirstHasEnded) {
  Make();
  Serve();
  ASSERT_TRUE(operations_->Reprovision(Call("a")).ok());
  const absl::Status refused = operations_->Reprovision(Call("b")).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_EQ(ReasonOf(refused), "OPERATION_RUNNING");
  EXPECT_EQ(operations_->Get("b").status().code(), absl::StatusCode::kNotFound);
  End(AwaitRun(), Outcome::kFailed);
  ASSERT_TRUE(operations_->Reprovision(Call("b")).ok());
  RunInHand& second = AwaitRun();
  EXPECT_EQ(second.operation.request.id, "b");
  End(second, Outcome::kDone);
  EXPECT_THAT(Ids(), ElementsAre("b", "a")) << "newest first";
  EXPECT_EQ(operations_->Get("")->request.id, "b");
}

TEST_F(OperationsTest, WithoutAnIdEachIsItsOwn) {
  Make();
  Serve();
  const auto first = operations_->Reprovision({});
  ASSERT_TRUE(first.ok()) << first.status();
  End(AwaitRun(), Outcome::kDone);
  const auto second = operations_->Reprovision({});
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_NE(first->request.id, second->request.id);
  End(AwaitRun(), Outcome::kDone);
}

TEST_F(OperationsTest, NobodyToCloneFromIsRefused) {
  operations_ = std::make_unique<Operations>(clock_, journal_, Operations::Defaults{},
                                             std::vector<Operation>{}, Operations::Others());
  const absl::Status status = operations_->Reprovision(Call("a")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_EQ(ReasonOf(status), "NO_DONOR_SPECIFIED");
  EXPECT_THAT(Ids(), IsEmpty());
}

TEST_F(OperationsTest, WhatCannotBeJournalledIsNotBegun) {
  Make();
  journal_.FailNext(1, absl::UnavailableError("disk full"));
  const absl::Status status = operations_->Reprovision(Call("a")).status();
  EXPECT_EQ(status, absl::UnavailableError("journal: disk full"));
  EXPECT_THAT(Ids(), IsEmpty());
  EXPECT_TRUE(operations_->Reprovision(Call("a")).ok()) << "and may be asked for again";
}

TEST_F(OperationsTest, CancelIsGrantedUntilTheRunSealsItself) {
  Make();
  Serve();
  ASSERT_TRUE(operations_->Reprovision(Call("a")).ok());
  RunInHand& run = AwaitRun();
  const auto cancelled = operations_->Cancel("", CancelWish::kIfNothingDropped);
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->request.id, "a");
  EXPECT_EQ(cancelled->outcome, Outcome::kRunning) << "it ends a little later";
  EXPECT_TRUE(run.control->cancelled());
  EXPECT_FALSE(run.control->stopped());
  EXPECT_TRUE(run.control->wait().cancelled());
  EXPECT_FALSE(run.control->Seal()) << "CLONE must not be sent any more";
  End(run, Outcome::kCancelled);
}

TEST_F(OperationsTest, CancelOfACopyIsForWhoSaysSo) {
  Make();
  Serve();
  ASSERT_TRUE(operations_->Reprovision(Call("a")).ok());
  RunInHand& run = AwaitRun();
  ASSERT_TRUE(run.control->BeginCopy());
  const absl::Status refused = operations_->Cancel("a", CancelWish::kIfNothingDropped).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused), "DATA_DROPPED");
  EXPECT_FALSE(run.control->cancel_wanted());
  EXPECT_TRUE(operations_->Cancel("a", CancelWish::kEvenIfDropped).ok());
  EXPECT_TRUE(run.control->cancel_wanted());
  EXPECT_FALSE(run.control->cancelled()) << "not before the copy has really ended";
  EXPECT_FALSE(run.control->wait().cancelled()) << "the copy has to be ended first";
  run.control->ConfirmCancel();
  End(run, Outcome::kCancelled);
}

TEST_F(OperationsTest, BandwidthsCanBeChangedUntilTheCopyIsMade) {
  Make();
  Serve();
  ASSERT_TRUE(operations_->Reprovision(Call("a")).ok());
  RunInHand& run = AwaitRun();
  CloneSettings settings;
  EXPECT_EQ(operations_->Throttle("a", settings).status().code(),
            absl::StatusCode::kInvalidArgument);
  settings.max_concurrency = 2;
  EXPECT_EQ(operations_->Throttle("a", settings).status().code(),
            absl::StatusCode::kInvalidArgument)
      << "MySQL reads it at the start";
  settings.max_concurrency.reset();
  settings.max_data_bandwidth_mib = 50;
  EXPECT_TRUE(operations_->Throttle("a", settings).ok());
  EXPECT_EQ(run.control->TakeThrottle(), settings);
  EXPECT_EQ(run.control->TakeThrottle(), std::nullopt) << "taken once";
  ASSERT_TRUE(run.control->Seal());
  EXPECT_EQ(ReasonOf(operations_->Throttle("a", settings).status()), "TOO_LATE");
  End(run, Outcome::kDone);
  EXPECT_EQ(ReasonOf(operations_->Throttle("a", settings).status()), "OPERATION_ENDED");
}

TEST_F(OperationsTest, AResumptionIsCounted) {
  Operation unfinished = Past("a", Outcome::kRunning);
  unfinished.resumptions = 2;
  Make({unfinished});
  ASSERT_TRUE(operations_->ResumeUnfinished());
  EXPECT_EQ(operations_->Get("a")->resumptions, 3);
}

TEST_F(OperationsTest, CancelIsTooLateAfterThatAndSaysWhy) {
  Make();
  Serve();
  ASSERT_TRUE(operations_->Reprovision(Call("a")).ok());
  RunInHand& run = AwaitRun();
  ASSERT_TRUE(run.control->Seal());
  const struct {
    Step step;
    DataState data_state;
    const char* text;
  } rows[] = {
      {Step::kAwaitRestart, DataState::kEmpty,
       "too late: the copy is made, and the server is restarting on it"},
      {Step::kReplicate, DataState::kCloned, "too late: the new data is in place"},
  };
  for (const auto& [step, data_state, text] : rows) {
    run.operation.step = step;
    run.operation.data_state = data_state;
    operations_->OnStep(run.operation);
    const absl::Status late = operations_->Cancel("a", CancelWish::kEvenIfDropped).status();
    EXPECT_EQ(late.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(late.message(), text);
    EXPECT_EQ(ReasonOf(late), "TOO_LATE");
  }
  EXPECT_FALSE(run.control->cancelled());
  End(run, Outcome::kDone);
  EXPECT_EQ(ReasonOf(operations_->Cancel("a", CancelWish::kIfNothingDropped).status()),
            "OPERATION_ENDED");
  EXPECT_EQ(operations_->Cancel("b", CancelWish::kIfNothingDropped).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace graft
