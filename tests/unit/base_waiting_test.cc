// The clocks and Cancellation: who waits, until when, and what ends it.
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/clocks.h"
#include "fakes/simulated_clock.h"
#include "graft/clock.h"
#include "testing/realtime_waits.h"

namespace graft {
namespace {

TEST(SimulatedClockTest, AWaitMovesTheTimeToItsDeadline) {
  SimulatedClock clock(absl::FromUnixSeconds(1000));
  Cancellation wait;
  EXPECT_EQ(wait.WaitFor(clock, absl::Hours(1)), WaitEnd::kDeadline);
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(4600));
  EXPECT_EQ(wait.WaitUntil(clock, absl::FromUnixSeconds(1000)), WaitEnd::kDeadline);
  clock.Advance(-absl::Seconds(1));
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(4600)) << "it never goes back";
}

TEST(SimulatedClockTest, CallsRunInOrderAtTheirTime) {
  SimulatedClock clock(absl::UnixEpoch());
  std::string log;
  const auto note = [&](const char* name) {
    log += absl::StrCat(name, "@", absl::ToUnixSeconds(clock.Now()), " ");
  };
  clock.At(absl::FromUnixSeconds(20), [&] { note("b"); });
  clock.At(absl::FromUnixSeconds(10), [&] {
    note("a");
    clock.At(absl::FromUnixSeconds(15), [&] { note("nested"); });
  });
  clock.At(absl::FromUnixSeconds(20), [&] { note("c"); });
  clock.At(absl::FromUnixSeconds(31), [&] { note("later"); });
  Cancellation wait;
  EXPECT_EQ(wait.WaitFor(clock, absl::Seconds(30)), WaitEnd::kDeadline);
  EXPECT_EQ(log, "a@10 nested@15 b@20 c@20 ");
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(log, "a@10 nested@15 b@20 c@20 later@31 ");
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(35));
}

TEST(SimulatedClockTest, ACallEndsTheWaitItFallsInto) {
  SimulatedClock clock(absl::UnixEpoch());
  Cancellation wait;
  clock.At(absl::FromUnixSeconds(5), [&] { wait.Wake(); });
  clock.At(absl::FromUnixSeconds(9), [&] { wait.Cancel(); });
  EXPECT_EQ(wait.WaitFor(clock, absl::InfiniteDuration()), WaitEnd::kWoken);
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(5));
  EXPECT_EQ(wait.WaitFor(clock, absl::InfiniteDuration()), WaitEnd::kCancelled);
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(9));
}

// A real clock that tells when somebody is about to wait, with the wait's mutex held: another
// thread that needs that mutex gets it once the wait has begun.
class NoticingClock : public Clock {
 public:
  absl::Time Now() const override { return clock_->Now(); }
  bool AwaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                  const std::function<bool()>& done, absl::Time deadline) override {
    waiting.Notify();
    return clock_->AwaitUntil(lock, changed, done, deadline);
  }

  absl::Notification waiting;

 private:
  const std::unique_ptr<Clock> clock_ = MakeRealClock();
};

TEST(RealClockTest, AWaitTakesItsTime) {
  const std::unique_ptr<Clock> clock = MakeRealClock();
  EXPECT_LT(absl::AbsDuration(clock->Now() - absl::Now()), absl::Seconds(10));
  Cancellation wait;
  const absl::Time start = clock->Now();
  EXPECT_EQ(wait.WaitFor(*clock, absl::Milliseconds(20)), WaitEnd::kDeadline);
  EXPECT_GE(clock->Now() - start, absl::Milliseconds(19));
  EXPECT_EQ(wait.WaitUntil(*clock, absl::InfinitePast()), WaitEnd::kDeadline);
}

// A wait that has begun when the machine's clock is set back must not last longer by as much.
TEST(RealClockTest, AWaitIsOnTheMonotonicClock) {
  EXPECT_TRUE(RunsWithoutRealtimeWaits([] {
    const std::unique_ptr<Clock> clock = MakeRealClock();
    Cancellation wait;
    EXPECT_EQ(wait.WaitFor(*clock, absl::Milliseconds(5)), WaitEnd::kDeadline);
    EXPECT_EQ(wait.WaitUntil(*clock, clock->Now() + absl::Milliseconds(5)), WaitEnd::kDeadline);
  }));
}

