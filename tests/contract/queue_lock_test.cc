// The contract of QueueLocks, on each store: the fake, a folder and a real etcd.
#include "graft/topology.h"

#include <atomic>
#include <functional>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "contract/kv_suite.h"
#include "gmock/gmock.h"
#include "testing/eventually.h"
#include "testing/is_ok.h"
#include "topo/queue_locks.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kName[] = "graft-donor-zone1-0000000100";
constexpr char kPrefix[] =
    "/vitess/global/internal/named_locks/graft-donor-zone1-0000000100/locks/";
constexpr absl::Duration kLease = absl::Seconds(3);  // etcd grants none under two seconds

class QueueLocksTest : public KeyValueStoreTest {
 protected:
  static QueueEntry Of(uint32_t uid) {
    return {{"zone1", uid}, absl::StrCat("op-", uid), absl::StrCat("clone ", uid)};
  }

  static std::unique_ptr<QueuePlace> Enter(QueueLocks& locks, uint32_t uid,
                                           absl::string_view name = kName) {
    auto place = locks.Enter(name, Of(uid));
    EXPECT_THAT(place, IsOk());
    return place.ok() ? *std::move(place) : nullptr;
  }

  // -1: lost, with the reason that says so.
  static int Ahead(QueuePlace& place) {
    const absl::StatusOr<int> ahead = place.Ahead();
    if (ahead.ok()) return *ahead;
    EXPECT_TRUE(IsLost(ahead.status())) << ahead.status();
    return -1;
  }

  static bool IsLost(const absl::Status& status) {
    return absl::IsAborted(status) && ReasonOf(status) == "CLAIM_LOST";
  }

  std::vector<std::string> Queue(absl::string_view name = kName) {
    std::vector<std::string> operations;
    const absl::StatusOr<std::vector<QueueEntry>> entries = others_.List(name);
    EXPECT_THAT(entries, IsOk());
    if (!entries.ok()) return operations;
    for (const QueueEntry& entry : *entries) operations.push_back(entry.operation);
    return operations;
  }

  // Lets time pass, bit by bit, until `condition` holds; false: not within a while.
  bool PassUntil(const std::function<bool()>& condition) {
    for (int i = 0; i < 60; ++i) {
      if (condition()) return true;
      backend_->PassTime(absl::Milliseconds(250));
    }
    return false;
  }

  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  VitessQueueLocks locks_{{*clock_, store_, "/vitess/global"}, {"host1", "dba", kLease}};
  // Those of another agent.
  VitessQueueLocks others_{{*clock_, second_, "/vitess/global"}, {"host2", "dba", kLease}};
};

TEST_P(QueueLocksTest, WaitersStandInTheOrderOfTheirComing) {
  const auto first = Enter(locks_, 103);
  const auto second = Enter(others_, 101);
  const auto third = Enter(locks_, 102);
  EXPECT_EQ(Ahead(*first), 0);
  EXPECT_EQ(Ahead(*second), 1);
  EXPECT_EQ(Ahead(*third), 2);
  const auto entries = others_.List(kName);
  ASSERT_THAT(entries, IsOk());
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ((*entries)[0].tablet.ToString(), "zone1-0000000103");
  EXPECT_EQ((*entries)[0].operation, "op-103");
  EXPECT_EQ((*entries)[0].action, "clone 103");
  EXPECT_THAT(Queue(), ElementsAre("op-103", "op-101", "op-102"));
}

TEST_P(QueueLocksTest, QueuesAreSeparate) {
  const auto one = Enter(locks_, 101);
  const auto other = Enter(locks_, 101, absl::StrCat(kName, "0"));
  EXPECT_EQ(Ahead(*one), 0);
  EXPECT_EQ(Ahead(*other), 0);
  EXPECT_THAT(Queue(), ElementsAre("op-101"));
  EXPECT_THAT(Queue("nobody-here"), IsEmpty());
}

TEST_P(QueueLocksTest, TheNextMovesUpWhenTheHolderLeaves) {
  const auto holder = Enter(locks_, 101);
  const auto next = Enter(others_, 102);
  EXPECT_THAT(holder->Leave(), IsOk());
  EXPECT_EQ(Ahead(*next), 0);
  EXPECT_EQ(Ahead(*holder), -1);
  EXPECT_TRUE(IsLost(holder->KeepAlive()));
  EXPECT_THAT(holder->Leave(), IsOk()) << "what is left is left";
  EXPECT_THAT(Queue(), ElementsAre("op-102"));
}

