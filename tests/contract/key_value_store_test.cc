// The contract of KeyValueStore, on the fake, on a folder and on a real etcd.
#include "graft/key_value_store.h"

#include <atomic>
#include <set>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "contract/kv_backends.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Param {
  const char* name;
  std::unique_ptr<KvBackend> (*make)();
};

class KeyValueStoreTest : public ::testing::TestWithParam<Param> {
 protected:
  static std::vector<std::string> Keys(const std::vector<KeyValue>& items) {
    std::vector<std::string> keys;
    for (const KeyValue& item : items) keys.push_back(item.key);
    return keys;
  }

  // A write that is expected to succeed.
  Version Put(absl::string_view key, absl::string_view value, LeaseId lease = kNoLease) {
    absl::StatusOr<Version> version = store_.Create(key, value, lease);
    EXPECT_TRUE(version.ok()) << version.status();
    return version.value_or(-1);
  }

  LeaseId Lease(absl::Duration ttl) {
    absl::StatusOr<LeaseId> lease = store_.GrantLease(ttl);
    EXPECT_TRUE(lease.ok()) << lease.status();
    return lease.value_or(-1);
  }

  std::unique_ptr<Watch> StartWatch(absl::string_view prefix, Version after, EventLog& log) {
    absl::StatusOr<std::unique_ptr<Watch>> watch =
        second_.WatchPrefix(prefix, after, log.Callback());
    EXPECT_TRUE(watch.ok()) << watch.status();
    return watch.ok() ? *std::move(watch) : nullptr;
  }

  std::unique_ptr<KvBackend> backend_ = GetParam().make();
  KeyValueStore& store_ = backend_->first();
  KeyValueStore& second_ = backend_->second();
};

TEST_P(KeyValueStoreTest, GetReturnsWhatCreateWrote) {
  const std::string bytes("v\0\xff\n", 4);
  const Version version = Put("/a", bytes);
  EXPECT_GT(version, 0);
  const absl::StatusOr<KeyValue> item = second_.Get("/a");
  ASSERT_TRUE(item.ok()) << item.status();
  EXPECT_EQ(item->key, "/a");
  EXPECT_EQ(item->value, bytes);
  EXPECT_EQ(item->version, version);
  EXPECT_EQ(item->create_version, version);
  EXPECT_EQ(item->lease, kNoLease);
}

