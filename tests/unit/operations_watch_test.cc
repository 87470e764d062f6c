// Who is told of an operation, and what becomes of it when its agent stops and starts.
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
  run.operation.step = Step::kPreflight;
  operations_->OnStep(run.operation);
  Told told;
  auto subscription = operations_->Subscribe("", [&](const Operation& o) { told.Add(o); });
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  EXPECT_THAT(told.Lines(1), ElementsAre("a preflight running")) << "at once";
  run.operation.step = Step::kClone;
  operations_->OnStep(run.operation);
  operations_->OnProgress(run.operation);
  run.operation.step = Step::kPublish;
  operations_->OnStep(run.operation);
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
  std::thread changer([&] { operations_->OnStep(Past("old", Outcome::kRunning)); });
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
  operations_->OnStep(Past("old", Outcome::kRunning));
  EXPECT_THAT(told.Lines(1), ElementsAre("old resolve_donor running")) << "the present state alone";
}

TEST_F(OperationsTest, StopLeavesTheRunningOneAsItIs) {
  Make();
  Serve();
  ASSERT_TRUE(operations_->Reprovision(Call("a")).ok());
  RunInHand& run = AwaitRun();
  operations_->Stop();
  EXPECT_TRUE(run.control->stopped());
  EXPECT_FALSE(run.control->cancelled());
  EXPECT_TRUE(run.control->wait().cancelled());
  LetGo(run);
  thread_.join();
  EXPECT_EQ(operations_->Get("a")->outcome, Outcome::kRunning);
  EXPECT_EQ(operations_->Reprovision(Call("b")).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(journal_.Load()->front().outcome, Outcome::kRunning);
}

TEST_F(OperationsTest, AnUnfinishedOneOfTheHistoryIsResumed) {
  Operation unfinished = Past("b", Outcome::kRunning);
  unfinished.step = Step::kVerify;
  Make({Past("a", Outcome::kDone), unfinished});
  EXPECT_TRUE(operations_->ResumeUnfinished());
  EXPECT_EQ(ReasonOf(operations_->Reprovision(Call("c")).status()), "OPERATION_RUNNING");
  Serve();
  RunInHand& run = AwaitRun();
  EXPECT_EQ(run.operation.request.id, "b");
  EXPECT_EQ(run.operation.step, Step::kVerify);
  End(run, Outcome::kDone);
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
