#include "provision/donor/claim_keeper.h"

#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clocks.h"
#include "base/errors.h"
#include "fakes/fake_store.h"
#include "fakes/simulated_clock.h"
#include "testing/is_ok.h"
#include "topo/queue_locks.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using State = ClaimKeeper::State;

constexpr char kName[] = "graft-donor-zone1-0000000100";
constexpr char kOtherName[] = "graft-donor-zone1-0000000102";

class ClaimKeeperTest : public ::testing::Test {
 protected:
  absl::Status Enter(absl::string_view name = kName) {
    return keeper_.Enter(name, {{"zone1", 101}, "op-1", "clone"});
  }

  std::unique_ptr<QueuePlace> EnterOther() {
    return *locks_.Enter(kName, {{"zone1", 103}, "op-other", "clone"});
  }

  // -1: lost, -2: something else.
  int Ahead() {
    const absl::StatusOr<int> ahead = keeper_.Ahead();
    if (ahead.ok()) return *ahead;
    return absl::IsAborted(ahead.status()) && ReasonOf(ahead.status()) == "CLAIM_LOST" ? -1 : -2;
  }

  std::vector<std::string> Queue(absl::string_view name = kName) {
    std::vector<std::string> operations;
    const std::vector<QueueEntry> entries = *locks_.List(name);
    for (const QueueEntry& entry : entries) operations.push_back(entry.operation);
    return operations;
  }

  // Serves for `duration` of the simulated clock, which moves because Serve() waits.
  void ServeFor(absl::Duration duration) {
    clock_.At(clock_.Now() + duration, [this] { keeper_.Stop(); });
    keeper_.Serve(clock_);
  }

  SimulatedClock clock_;
  FakeStore store_{clock_};
  VitessQueueLocks locks_{{clock_, store_, "/vitess/global"}, {"host", "user"}};
  ClaimKeeper keeper_{locks_};
};

