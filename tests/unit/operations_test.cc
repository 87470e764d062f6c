#include "provision/operation/operations.h"

#include "base/errors.h"
#include "unit/operations_suite.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(OperationsTest, ARequestIsJournalledAnsweredAtOnceAndThenRun) {
  Make();
  const auto answered = operations_->Reprovision(Call("a"));
  ASSERT_TRUE(answered.ok()) << answered.status();
  EXPECT_EQ(answered->request.id, "a");
  EXPECT_EQ(answered->recipient, (TabletAlias{"zone1", 101}));
  EXPECT_EQ(answered->requested, clock_.Now());
  EXPECT_THAT(journal_.Load()->states, SizeIs(1));
  EXPECT_EQ(begun_, 1);
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

TEST_F(OperationsTest, WhoSaysNothingFollowsThePrimaryOrTheDonorThatHeNamed) {
  using Kind = DonorChoice::Kind;
  const std::vector<std::pair<DonorChoice, ReplicateFrom>> cases = {
      {{Kind::kAny, {}}, ReplicateFrom::kPrimaryOrDonor},
      {{Kind::kTablet, {"zone1", 102}}, ReplicateFrom::kDonor},
      {{Kind::kPrimary, {}}, ReplicateFrom::kDonor}};
  for (const auto& [donor, from] : cases) {
    Make();
    ReprovisionCall call = Call("a");
    call.donor = donor;
    const auto started = operations_->Reprovision(call);
    ASSERT_TRUE(started.ok()) << started.status();
    EXPECT_EQ(started->request.replicate_from, from);
  }
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
  defaults_.donor.reset();
  Make();
  const absl::Status status = operations_->Reprovision(Call("a")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_EQ(ReasonOf(status), "NO_DONOR_SPECIFIED");
  EXPECT_THAT(Ids(), IsEmpty());
}

TEST_F(OperationsTest, ATabletIsNotRebuiltFromItself) {
  Make();
  ReprovisionCall call = Call("a");
  call.donor = DonorChoice{DonorChoice::Kind::kTablet, defaults_.recipient};
  EXPECT_EQ(ReasonOf(operations_->Reprovision(call).status()), "DONOR_IS_RECIPIENT");
  EXPECT_THAT(Ids(), IsEmpty());
}

TEST_F(OperationsTest, WhatCannotBeJournalledIsNotBegun) {
  Make();
  journal_.FailNext(1, absl::UnavailableError("disk full"));
  const absl::Status status = operations_->Reprovision(Call("a")).status();
  EXPECT_EQ(status, absl::UnavailableError("journal: disk full"));
  EXPECT_THAT(Ids(), IsEmpty());
  EXPECT_EQ(begun_, 0);
  EXPECT_TRUE(operations_->Reprovision(Call("a")).ok()) << "and may be asked for again";
}

// Until the state is loaded and the unfinished operation runs again.
TEST_F(OperationsTest, AnAgentThatStartsAnswersNoRequest) {
  MakeClosed({Past("a", Outcome::kRunning)});
  CloneSettings settings;
  settings.max_data_bandwidth_mib = 50;
  absl::Status preflight;
  operations_->Preflight(Call("b"), [&](const auto& report) { preflight = report.status(); });
  for (const absl::Status& status :
       {operations_->Reprovision(Call("b")).status(), operations_->Release(Release("b")).status(),
        operations_->Cancel("a", CancelWish::kIfNothingDropped).status(),
        operations_->Throttle("a", settings).status(), operations_->Get("b").status(), preflight,
        operations_->Subscribe("b", [](const Operation&) { FAIL(); }).status()}) {
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_EQ(ReasonOf(status), "AGENT_STARTING");
  }
  EXPECT_EQ(operations_->Get("a")->outcome, Outcome::kRunning) << "what is known is shown";
  EXPECT_EQ(journal_.saves(), 0);
  ASSERT_TRUE(operations_->ResumeUnfinished());
  operations_->Open();
  EXPECT_EQ(ReasonOf(operations_->Reprovision(Call("b")).status()), "OPERATION_RUNNING");
  EXPECT_TRUE(operations_->Cancel("a", CancelWish::kIfNothingDropped).ok());
}

TEST_F(OperationsTest, ACancelIsJournalledBeforeItIsAnsweredAndEndsEveryWait) {
  Make();
  Serve();
  ASSERT_TRUE(operations_->Reprovision(Call("a")).ok());
  RunInHand& run = AwaitRun();
  const auto cancelled = operations_->Cancel("", CancelWish::kIfNothingDropped);
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(run.control->wait().WaitFor(clock_, absl::Hours(1)), WaitEnd::kCancelled);
  EXPECT_EQ(cancelled->request.id, "a");
  EXPECT_EQ(cancelled->outcome, Outcome::kRunning) << "it ends a little later";
  EXPECT_TRUE(journal_.Load()->states.back().cancel.has_value());
  EXPECT_TRUE(owner_->cancel_granted());
  EXPECT_FALSE(run.control->stopped());
  EXPECT_TRUE(absl::IsCancelled(owner_->CommitUnlessCancelled(run.state)))
      << "CLONE must not be sent any more";
  End(run, Outcome::kCancelled);
}

TEST_F(OperationsTest, ACancelThatCannotBeJournalledIsNotGranted) {
  Make();
  Serve();
  ASSERT_TRUE(operations_->Reprovision(Call("a")).ok());
  RunInHand& run = AwaitRun();
  journal_.FailNext(1, absl::UnavailableError("disk full"));
  EXPECT_EQ(operations_->Cancel("a", CancelWish::kIfNothingDropped).status(),
            absl::UnavailableError("journal: disk full"));
  EXPECT_FALSE(owner_->cancel_granted());
  EXPECT_TRUE(operations_->Cancel("a", CancelWish::kIfNothingDropped).ok());
  End(run, Outcome::kCancelled);
}

TEST_F(OperationsTest, CancelOfACopyIsForWhoSaysSo) {
  Make();
  Serve();
  ASSERT_TRUE(operations_->Reprovision(Call("a")).ok());
  RunInHand& run = AwaitRun();
  run.state.clone = SentClone();
  Enter(run, Step::kClone);
  const absl::Status refused = operations_->Cancel("a", CancelWish::kIfNothingDropped).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused), "DATA_DROPPED");
  EXPECT_FALSE(owner_->cancel_granted());
  EXPECT_TRUE(operations_->Cancel("a", CancelWish::kEvenIfDropped).ok());
  EXPECT_TRUE(owner_->cancel_granted());
  EXPECT_EQ(journal_.Load()->states.back().cancel->wish, CancelWish::kEvenIfDropped);
  EXPECT_EQ(run.control->wait().WaitFor(clock_, absl::Hours(1)), WaitEnd::kWoken)
      << "the copy has to be ended first, which takes waits of its own";
  End(run, Outcome::kCancelled);
}