TEST_P(QueueLocksTest, DestructionLeaves) {
  auto holder = Enter(locks_, 101);
  const auto next = Enter(others_, 102);
  holder = nullptr;
  EXPECT_EQ(Ahead(*next), 0);
}

TEST_P(QueueLocksTest, WhoIsKeptAliveStaysAndWhoIsNotGoes) {
  const auto dead = Enter(locks_, 101);
  const auto alive = Enter(others_, 102);
  for (int i = 0; i < 5; ++i) {
    backend_->PassTime(absl::Seconds(1));
    ASSERT_THAT(alive->KeepAlive(), IsOk());
  }
  EXPECT_TRUE(PassUntil([&] {
    EXPECT_THAT(alive->KeepAlive(), IsOk());
    return Ahead(*alive) == 0;
  })) << "the dead one's lease does not end";
  EXPECT_EQ(Ahead(*dead), -1);
  EXPECT_TRUE(IsLost(dead->KeepAlive()));
  EXPECT_THAT(dead->Leave(), IsOk());
  EXPECT_TRUE(PassUntil([&] { return Ahead(*alive) == -1; })) << "nor does this one's";
  EXPECT_THAT(Queue(), IsEmpty());
}

TEST_P(QueueLocksTest, TheNextProcessOfAnAgentTakesUpItsPlaceForTheSameOperation) {
  const auto killed = Enter(locks_, 101);
  const auto waiting = Enter(locks_, 102);
  QueueEntry now = Of(101);
  now.waiting = true;
  const auto entered = others_.Enter(kName, now);
  ASSERT_THAT(entered, IsOk());
  const auto& back = *entered;
  EXPECT_THAT(Queue(), ElementsAre("op-101", "op-102"));
  EXPECT_EQ(others_.List(kName)->front(), now) << "it says what the process before it said";
  EXPECT_EQ(Ahead(*back), 0);
  EXPECT_EQ(Ahead(*waiting), 1);
  EXPECT_THAT(back->KeepAlive(), IsOk());
  EXPECT_THAT(back->Leave(), IsOk());
  EXPECT_EQ(Ahead(*waiting), 0);
  EXPECT_THAT(Queue(), ElementsAre("op-102")) << "there is nothing else left of either";
}

TEST_P(QueueLocksTest, ForAnotherOperationItStandsAtTheEnd) {
  const auto killed = Enter(locks_, 101);
  const auto waiting = Enter(locks_, 102);
  const auto next = others_.Enter(kName, {{"zone1", 101}, "op-next", "clone"});
  ASSERT_THAT(next, IsOk());
  EXPECT_THAT(Queue(), ElementsAre("op-102", "op-next"));
  EXPECT_EQ(Ahead(**next), 1);
  EXPECT_EQ(Ahead(*waiting), 0);
  EXPECT_EQ(Ahead(*killed), -1);
  EXPECT_TRUE(IsLost(killed->KeepAlive()));
  EXPECT_THAT(killed->Leave(), IsOk());
  EXPECT_EQ(Ahead(**next), 1) << "the old one's end is not the new one's";
}

