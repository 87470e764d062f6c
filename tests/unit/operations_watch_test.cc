// The watchers of an operation, and the operation when its agent stops and starts.
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "unit/operations_suite.h"

namespace graft {
namespace {

using ::testing::ElementsAre;

// Collects what a subscriber is told, and waits for it.
class Told {
 public:
  void Add(const Operation& operation) {
    absl::MutexLock lock(&mutex_);
    lines_.push_back(absl::StrCat(operation.request.id, " ", StepName(operation.step), " ",
                                  OutcomeName(operation.outcome)));
  }
  std::vector<std::string> Lines(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return lines_.size() >= count; };
    mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(20));
    return lines_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(OperationsTest, ASubscriberIsToldThePresentThenEachChangeThenTheEnd) {
  Make();
  Serve();
  ASSERT_TRUE(operations_->Reprovision(Call("a")).ok());
  RunInHand& run = AwaitRun();
  Enter(run, Step::kPreflight);
  Told told;
  auto subscription = operations_->Subscribe("", [&](const Operation& o) { told.Add(o); });
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  EXPECT_THAT(told.Lines(1), ElementsAre("a preflight running")) << "at once";
  Enter(run, Step::kClone);
  operations_->OnProgress(run.operation);
  Enter(run, Step::kPublish);
  End(run, Outcome::kDone);
  EXPECT_THAT(told.Lines(5), ElementsAre("a preflight running", "a clone running",
                                         "a clone running", "a publish running", "a publish done"));
}

TEST_F(OperationsTest, ASubscriberIsToldOfItsOwnOperationUntilItGoes) {
  Make({Past("old", Outcome::kFailed)});
  Serve();
  Told old;
  auto ended = operations_->Subscribe("old", [&](const Operation& o) { old.Add(o); });
  ASSERT_TRUE(ended.ok()) << ended.status();
  ASSERT_TRUE(operations_->Reprovision(Call("a")).ok());
  RunInHand& run = AwaitRun();
  Told gone;
  auto subscription = operations_->Subscribe("a", [&](const Operation& o) { gone.Add(o); });
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  subscription->reset();
  End(run, Outcome::kDone);
  EXPECT_THAT(gone.Lines(1), ElementsAre("a resolve_donor running"));
  EXPECT_THAT(old.Lines(1), ElementsAre("old resolve_donor failed"));
  EXPECT_EQ(operations_->Subscribe("none", [](const Operation&) { FAIL(); }).status().code(),
            absl::StatusCode::kNotFound);
}

// The end of a subscription waits for a call that is under way.
TEST_F(OperationsTest, ASubscriptionsEndWaitsForItsCall) {
  Make({Past("old", Outcome::kRunning)});
  absl::Notification inside;
  absl::Notification go_on;
  bool returned = false;
  int calls = 0;
  auto subscription = operations_->Subscribe("old", [&](const Operation&) {
    if (++calls == 1) return;  // the present state
    inside.Notify();
    go_on.WaitForNotification();
    returned = true;
  });
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  std::thread changer([&] { operations_->OnStep(Past("old", Outcome::kRunning).operation); });
  inside.WaitForNotification();
  std::thread waker([&] { go_on.Notify(); });
  subscription->reset();
  EXPECT_TRUE(returned);
  changer.join();
  waker.join();
}

TEST_F(OperationsTest, WhoGoesWhileAnotherIsToldIsNotTold) {
  Make({Past("old", Outcome::kRunning)});
  std::unique_ptr<Subscription> second;
  auto first = operations_->Subscribe("old", [&](const Operation&) { second.reset(); });
  Told told;
  auto subscription = operations_->Subscribe("old", [&](const Operation& o) { told.Add(o); });
  ASSERT_TRUE(first.ok() && subscription.ok());
  second = *std::move(subscription);
  operations_->OnStep(Past("old", Outcome::kRunning).operation);
  EXPECT_THAT(told.Lines(1), ElementsAre("old resolve_donor running")) << "the present state alone";
}

TEST_F(OperationsTest, StopLeavesTheRunningOneAsItIs) {
  Make();
  Serve();
  ASSERT_TRUE(operations_->Reprovision(Call("a")).ok());
  RunInHand& run = AwaitRun();
  operations_->Stop();
  EXPECT_TRUE(run.control->stopped());
  EXPECT_FALSE(owner_->cancel_granted());
  EXPECT_TRUE(run.control->wait().cancelled());
  LetGo(run);
  thread_.join();
  EXPECT_EQ(operations_->Get("a")->outcome, Outcome::kRunning);
  EXPECT_EQ(ReasonOf(operations_->Reprovision(Call("b")).status()), "AGENT_STOPPING");
  EXPECT_EQ(ReasonOf(operations_->Release(Release("b")).status()), "AGENT_STOPPING");
  EXPECT_EQ(journal_.Load()->states.front().operation.outcome, Outcome::kRunning);
}

TEST_F(OperationsTest, AnUnfinishedOneOfTheHistoryIsResumed) {
  TabletState unfinished = Past("b", Outcome::kRunning);
  unfinished.operation.step = Step::kVerify;
  unfinished.server_uuid = "mine";
  Make({Past("a", Outcome::kDone), unfinished});
  EXPECT_TRUE(operations_->ResumeUnfinished());
  EXPECT_EQ(ReasonOf(operations_->Reprovision(Call("c")).status()), "OPERATION_RUNNING");
  Serve();
  RunInHand& run = AwaitRun();
  EXPECT_EQ(run.operation.request.id, "b");
  EXPECT_EQ(run.operation.step, Step::kVerify);
  EXPECT_EQ(run.state.server_uuid, "mine");
  End(run, Outcome::kDone);
  EXPECT_FALSE(operations_->ResumeUnfinished());
}

// A cancel that was granted to the process before is this one's to follow.
TEST_F(OperationsTest, AGrantedCancelIsResumedWithItsOperation) {
  TabletState unfinished = Past("a", Outcome::kRunning);
  unfinished.cancel = GrantedCancel{CancelWish::kIfNothingDropped, clock_.Now()};
  Make({unfinished});
  ASSERT_TRUE(operations_->ResumeUnfinished());
  EXPECT_TRUE(owner_->cancel_granted());
  Serve();
  RunInHand& run = AwaitRun();
  EXPECT_TRUE(run.state.cancel.has_value());
  End(run, Outcome::kCancelled);
}

TEST_F(OperationsTest, AnUnfinishedOneIsRunOnceHoweverOftenItIsAskedFor) {
  Make({Past("a", Outcome::kRunning)});
  EXPECT_TRUE(operations_->ResumeUnfinished());
  EXPECT_TRUE(operations_->ResumeUnfinished());
  int runs = 0;
  const auto run = [&](TabletState& state, const std::shared_ptr<OperationControl>& control) {
    ++runs;
    EXPECT_NE(control, nullptr);
    state.operation.outcome = Outcome::kDone;
    EXPECT_TRUE(owner_->Commit(state).ok());
  };
  EXPECT_TRUE(operations_->RunQueued(run));
  EXPECT_FALSE(operations_->RunQueued(run));
  EXPECT_EQ(runs, 1);
  EXPECT_FALSE(operations_->ResumeUnfinished());
}

TEST_F(OperationsTest, AnEndedHistoryHasNothingToResume) {
  Make();
  EXPECT_FALSE(operations_->ResumeUnfinished());
  EXPECT_EQ(operations_->Get("").status().code(), absl::StatusCode::kNotFound);
  Make({Past("a", Outcome::kDone), Past("b", Outcome::kFailed)});
  EXPECT_FALSE(operations_->ResumeUnfinished());
  EXPECT_THAT(Ids(), ElementsAre("b", "a"));
}

}  // namespace
}  // namespace graft