TEST_F(OperationsTest, ACancelOfACopyThatIsTakenUpLeavesTheWaitsToEndIt) {
  TabletState left = Past("a", Outcome::kFailed);
  left.clone = SentClone();
  Make({left});
  Serve();
  ASSERT_TRUE(operations_->Reprovision(Call("b")).ok());
  RunInHand& run = AwaitRun();
  EXPECT_TRUE(operations_->Cancel("b", CancelWish::kEvenIfDropped).ok());
  EXPECT_EQ(run.control->wait().WaitFor(clock_, absl::Hours(1)), WaitEnd::kWoken);
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
  EXPECT_EQ(owner_->throttle(), settings);
  EXPECT_EQ(journal_.Load()->states.back().throttle, settings) << "durable before it is answered";
  CloneSettings network;
  network.max_network_bandwidth_mib = 7;
  EXPECT_TRUE(operations_->Throttle("a", network).ok());
  EXPECT_EQ(owner_->throttle(), WithDefaults(settings, network)) << "each for itself";
  journal_.FailNext(1, absl::UnavailableError("disk full"));
  EXPECT_TRUE(absl::IsUnavailable(operations_->Throttle("a", settings).status()));
  Enter(run, Step::kAwaitRestart);
  EXPECT_EQ(ReasonOf(operations_->Throttle("a", settings).status()), "TOO_LATE");
  End(run, Outcome::kDone);
  EXPECT_EQ(ReasonOf(operations_->Throttle("a", settings).status()), "OPERATION_ENDED");
}