TEST_P(KeyValueStoreTest, MissingKeysAreNotFound) {
  EXPECT_EQ(store_.Get("/none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_.Delete("/none", 1).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_.Update("/none", "v", 1).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(store_.Update("/none", "v", 0).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(store_.Get("/none").status().code(), absl::StatusCode::kNotFound);
}

TEST_P(KeyValueStoreTest, EmptyKeysAreRefused) {
  EXPECT_EQ(store_.Get("").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.Create("", "v", kNoLease).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.Update("", "v", 1).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.Delete("", 1).code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(KeyValueStoreTest, CreateRefusesAnExistingKey) {
  Put("/a", "first");
  EXPECT_EQ(second_.Create("/a", "second", kNoLease).status().code(),
            absl::StatusCode::kAlreadyExists);
  // The key is looked at before the lease.
  EXPECT_EQ(second_.Create("/a", "second", 12345).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(store_.Get("/a")->value, "first");
}

TEST_P(KeyValueStoreTest, UpdateIsCompareAndSwap) {
  const Version first = Put("/a", "1");
  const Version other = Put("/b", "1");
  EXPECT_GT(other, first) << "versions grow across keys";
  const absl::StatusOr<Version> second = second_.Update("/a", "2", first);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_GT(*second, other);
  EXPECT_EQ(store_.Update("/a", "3", first).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(store_.Update("/a", "3", 0).status().code(), absl::StatusCode::kAborted);
  const absl::StatusOr<KeyValue> item = store_.Get("/a");
  EXPECT_EQ(item->value, "2");
  EXPECT_EQ(item->version, *second);
  EXPECT_EQ(item->create_version, first);
}

TEST_P(KeyValueStoreTest, DeleteIsCompareAndDelete) {
  const Version first = Put("/a", "1");
  const Version second = *store_.Update("/a", "2", first);
  EXPECT_EQ(store_.Delete("/a", first).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(store_.Delete("/a", 0).code(), absl::StatusCode::kAborted);
  EXPECT_TRUE(second_.Get("/a").ok());
  EXPECT_TRUE(store_.Delete("/a", second).ok());
  EXPECT_EQ(second_.Get("/a").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_.Delete("/a", second).code(), absl::StatusCode::kNotFound);
  EXPECT_GT(Put("/a", "again"), second + 1) << "the deletion has a version, too";
}

TEST_P(KeyValueStoreTest, ListIsByPrefixInKeyOrder) {
  const std::vector<std::string> all = {"/b", "/a/c", "/a", "/a/b", "/ab", "/a/b/c", "/a/b-"};
  for (const std::string& key : all) Put(key, "v of " + key);
  const absl::StatusOr<std::vector<KeyValue>> items = second_.List("/a/");
  ASSERT_TRUE(items.ok()) << items.status();
  EXPECT_THAT(Keys(*items), ElementsAre("/a/b", "/a/b-", "/a/b/c", "/a/c"));
  EXPECT_EQ((*items)[2].value, "v of /a/b/c");
  EXPECT_THAT(Keys(*store_.List("/a")),
              ElementsAre("/a", "/a/b", "/a/b-", "/a/b/c", "/a/c", "/ab"));
  EXPECT_THAT(Keys(*store_.List("/zzz")), IsEmpty());
  EXPECT_EQ(store_.List("")->size(), all.size());
}

TEST_P(KeyValueStoreTest, KeysMayHoldAnyByte) {
  const std::set<std::string> keys = {"..",
                                      ".",
                                      "../../etc",
                                      "a//b",
                                      "/",
                                      "%2F",
                                      "a b\n\t",
                                      "ä,+%~",
                                      std::string("nul\0nul", 7),
                                      "\xff",
                                      "\xff\xff",
                                      "A",
                                      "a",
                                      "x.tmp",
                                      "lock",
                                      std::string(200, 'k')};
  for (const std::string& key : keys) Put(key, key + "!");
  for (const std::string& key : keys) EXPECT_EQ(second_.Get(key)->value, key + "!");
  EXPECT_EQ(Keys(*second_.List("")), std::vector<std::string>(keys.begin(), keys.end()));
  EXPECT_THAT(Keys(*second_.List("\xff")), ElementsAre("\xff", "\xff\xff"));
}

TEST_P(KeyValueStoreTest, CreateVersionOrdersWaiters) {
  const LeaseId one = Lease(absl::Seconds(60));
  const LeaseId two = Lease(absl::Seconds(60));
  EXPECT_NE(one, two);
  Put("/locks/2", "first", one);
  Put("/locks/1", "second", two);
  ASSERT_TRUE(store_.Update("/locks/2", "touched", store_.Get("/locks/2")->version).ok());
  const std::vector<KeyValue> waiters = *second_.List("/locks/");
  ASSERT_EQ(waiters.size(), 2U);
  EXPECT_GT(waiters[0].create_version, waiters[1].create_version);
  EXPECT_LT(waiters[0].version, waiters[1].version);
}

TEST_P(KeyValueStoreTest, ConcurrentUpdatesAreNotLost) {
  constexpr int kThreads = 4;
  constexpr int kIncrements = 15;
  Put("/n", "0");
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&store = t % 2 == 0 ? store_ : second_] {
      for (int done = 0; done < kIncrements;) {
        const absl::StatusOr<KeyValue> item = store.Get("/n");
        ASSERT_TRUE(item.ok()) << item.status();
        int n = 0;
        ASSERT_TRUE(absl::SimpleAtoi(item->value, &n));
        const absl::StatusOr<Version> written =
            store.Update("/n", absl::StrCat(n + 1), item->version);
        if (written.ok())
          ++done;
        else
          ASSERT_EQ(written.status().code(), absl::StatusCode::kAborted) << written.status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_.Get("/n")->value, absl::StrCat(kThreads * kIncrements));
}

TEST_P(KeyValueStoreTest, WatchTellsPutsAndDeletesInOrder) {
  Put("/w/old", "before");
  EventLog log;
  const std::unique_ptr<Watch> watch = StartWatch("/w/", 0, log);
  const Version created = Put("/w/a", "1");
  Put("/other", "x");
  const Version updated = *store_.Update("/w/a", "2", created);
  ASSERT_TRUE(store_.Delete("/w/a", updated).ok());
  ASSERT_THAT(log.Wait(3), ElementsAre("put /w/a=1", "put /w/a=2", "delete /w/a"));
  const std::vector<KeyEvent> events = log.events();
  EXPECT_EQ(events[0].item.version, created);
  EXPECT_EQ(events[1].item.version, updated);
  EXPECT_EQ(events[1].item.create_version, created);
  EXPECT_GT(events[2].item.version, updated);
}

TEST_P(KeyValueStoreTest, WatchFromThePastHasNoGaps) {
  const Version start = Put("/w/a", "0");
  Version version = start;
  std::vector<std::string> expected;
  for (int i = 1; i <= 20; ++i) {
    version = *store_.Update("/w/a", absl::StrCat(i), version);
    expected.push_back(absl::StrCat("put /w/a=", i));
  }
  ASSERT_TRUE(store_.Delete("/w/a", version).ok());
  expected.push_back("delete /w/a");
  EventLog log;
  const std::unique_ptr<Watch> watch = StartWatch("/w/", start, log);
  Put("/w/b", "new");
  expected.push_back("put /w/b=new");
  EXPECT_EQ(log.Wait(expected.size()), expected);
}

TEST_P(KeyValueStoreTest, WatchOfAVersionStillToComeIsRefused) {
  EventLog log;
  const Version now = Put("/a", "1");
  EXPECT_EQ(store_.WatchPrefix("/", now + 100, log.Callback()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.WatchPrefix("/", -1, log.Callback()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(KeyValueStoreTest, WatchesAreIndependent) {
  EventLog all;
  EventLog some;
  EventLog ended;
  const std::unique_ptr<Watch> watch_all = StartWatch("", 0, all);
  const std::unique_ptr<Watch> watch_some = StartWatch("/s", 0, some);
  StartWatch("", 0, ended).reset();
  StartWatch("", 0, ended).reset();  // idle ends are quick and silent
  Put("/s", "1");
  Put("/t", "2");
  EXPECT_THAT(all.Wait(2), ElementsAre("put /s=1", "put /t=2"));
  EXPECT_THAT(some.Wait(1), ElementsAre("put /s=1"));
  EXPECT_THAT(ended.events(), IsEmpty());
}

TEST_P(KeyValueStoreTest, EndOfAWatchWaitsForItsCallback) {
  std::atomic<bool> inside{false};
  std::atomic<int> finished{0};
  auto watch = store_.WatchPrefix("/w", 0, [&](const KeyEvent&) {
    inside = true;
    PassRealTime(absl::Milliseconds(200));
    ++finished;
  });
  ASSERT_TRUE(watch.ok()) << watch.status();
  Put("/w", "1");
  ASSERT_TRUE(Eventually([&] { return inside.load(); }));
  watch->reset();
  EXPECT_EQ(finished, 1);
}

TEST_P(KeyValueStoreTest, RevokeEndsTheLeaseAndItsKeys) {
  EventLog log;
  const std::unique_ptr<Watch> watch = StartWatch("/l/", 0, log);
  const LeaseId lease = Lease(absl::Seconds(60));
  Put("/l/b", "1", lease);
  Put("/l/a", "1", lease);
  Put("/l/stays", "1");
  EXPECT_EQ(second_.Get("/l/a")->lease, lease);
  EXPECT_TRUE(second_.RevokeLease(lease).ok());
  EXPECT_THAT(Keys(*store_.List("/l/")), ElementsAre("/l/stays"));
  EXPECT_THAT(log.Wait(5), ElementsAre("put /l/b=1", "put /l/a=1", "put /l/stays=1", "delete /l/a",
                                       "delete /l/b"));
  EXPECT_EQ(store_.RevokeLease(lease).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_.KeepLeaseAlive(lease).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_.Create("/l/late", "1", lease).status().code(), absl::StatusCode::kNotFound);
}

TEST_P(KeyValueStoreTest, UpdateKeepsTheLease) {
  const LeaseId lease = Lease(absl::Seconds(60));
  const Version version = Put("/l/a", "1", lease);
  ASSERT_TRUE(store_.Update("/l/a", "2", version).ok());
  EXPECT_EQ(store_.Get("/l/a")->lease, lease);
  ASSERT_TRUE(store_.RevokeLease(lease).ok());
  EXPECT_EQ(store_.Get("/l/a").status().code(), absl::StatusCode::kNotFound);
}

TEST_P(KeyValueStoreTest, DeletedKeyLeavesItsLease) {
  const LeaseId lease = Lease(absl::Seconds(60));
  ASSERT_TRUE(store_.Delete("/l/a", Put("/l/a", "1", lease)).ok());
  Put("/l/a", "2");
  ASSERT_TRUE(store_.RevokeLease(lease).ok());
  EXPECT_EQ(store_.Get("/l/a")->value, "2");
}

TEST_P(KeyValueStoreTest, LeaseEndsByItself) {
  EventLog log;
  const std::unique_ptr<Watch> watch = StartWatch("/l/", 0, log);
  const LeaseId lease = Lease(absl::Seconds(1));
  const Version version = Put("/l/a", "1", lease);
  backend_->PassTime(absl::Seconds(1));
  ASSERT_THAT(log.Wait(2), ElementsAre("put /l/a=1", "delete /l/a"));
  EXPECT_GT(log.events()[1].item.version, version);
  EXPECT_EQ(store_.Get("/l/a").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Keys(*store_.List("/l/")), IsEmpty());
  EXPECT_EQ(store_.KeepLeaseAlive(lease).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_.RevokeLease(lease).code(), absl::StatusCode::kNotFound);
}

TEST_P(KeyValueStoreTest, KeptAliveLeaseLives) {
  const LeaseId kept = Lease(absl::Seconds(2));
  const LeaseId left = Lease(absl::Seconds(2));
  Put("/l/kept", "1", kept);
  Put("/l/left", "1", left);
  for (int i = 0; i < 5; ++i) {
    backend_->PassTime(absl::Seconds(1));
    ASSERT_TRUE(second_.KeepLeaseAlive(kept).ok());
  }
  EXPECT_THAT(Keys(*store_.List("/l/")), ElementsAre("/l/kept"));
}

TEST_P(KeyValueStoreTest, LeasesLastWholeSeconds) {
  EXPECT_EQ(store_.GrantLease(absl::ZeroDuration()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.GrantLease(absl::Milliseconds(1500)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.GrantLease(-absl::Seconds(1)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.Create("/l", "1", 424242).status().code(), absl::StatusCode::kNotFound);
}

INSTANTIATE_TEST_SUITE_P(Stores, KeyValueStoreTest,
                         ::testing::Values(Param{"Fake", &MakeFakeBackend},
                                           Param{"Folder", &MakeFolderBackend},
                                           Param{"Etcd", &MakeEtcdBackend}),
                         [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace graft