TEST_P(QueueLocksTest, OfManyThatEnterAtOnceEachGetsItsOwnPlace) {
  constexpr int kMany = 6;
  std::vector<std::unique_ptr<QueuePlace>> places(kMany);
  std::vector<std::thread> threads;
  for (int i = 0; i < kMany; ++i) {
    threads.emplace_back([&, i] { places[i] = Enter(i % 2 == 0 ? locks_ : others_, 101 + i); });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<int> taken;
  for (const auto& place : places) taken.insert(Ahead(*place));
  EXPECT_THAT(taken, ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST_P(QueueLocksTest, LocksOfOthersAreWaitedFor) {
  const LeaseId lease = Lease(absl::Seconds(60));
  Put(absl::StrCat(kPrefix, lease),
      "{\n  \"Action\": \"VDiff\",\n  \"HostName\": \"ctl\",\n  \"UserName\": \"vitess\",\n"
      "  \"Time\": \"2026-11-20T13:00:00Z\",\n  \"Options\": {},\n  \"Status\": \"Running\"\n}",
      lease);
  Put(absl::StrCat(kPrefix, "by hand"), "not JSON");
  const auto place = Enter(locks_, 101);
  EXPECT_EQ(Ahead(*place), 2);
  const auto entries = others_.List(kName);
  ASSERT_THAT(entries, IsOk());
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_TRUE((*entries)[0].tablet.empty());
  EXPECT_EQ((*entries)[0].action, "VDiff");
  EXPECT_TRUE((*entries)[1].tablet.empty());
  ASSERT_THAT(second_.RevokeLease(lease), IsOk());
  EXPECT_EQ(Ahead(*place), 1);
}

TEST_P(QueueLocksTest, APlaceRemovedByHandIsLost) {
  const auto place = Enter(locks_, 101);
  const std::vector<KeyValue> items = *second_.List(kPrefix);
  ASSERT_EQ(items.size(), 1U);
  ASSERT_THAT(second_.Delete(items[0].key, items[0].version), IsOk());
  EXPECT_TRUE(IsLost(place->KeepAlive()));
  EXPECT_EQ(Ahead(*place), -1);
}

TEST_P(QueueLocksTest, TheRecordIsOneThatVitessKnows) {
  const auto place = locks_.Enter(kName, {{"zone1", 101}, "op \"7\"", "clone\n<101>"});
  const std::vector<KeyValue> items = *second_.List("/");
  ASSERT_EQ(items.size(), 1U);
  EXPECT_NE(items[0].lease, kNoLease);
  EXPECT_EQ(items[0].key, absl::StrCat(kPrefix, items[0].lease));
  EXPECT_THAT(items[0].value, HasSubstr("{\n  \"Action\": \"clone\\n<101>\",\n"
                                        "  \"HostName\": \"host1\",\n  \"UserName\": \"dba\",\n"
                                        "  \"Time\": \"20"));
  EXPECT_THAT(items[0].value, HasSubstr("Z\",\n  \"Options\": {},\n"));
  EXPECT_THAT(items[0].value, HasSubstr("\n  \"Status\": \"Running\"\n}"));
  EXPECT_EQ(others_.List(kName)->front().operation, "op \"7\"");
  EXPECT_EQ(others_.List(kName)->front().action, "clone\n<101>");
}

TEST_P(QueueLocksTest, APlaceStaysWhereItIsWhateverIsSaidOfIt) {
  const auto first = Enter(locks_, 101);
  const auto second = Enter(locks_, 102);
  QueueEntry entry = Of(101);
  for (int i = 0; i < 3; ++i) {
    entry.waiting = i == 1;
    entry.wants = i == 1 ? TabletAlias{"zone1", 100} : TabletAlias();
    entry.holds = i == 2 ? TabletAlias{"zone2", 7} : TabletAlias();
    ASSERT_THAT(first->Change(entry), IsOk());
    EXPECT_EQ(others_.List(kName)->front(), entry);
  }
  EXPECT_EQ(Ahead(*first), 0);
  EXPECT_EQ(Ahead(*second), 1);
  EXPECT_THAT(first->KeepAlive(), IsOk());
  EXPECT_THAT(first->Leave(), IsOk());
  EXPECT_TRUE(IsLost(first->Change(entry)));
}

TEST_P(QueueLocksTest, WhoWatchesHearsOfEachChange) {
  std::atomic<int> changes = 0;
  const auto watch = others_.WatchQueue(kName, [&changes] { ++changes; });
  ASSERT_THAT(watch, IsOk());
  const auto heard = [&changes](int many) {
    return Eventually(absl::Seconds(10), [&] { return changes == many; });
  };
  auto place = Enter(locks_, 101);
  EXPECT_TRUE(heard(1)) << changes;
  ASSERT_THAT(place->Change({{"zone1", 101}, "op-101", "else"}), IsOk());
  EXPECT_TRUE(heard(2)) << changes;
  const auto elsewhere = Enter(locks_, 102, "graft-donor-zone1-0000000199");
  ASSERT_THAT(place->Leave(), IsOk());
  EXPECT_TRUE(heard(3)) << changes;
}

TEST_P(QueueLocksTest, NamesThatWouldLeaveTheFolderAreRefused) {
  for (const char* name : {"", ".", "..", "a/b", "../x", "a b", "ä", "a\n"}) {
    EXPECT_EQ(locks_.Enter(name, Of(101)).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(locks_.List(name).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(locks_.Enter(kName, {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(*store_.List(""), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Stores, QueueLocksTest,
                         ::testing::Values(KvParam{"Fake", &MakeFakeBackend},
                                           KvParam{"Folder", &MakeFolderBackend},
                                           KvParam{"Etcd", &MakeEtcdBackend}),
                         [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace graft