TEST_F(OperationsTest, CancelIsTooLateAfterThatAndSaysWhy) {
  Make();
  Serve();
  ASSERT_TRUE(operations_->Reprovision(Call("a")).ok());
  RunInHand& run = AwaitRun();
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
    run.operation.data_state = data_state;
    Enter(run, step);
    const absl::Status late = operations_->Cancel("a", CancelWish::kEvenIfDropped).status();
    EXPECT_EQ(late.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(late.message(), text);
    EXPECT_EQ(ReasonOf(late), "TOO_LATE");
  }
  EXPECT_FALSE(owner_->cancel_granted());
  End(run, Outcome::kDone);
  EXPECT_EQ(ReasonOf(operations_->Cancel("a", CancelWish::kIfNothingDropped).status()),
            "OPERATION_ENDED");
  EXPECT_EQ(operations_->Cancel("b", CancelWish::kIfNothingDropped).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(OperationsTest, AReleaseIsAnOperationThatSaysWhoAskedForIt) {
  TabletState fenced = Past("a", Outcome::kFailed);
  fenced.fence.up = true;
  fenced.type_after = TabletType::kReplica;
  Make({fenced});
  const auto answered = operations_->Release(Release("r"));
  ASSERT_TRUE(answered.ok()) << answered.status();
  EXPECT_EQ(answered->request.kind, OperationKind::kRelease);
  EXPECT_EQ(answered->request.release.by, "alice@ops-1");
  EXPECT_EQ(answered->step, Step::kRelease);
  EXPECT_EQ(answered->recipient, (TabletAlias{"zone1", 101}));
  EXPECT_EQ(answered->requested, clock_.Now());
  const TabletState journalled = journal_.Load()->states.back();
  EXPECT_EQ(journalled.operation.request.release.note, "restored by hand");
  EXPECT_TRUE(journalled.fence.up) << "what is to be taken down is known";
  EXPECT_EQ(journalled.type_after, TabletType::kReplica);
  EXPECT_EQ(begun_, 1);

  EXPECT_EQ(operations_->Release(Release("r"))->requested, answered->requested);
  ReleaseCall other = Release("r");
  other.word.by = "bob@ops-1";
  EXPECT_EQ(ReasonOf(operations_->Release(other).status()), "OPERATION_DIFFERS");
  EXPECT_EQ(ReasonOf(operations_->Reprovision(Call("r")).status()), "OPERATION_DIFFERS");
  EXPECT_EQ(ReasonOf(operations_->Release(Release("s")).status()), "OPERATION_RUNNING");
  Serve();
  RunInHand& run = AwaitRun();
  EXPECT_EQ(run.operation.request.id, "r");
  End(run, Outcome::kDone);
}

TEST_F(OperationsTest, ReleaseOfDroppedDataIsForWhoVouchesForIt) {
  for (const DataState data : {DataState::kPartial, DataState::kEmpty}) {
    for (const Outcome outcome : {Outcome::kFailed, Outcome::kCancelled}) {
      Make({Past("a", outcome, data)});
      const absl::Status refused = operations_->Release(Release("r")).status();
      EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
      EXPECT_EQ(ReasonOf(refused), "DATA_NOT_GOOD");
      EXPECT_THAT(std::string(refused.message()), HasSubstr(std::string(DataStateName(data))));
      EXPECT_EQ(operations_->Get("r").status().code(), absl::StatusCode::kNotFound);
      ReleaseCall vouched = Release("r");
      vouched.word.data_is_good = true;
      const auto released = operations_->Release(vouched);
      ASSERT_TRUE(released.ok()) << released.status();
      EXPECT_EQ(released->data_state, data) << "until it has ended";
    }
  }
}

// A client that lost the answer asks again, with any data state since.
TEST_F(OperationsTest, AReleaseThatIsKnownIsAnsweredThoughTheDataIsDroppedSince) {
  TabletState released = Past("r", Outcome::kDone);
  released.operation.request.kind = OperationKind::kRelease;
  released.operation.request.release = Release("r").word;
  Make({released, Past("a", Outcome::kFailed, DataState::kEmpty)});
  const auto answered = operations_->Release(Release("r"));
  ASSERT_TRUE(answered.ok()) << answered.status();
  EXPECT_EQ(answered->outcome, Outcome::kDone);
  EXPECT_EQ(begun_, 0);
}

TEST_F(OperationsTest, AReleaseWhileAnOperationRunsIsRefused) {
  TabletState running = Past("a", Outcome::kRunning, DataState::kEmpty);
  Make({running});
  ReleaseCall vouched = Release("r");
  vouched.word.data_is_good = true;
  for (const ReleaseCall& call : {Release("r"), vouched}) {
    EXPECT_EQ(ReasonOf(operations_->Release(call).status()), "OPERATION_RUNNING");
  }
}

}  // namespace
}  // namespace graft