TEST_F(ClaimKeeperTest, WithoutAPlaceThereIsNothingToKeep) {
  EXPECT_EQ(keeper_.state(), State::kNone);
  EXPECT_FALSE(keeper_.Holds(kName));
  EXPECT_TRUE(absl::IsFailedPrecondition(keeper_.Ahead().status()));
  const int calls = store_.calls();
  EXPECT_THAT(keeper_.KeepAliveOnce(), IsOk());
  EXPECT_THAT(keeper_.Leave(), IsOk());
  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(ClaimKeeperTest, WaitsUntilItIsFirst) {
  auto holder = EnterOther();
  ASSERT_THAT(Enter(), IsOk());
  EXPECT_EQ(keeper_.state(), State::kWaiting);
  EXPECT_EQ(Ahead(), 1);
  EXPECT_EQ(keeper_.state(), State::kWaiting);
  holder = nullptr;
  EXPECT_FALSE(keeper_.Holds(kName)) << "nobody has asked since";
  EXPECT_EQ(Ahead(), 0);
  EXPECT_TRUE(keeper_.Holds(kName));
  EXPECT_THAT(keeper_.Leave(), IsOk());
  EXPECT_EQ(keeper_.state(), State::kNone);
  EXPECT_THAT(Queue(), IsEmpty());
}

TEST_F(ClaimKeeperTest, TheNextDonorsQueueInsteadOfTheFormer) {
  ASSERT_THAT(Enter(), IsOk());
  ASSERT_THAT(Enter(kOtherName), IsOk());
  EXPECT_THAT(Queue(), IsEmpty());
  EXPECT_THAT(Queue(kOtherName), ElementsAre("op-1"));
}

TEST_F(ClaimKeeperTest, ALostPlaceIsRememberedUntilTheNext) {
  ASSERT_THAT(Enter(), IsOk());
  EXPECT_EQ(Ahead(), 0);
  clock_.Advance(locks_.lease_time());
  EXPECT_TRUE(keeper_.Holds(kName)) << "nobody has asked since";
  EXPECT_TRUE(absl::IsAborted(keeper_.KeepAliveOnce()));
  EXPECT_EQ(keeper_.state(), State::kLost);
  EXPECT_EQ(Ahead(), -1);
  EXPECT_THAT(keeper_.KeepAliveOnce(), IsOk()) << "there is nothing left to keep";
  EXPECT_THAT(keeper_.Leave(), IsOk());
  EXPECT_EQ(keeper_.state(), State::kLost);
  store_.FailNext(1, absl::UnavailableError("away"));
  EXPECT_FALSE(Enter().ok());
  EXPECT_EQ(keeper_.state(), State::kNone);
  ASSERT_THAT(Enter(), IsOk());
  EXPECT_EQ(keeper_.state(), State::kWaiting);
  EXPECT_EQ(Ahead(), 0);
}

TEST_F(ClaimKeeperTest, AskingFindsTheLossToo) {
  ASSERT_THAT(Enter(), IsOk());
  clock_.Advance(locks_.lease_time());
  EXPECT_EQ(Ahead(), -1);
  EXPECT_EQ(keeper_.state(), State::kLost);
}

TEST_F(ClaimKeeperTest, AStoreThatIsAwayLosesNothing) {
  ASSERT_THAT(Enter(), IsOk());
  EXPECT_EQ(Ahead(), 0);
  store_.FailAll(absl::UnavailableError("away"));
  EXPECT_TRUE(absl::IsUnavailable(keeper_.KeepAliveOnce()));
  EXPECT_EQ(Ahead(), -2);
  EXPECT_TRUE(keeper_.Holds(kName));
  store_.Heal();
  EXPECT_THAT(keeper_.KeepAliveOnce(), IsOk());
}

TEST_F(ClaimKeeperTest, AnEntryThatFailsLeavesItWithoutAPlace) {
  ASSERT_THAT(Enter(), IsOk());
  store_.FailAll(absl::UnavailableError("away"));
  EXPECT_TRUE(absl::IsUnavailable(Enter(kOtherName)));
  EXPECT_EQ(keeper_.state(), State::kNone);
  store_.Heal();
  clock_.Advance(locks_.lease_time() / 2);
  EXPECT_THAT(keeper_.KeepAliveOnce(), IsOk());
  clock_.Advance(locks_.lease_time() / 2);
  EXPECT_THAT(Queue(), IsEmpty()) << "the former place, which could not be left, is kept alive";
}

TEST_F(ClaimKeeperTest, APlaceThatCannotBeLeftIsKeptNoLonger) {
  ASSERT_THAT(Enter(), IsOk());
  store_.FailAll(absl::UnavailableError("away"));
  EXPECT_TRUE(absl::IsUnavailable(keeper_.Leave()));
  EXPECT_EQ(keeper_.state(), State::kNone);
  EXPECT_TRUE(absl::IsUnavailable(keeper_.KeepAliveOnce())) << "it is tried again";
  store_.Heal();
  EXPECT_THAT(Queue(), ElementsAre("op-1"));
  clock_.Advance(locks_.lease_time() / 2);
  EXPECT_THAT(keeper_.KeepAliveOnce(), IsOk());
  EXPECT_THAT(Queue(), IsEmpty()) << "before its lease ends";
}

// It would be taken over, and given up with the old one.
TEST_F(ClaimKeeperTest, APlaceThatIsToBeLeftIsNotEnteredAgain) {
  ASSERT_THAT(Enter(), IsOk());
  store_.FailAll(absl::UnavailableError("away"));
  EXPECT_TRUE(absl::IsUnavailable(keeper_.Leave()));
  store_.Heal();
  store_.FailNext(StoreMethod::kRevokeLease, absl::UnavailableError("away"), 1);
  EXPECT_TRUE(absl::IsUnavailable(Enter()));
  ASSERT_THAT(Enter(), IsOk());
  EXPECT_EQ(Ahead(), 0);
  EXPECT_THAT(keeper_.KeepAliveOnce(), IsOk());
  EXPECT_EQ(Ahead(), 0);
  EXPECT_THAT(Queue(), ElementsAre("op-1"));
}

TEST_F(ClaimKeeperTest, ServingKeepsAPlaceForAsLongAsItTakes) {
  ASSERT_THAT(Enter(), IsOk());
  ServeFor(absl::Hours(10));
  EXPECT_EQ(Ahead(), 0);
}

TEST_F(ClaimKeeperTest, ServingOutlivesAStoreThatIsAwayForLessThanTheLease) {
  ASSERT_THAT(Enter(), IsOk());
  const absl::Time start = clock_.Now();
  clock_.At(start + absl::Seconds(1), [this] { store_.FailAll(absl::UnavailableError("away")); });
  clock_.At(start + absl::Seconds(28), [this] { store_.Heal(); });
  ServeFor(absl::Minutes(5));
  EXPECT_EQ(Ahead(), 0);
}

TEST_F(ClaimKeeperTest, ServingNoticesALossAndTakesUpTheNextPlace) {
  ASSERT_THAT(Enter(), IsOk());
  const absl::Time start = clock_.Now();
  State after_loss = State::kNone;
  clock_.At(start + absl::Seconds(1), [this] {
    const std::vector<KeyValue> places = *store_.List("/");
    for (const KeyValue& item : places) store_.RevokeLease(item.lease).IgnoreError();
  });
  clock_.At(start + absl::Seconds(20), [&] { after_loss = keeper_.state(); });
  clock_.At(start + absl::Minutes(2), [this] { EXPECT_THAT(Enter(), IsOk()); });
  ServeFor(absl::Minutes(10));
  EXPECT_EQ(after_loss, State::kLost);
  EXPECT_EQ(Ahead(), 0);
}

TEST_F(ClaimKeeperTest, TellsWhenTheLeaseWasKeptAliveLast) {
  EXPECT_EQ(keeper_.kept_alive(), std::nullopt);
  const absl::Time start = clock_.Now();
  const auto age = [this] { return clock_.Now() - keeper_.kept_alive().value_or(clock_.Now()); };
  clock_.At(start + absl::Seconds(1), [this] { EXPECT_THAT(Enter(), IsOk()); });
  clock_.At(start + absl::Seconds(50), [&] {
    EXPECT_NE(keeper_.kept_alive(), std::nullopt);
    EXPECT_LE(age(), locks_.lease_time() / 3);
    store_.FailAll(absl::UnavailableError("away"));
  });
  clock_.At(start + absl::Seconds(70), [&] {
    EXPECT_GE(age(), absl::Seconds(20)) << "a try that fails keeps nothing alive";
    store_.Heal();
  });
  clock_.At(start + absl::Seconds(75), [&] {
    EXPECT_LE(age(), absl::Seconds(5));
    EXPECT_THAT(keeper_.Leave(), IsOk());
    EXPECT_EQ(keeper_.kept_alive(), std::nullopt);
  });
  ServeFor(absl::Seconds(80));
}

// It is entered with a lease that is new.
TEST_F(ClaimKeeperTest, APlaceThatWasNeverKeptAliveAgesFromItsEntry) {
  const absl::Time start = clock_.Now();
  clock_.At(start + absl::Seconds(1), [this] {
    EXPECT_THAT(Enter(), IsOk());
    store_.FailAll(absl::UnavailableError("away"));
  });
  clock_.At(start + absl::Seconds(21),
            [&] { EXPECT_EQ(keeper_.kept_alive(), start + absl::Seconds(1)); });
  ServeFor(absl::Seconds(22));
}

TEST_F(ClaimKeeperTest, IsStoppedFromAnotherThread) {
  const std::unique_ptr<Clock> clock = MakeRealClock();
  std::thread thread([&] { keeper_.Serve(*clock); });
  ASSERT_THAT(Enter(), IsOk());
  EXPECT_EQ(Ahead(), 0);
  keeper_.Stop();
  thread.join();
  EXPECT_TRUE(keeper_.Holds(kName));
}

}  // namespace
}  // namespace graft
