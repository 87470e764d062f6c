// What VitessQueueLocks does when the store fails it; its contract is tests/contract's.
#include "topo/queue_locks.h"

#include <gmock/gmock.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "fakes/fake_store.h"
#include "fakes/simulated_clock.h"
#include "testing/is_ok.h"

namespace graft {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kName[] = "graft-donor-zone1-0000000100";

const absl::Status& NoAnswer() {
  static const absl::Status& status = *new absl::Status(absl::DeadlineExceededError("no answer"));
  return status;
}

// Falls silent in the middle of the next creation.
class SilencedStore : public FakeStore {
 public:
  using FakeStore::FakeStore;

  enum class When { kNever, kBeforeWriting, kAfterWriting };

  absl::StatusOr<Version> Create(absl::string_view key, absl::string_view value,
                                 LeaseId lease) override {
    switch (std::exchange(silence, When::kNever)) {
      case When::kNever:
        return FakeStore::Create(key, value, lease);
      case When::kBeforeWriting:
        late_key_ = std::string(key);
        late_lease_ = lease;
        break;
      case When::kAfterWriting:
        FakeStore::Create(key, value, lease).IgnoreError();
        break;
    }
    FailAll(NoAnswer());
    return NoAnswer();
  }

  // What was under way all the time arrives.
  absl::Status ArriveLate() { return FakeStore::Create(late_key_, "{}", late_lease_).status(); }

  When silence = When::kNever;

 private:
  std::string late_key_;
  LeaseId late_lease_ = kNoLease;
};

class VitessQueueLocksTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<QueuePlace>> Enter(uint32_t uid = 101) {
    return locks_.Enter(kName, {{"zone1", uid}, "op-1", "clone"});
  }
  std::vector<KeyValue> Keys() {
    auto keys = store_.List("/");
    EXPECT_THAT(keys, IsOk());
    return keys.value_or(std::vector<KeyValue>());
  }

  SimulatedClock clock_;
  SilencedStore store_{clock_};
  VitessQueueLocks locks_{{clock_, store_, "/vitess/global"}, {"host", "user"}};
};

