// The contract of KeyValueStore's watches and leases, see key_value_store_test.cc.
#include <atomic>

#include "absl/strings/str_cat.h"
#include "contract/kv_suite.h"
#include "gmock/gmock.h"
#include "testing/eventually.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] { return inside.load(); }));
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

}  // namespace
}  // namespace graft