TEST(RealClockTest, SoAreTheWaitsOfTheLibraries) {
  EXPECT_TRUE(RunsWithoutRealtimeWaits([] {
    const std::unique_ptr<Clock> clock = MakeRealClock();
    const absl::Time begin = clock->Now();
    absl::Notification never;
    EXPECT_FALSE(never.WaitForNotificationWithTimeout(absl::Milliseconds(20)));
    EXPECT_GE(clock->Now() - begin, absl::Milliseconds(19));
    EXPECT_FALSE(never.WaitForNotificationWithDeadline(absl::Now() - absl::Hours(1)));
    absl::Mutex mutex;
    absl::MutexLock lock(&mutex);
    absl::CondVar changed;
    EXPECT_TRUE(changed.WaitWithDeadline(&mutex, absl::Now() + absl::Milliseconds(20)));
    EXPECT_LT(clock->Now() - begin, absl::Seconds(10));
  }));
}

TEST(RealtimeWaitsTest, AWaitOnTheWallClockIsKilled) {
  EXPECT_FALSE(RunsWithoutRealtimeWaits([] {
    std::mutex mutex;
    std::condition_variable changed;
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait_until(lock, std::chrono::system_clock::now() + std::chrono::milliseconds(5));
  }));
}

TEST(CancellationTest, CancelEndsAWaitOfAnotherThread) {
  NoticingClock clock;
  Cancellation wait;
  WaitEnd end = WaitEnd::kDeadline;
  std::thread waiter([&] { end = wait.WaitUntil(clock, absl::InfiniteFuture()); });
  clock.waiting.WaitForNotification();
  wait.Cancel();
  waiter.join();
  EXPECT_EQ(end, WaitEnd::kCancelled);
}

TEST(CancellationTest, WakeEndsAWaitOfAnotherThread) {
  NoticingClock clock;
  Cancellation wait;
  WaitEnd end = WaitEnd::kDeadline;
  std::thread waiter([&] { end = wait.WaitUntil(clock, absl::InfiniteFuture()); });
  clock.waiting.WaitForNotification();
  wait.Wake();
  waiter.join();
  EXPECT_EQ(end, WaitEnd::kWoken);
  EXPECT_FALSE(wait.cancelled());
}

class CancellationOnBothClocks : public ::testing::TestWithParam<bool> {
 protected:
  std::unique_ptr<Clock> clock_ =
      GetParam() ? MakeRealClock() : std::unique_ptr<Clock>(std::make_unique<SimulatedClock>());
  Cancellation wait_;
};

INSTANTIATE_TEST_SUITE_P(, CancellationOnBothClocks, ::testing::Bool(),
                         [](const auto& param) { return param.param ? "Real" : "Simulated"; });

TEST_P(CancellationOnBothClocks, AWakeBeforeTheWaitEndsThatOneAlone) {
  wait_.Wake();
  wait_.Wake();
  EXPECT_EQ(wait_.WaitFor(*clock_, absl::InfiniteDuration()), WaitEnd::kWoken);
  EXPECT_EQ(wait_.WaitFor(*clock_, absl::Milliseconds(5)), WaitEnd::kDeadline);
}

TEST_P(CancellationOnBothClocks, CancelIsForGood) {
  EXPECT_FALSE(wait_.cancelled());
  wait_.Cancel();
  wait_.Cancel();
  EXPECT_TRUE(wait_.cancelled());
  EXPECT_EQ(wait_.WaitFor(*clock_, absl::InfiniteDuration()), WaitEnd::kCancelled);
  wait_.Wake();
  EXPECT_EQ(wait_.WaitFor(*clock_, absl::InfiniteDuration()), WaitEnd::kCancelled);
  EXPECT_EQ(wait_.WaitUntil(*clock_, absl::InfinitePast()), WaitEnd::kCancelled);
}

}  // namespace
}  // namespace graft