TEST_F(VitessQueueLocksTest, APlaceWhoseAnswerIsLostIsGivenUp) {
  store_.LoseAnswer(NoAnswer());
  EXPECT_TRUE(absl::IsDeadlineExceeded(Enter().status()));
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_F(VitessQueueLocksTest, APlaceThatCannotBeGivenUpEndsWithItsLease) {
  store_.silence = SilencedStore::When::kAfterWriting;
  EXPECT_TRUE(absl::IsDeadlineExceeded(Enter().status()));
  store_.Heal();
  EXPECT_THAT(Keys(), SizeIs(1));
  clock_.Advance(locks_.lease_time());
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_F(VitessQueueLocksTest, TheNextEntryEndsWhatALostAnswerLeft) {
  store_.silence = SilencedStore::When::kAfterWriting;
  EXPECT_FALSE(Enter().ok());
  EXPECT_FALSE(Enter().ok()) << "the store is still silent";
  store_.Heal();
  const auto place = Enter();
  ASSERT_THAT(place, IsOk());
  EXPECT_THAT(Keys(), SizeIs(1));
  const absl::StatusOr<int> ahead = (*place)->Ahead();
  ASSERT_THAT(ahead, IsOk());
  EXPECT_EQ(*ahead, 0);
}

TEST_F(VitessQueueLocksTest, ACreationThatArrivesLateFindsItsLeaseEnded) {
  store_.silence = SilencedStore::When::kBeforeWriting;
  EXPECT_FALSE(Enter().ok());
  EXPECT_FALSE(Enter(102).ok()) << "the store is still silent";
  store_.Heal();
  const auto place = Enter(102);  // of another tablet: the ghost is not found by its alias
  ASSERT_THAT(place, IsOk());
  EXPECT_TRUE(absl::IsNotFound(store_.ArriveLate()));
  EXPECT_THAT(Keys(), SizeIs(1));
}

TEST_F(VitessQueueLocksTest, AStoreThatIsAwayTakesNoPlace) {
  const auto place = Enter();
  ASSERT_THAT(place, IsOk());
  store_.FailAll(absl::UnavailableError("away"));
  EXPECT_TRUE(absl::IsUnavailable((*place)->Ahead().status()));
  EXPECT_TRUE(absl::IsUnavailable((*place)->KeepAlive()));
  EXPECT_TRUE(absl::IsUnavailable((*place)->Leave()));
  EXPECT_TRUE(absl::IsUnavailable(locks_.List(kName).status()));
  store_.Heal();
  EXPECT_THAT((*place)->KeepAlive(), IsOk());
  EXPECT_THAT((*place)->Leave(), IsOk()) << "a Leave that failed can be tried again";
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_F(VitessQueueLocksTest, APlaceLivesAsLongAsVitessesLocks) {
  EXPECT_EQ(locks_.lease_time(), absl::Seconds(30));
  const auto place = Enter();
  clock_.Advance(absl::Seconds(29));
  EXPECT_THAT((*place)->KeepAlive(), IsOk());
  clock_.Advance(absl::Seconds(29));
  EXPECT_THAT((*place)->Ahead(), IsOk());
  clock_.Advance(absl::Seconds(1));
  const absl::Status lost = (*place)->KeepAlive();
  EXPECT_TRUE(absl::IsAborted(lost)) << lost;
  EXPECT_EQ(ReasonOf(lost), "CLAIM_LOST");
}

TEST_F(VitessQueueLocksTest, AnybodysContentsCanBeRead) {
  const std::vector<std::string> texts = {"",
                                          "null",
                                          "[]",
                                          "\"x\"",
                                          "{",
                                          "{\"Action\": 7, \"GraftTablet\": {}}",
                                          "{\"GraftTablet\": \"no alias\"}",
                                          "\xff"};
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string key = absl::StrCat("/vitess/global/internal/named_locks/x/locks/", i);
    ASSERT_THAT(store_.Create(key, texts[i], kNoLease), IsOk());
  }
  const auto others = locks_.List("x");
  ASSERT_THAT(others, IsOk());
  ASSERT_THAT(*others, SizeIs(texts.size()));
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_TRUE((*others)[i].tablet.empty()) << texts[i];
    EXPECT_EQ((*others)[i].action, "") << texts[i];
  }
}

TEST_F(VitessQueueLocksTest, WhoWaitsCanBeRead) {
  const QueueEntry written = {{"zone1", 7}, "op", "clone ä"};
  const auto place = locks_.Enter(kName, written);
  ASSERT_THAT(place, IsOk());
  const auto read = locks_.List(kName);
  ASSERT_THAT(read, IsOk());
  ASSERT_THAT(*read, SizeIs(1));
  EXPECT_EQ((*read)[0].tablet, written.tablet);
  EXPECT_EQ((*read)[0].operation, written.operation);
  EXPECT_EQ((*read)[0].action, written.action);
}

TEST(QueueLockNamesTest, EveryThingHasItsOwnName) {
  EXPECT_EQ(DonorLockName({"zone1", 100}), "graft-donor-zone1-0000000100");
  EXPECT_EQ(DonorLockName({"eu-1.a", 100}), "graft-donor-eu-1.2ea-0000000100");
  EXPECT_EQ(RepairLockName("shop", "0"), "graft-repair-shop-0");
  EXPECT_EQ(RepairLockName("my_shop", "-80"), "graft-repair-my_shop--80");
  EXPECT_EQ(RepairLockName("shop", "80-C0"), RepairLockName("shop", "80-c0"));
  EXPECT_NE(RepairLockName("shop", "A"), RepairLockName("shop", "a")) << "no range";
  const std::set<std::string> names = {RepairLockName("a", "b-c"),  RepairLockName("a-b", "c"),
                                       RepairLockName("a-", "b-c"), RepairLockName("a", "-b-c"),
                                       RepairLockName("a/b", "c"),  RepairLockName("a.2fb", "c")};
  EXPECT_THAT(names, SizeIs(6));
  for (const std::string& name : names) {
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.-"), std::string::npos)
        << name;
  }
}

}  // namespace
}  // namespace graft
