// The contract of KeyValueStore, on the fake, on a folder and on a real etcd.
#include "graft/key_value_store.h"

#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "contract/count_up.h"
#include "contract/kv_suite.h"
#include "gmock/gmock.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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

TEST_P(KeyValueStoreTest, ListMayBeByTheEndToo) {
  for (const char* key : {"/t/1/Tablet", "/t/1/Other", "/t/2/Tablet", "/t/3/Tablet", "/t/3/Tablets",
                          "/t/4", "/u/5/Tablet"}) {
    Put(key, absl::StrCat("v of ", key));
  }
  const absl::StatusOr<std::vector<KeyValue>> items = second_.List("/t/", "/Tablet");
  ASSERT_TRUE(items.ok()) << items.status();
  EXPECT_THAT(Keys(*items), ElementsAre("/t/1/Tablet", "/t/2/Tablet", "/t/3/Tablet"));
  EXPECT_EQ(items->back().value, "v of /t/3/Tablet");
  EXPECT_GT(items->back().version, items->front().version);
  EXPECT_THAT(Keys(*store_.List("/t/", "/Shard")), IsEmpty());
  for (int i = 0; i < 250; ++i) {  // more parts than one request to etcd can have
    Put(absl::StrFormat("/many/%03d/Tablet", i), "t");
    Put(absl::StrFormat("/many/%03d/VSchema", i), "v");
  }
  EXPECT_EQ(store_.List("/many/", "/Tablet")->size(), 250);
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
      const absl::Status status = CountUp(store, kIncrements);
      EXPECT_TRUE(status.ok()) << status;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_.Get("/n")->value, absl::StrCat(kThreads * kIncrements));
}

INSTANTIATE_TEST_SUITE_P(Stores, KeyValueStoreTest,
                         ::testing::Values(KvParam{"Fake", &MakeFakeBackend},
                                           KvParam{"Metered", &MakeMeteredBackend},
                                           KvParam{"Folder", &MakeFolderBackend},
                                           KvParam{"Etcd", &MakeEtcdBackend}),
                         [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace graft
