#include "agent/askers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "base/clocks.h"

namespace graft {
namespace {

using Questions = std::vector<std::function<void()>>;

class AskersTest : public testing::Test {
 protected:
  // One that hangs until the test's end.
  std::function<void()> Hangs() {
    return [release = release_, begun = begun_] {
      ++*begun;
      release->WaitForNotification();
    };
  }
  void TearDown() override {
    release_->Notify();
    EXPECT_TRUE(askers_.AwaitIdle(absl::Minutes(1)));
  }

  const std::shared_ptr<Clock> clock_ = MakeRealClock();
  const std::shared_ptr<absl::Notification> release_ = std::make_shared<absl::Notification>();
  const std::shared_ptr<std::atomic<int>> begun_ = std::make_shared<std::atomic<int>>(0);
  const std::shared_ptr<Cancellation> cancellation_ = std::make_shared<Cancellation>();
  Askers askers_{clock_, nullptr};
};

TEST_F(AskersTest, AllAreAnswered) {
  const auto answers = std::make_shared<std::atomic<int>>(0);
  EXPECT_TRUE(
      askers_
          .Ask(Questions(1000, [answers] { ++*answers; }), cancellation_, absl::InfiniteDuration())
          .ok());
  EXPECT_EQ(*answers, 1000);
  EXPECT_TRUE(askers_.Ask({}, cancellation_, absl::InfiniteDuration()).ok());
}

TEST_F(AskersTest, WhoHangsIsNotWaitedForLongerThanItsPatience) {
  const auto answered = std::make_shared<std::atomic<bool>>(false);
  const absl::Time began = absl::Now();
  EXPECT_TRUE(askers_
                  .Ask({Hangs(), [answered] { *answered = true; }, Hangs()}, cancellation_,
                       absl::Milliseconds(300))
                  .ok());
  EXPECT_GE(absl::Now() - began, absl::Milliseconds(290));
  EXPECT_LT(absl::Now() - began, absl::Seconds(30));
  EXPECT_TRUE(*answered);
  EXPECT_FALSE(askers_.AwaitIdle(absl::Milliseconds(1)));
}

TEST_F(AskersTest, ACancelEndsTheWait) {
  cancellation_->Cancel();
  EXPECT_TRUE(absl::IsCancelled(askers_.Ask({Hangs()}, cancellation_, absl::InfiniteDuration())));
}

TEST_F(AskersTest, ACancelMeanwhileEndsTheWait) {
  const Questions questions = {Hangs(), [cancellation = cancellation_] { cancellation->Cancel(); }};
  EXPECT_TRUE(absl::IsCancelled(askers_.Ask(questions, cancellation_, absl::InfiniteDuration())));
}

// Late threads count: no number of searches makes more than kMost of them.
TEST_F(AskersTest, NeverMoreThanSoManyThreads) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(askers_.Ask(Questions(50, Hangs()), cancellation_, absl::Milliseconds(200)).ok());
  }
  EXPECT_EQ(*begun_, Askers::kMost);
}

}  // namespace
}  // namespace graft
