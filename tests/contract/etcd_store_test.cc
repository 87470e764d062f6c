// What EtcdStore does beyond the port's contract: several endpoints, stopped and dead servers,
// lost connections, compaction.
#include "etcd/etcd_store.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/clocks.h"
#include "contract/kv_backends.h"
#include "etcd/cluster.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/black_hole.h"
#include "testing/etcd_server.h"
#include "testing/eventually.h"
#include "testing/http_client.h"
#include "testing/ports.h"
#include "testing/realtime_waits.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EtcdStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto etcd = EtcdServer::Start();
    ASSERT_TRUE(etcd.ok()) << etcd.status();
    etcd_ = *std::move(etcd);
    store_ = Open({etcd_->endpoint()});
  }

  std::unique_ptr<KeyValueStore> Open(std::vector<std::string> endpoints) {
    EtcdOptions options;
    options.endpoints = std::move(endpoints);
    options.call_timeout = absl::Seconds(2);
    auto store = MakeEtcdStore(*clock_, options);
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }

  // To all its clients, by its own metrics; those count gRPC's messages alone. 0: it does not say.
  double BytesSent() const {
    const std::vector<absl::string_view> endpoint = absl::StrSplit(etcd_->endpoint(), ':');
    int port = 0;
    double bytes = 0;
    if (!absl::SimpleAtoi(endpoint.back(), &port)) return 0;
    const std::string metrics = AskHttp(port, "/metrics").body;
    for (const absl::string_view line : absl::StrSplit(metrics, '\n')) {
      const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
      const bool is_it = words.front() == "etcd_network_client_grpc_sent_bytes_total";
      if (is_it && !absl::SimpleAtod(words.back(), &bytes)) return 0;
    }
    return bytes;
  }

  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  std::unique_ptr<EtcdServer> etcd_;
  std::unique_ptr<KeyValueStore> store_;
};

TEST_F(EtcdStoreTest, DownEndpointIsSkipped) {
  const auto store = Open({absl::StrCat("127.0.0.1:", FreePort()), "http://" + etcd_->endpoint()});
  const absl::Time start = clock_->Now();
  const absl::StatusOr<Version> version = store->Create("/a", "1", kNoLease);
  EXPECT_TRUE(version.ok()) << version.status();
  EXPECT_LT(clock_->Now() - start, absl::Seconds(1));
  EXPECT_EQ(store->Get("/a")->value, "1");
  EventLog log;
  auto watch = store->WatchPrefix("/", 0, log.Callback());
  ASSERT_TRUE(watch.ok()) << watch.status();
  ASSERT_TRUE(store->Update("/a", "2", *version).ok());
  EXPECT_THAT(log.Wait(1), ElementsAre("put /a=2"));
}

TEST_F(EtcdStoreTest, HangingEndpointIsSkippedByReads) {
  const auto other = EtcdServer::Start();
  ASSERT_TRUE(other.ok()) << other.status();
  const auto store = Open({(*other)->endpoint(), etcd_->endpoint()});
  ASSERT_TRUE(store->List("/").ok());
  ASSERT_TRUE((*other)->Stop().ok());
  const absl::StatusOr<std::vector<KeyValue>> items = store->List("/");
  EXPECT_TRUE(items.ok()) << items.status();
  EXPECT_TRUE(store->Create("/a", "1", kNoLease).ok()) << "the hanging one is not asked first";
  EXPECT_TRUE(store_->Get("/a").ok());
}

TEST_F(EtcdStoreTest, StoppedServerIsDeadlineExceeded) {
  const LeaseId lease = *store_->GrantLease(absl::Seconds(60));
  ASSERT_TRUE(etcd_->Stop().ok());
  const absl::Time start = clock_->Now();
  EXPECT_EQ(store_->Get("/a").status().code(), absl::StatusCode::kDeadlineExceeded);
  const absl::Duration took = clock_->Now() - start;
  EXPECT_GT(took, absl::Milliseconds(1900));
  EXPECT_LT(took, absl::Milliseconds(3000));
  EXPECT_EQ(store_->Create("/a", "1", kNoLease).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(store_->KeepLeaseAlive(lease).code(), absl::StatusCode::kDeadlineExceeded);
  const auto fresh = Open({etcd_->endpoint()});
  EXPECT_EQ(fresh->Get("/a").status().code(), absl::StatusCode::kDeadlineExceeded);
  etcd_->Continue();
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] { return store_->List("/").ok(); }));
}

// 292 years, once: a negative duration divided by an unsigned number.
TEST(EtcdSharesTest, NoTimeLeftIsNoTimeForAnyMember) {
  for (const absl::Duration left :
       {-absl::Nanoseconds(1), -absl::Hours(1), absl::ZeroDuration(), -absl::InfiniteDuration()}) {
    for (const size_t members : {size_t{1}, size_t{2}, size_t{3}}) {
      const Shares shares = SharesOf(left, members);
      EXPECT_EQ(shares.left, absl::ZeroDuration()) << left;
      EXPECT_EQ(shares.of_this_member, absl::ZeroDuration()) << left;
    }
  }
  EXPECT_EQ(SharesOf(absl::Seconds(6), 3).of_this_member, absl::Seconds(2));
  EXPECT_EQ(SharesOf(absl::Seconds(6), 1).of_this_member, absl::Seconds(6));
}

TEST_F(EtcdStoreTest, EndpointsThatSwallowPacketsTakeNoMoreThanOneTimeout) {
  // Listens and never accepts: once its queue is full, nobody is let in or turned away.
  const BlackHole one;
  const BlackHole two;
  const BlackHole three;
  const auto store = Open({one.address(), two.address(), three.address()});
  const absl::Time start = clock_->Now();
  EXPECT_EQ(store->Get("/a").status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(clock_->Now() - start, absl::Seconds(3));
  EXPECT_EQ(store->Create("/a", "1", kNoLease).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(clock_->Now() - start, absl::Seconds(6));
}

TEST_F(EtcdStoreTest, CallsEndWhenTheProgramIsToStop) {
  ASSERT_TRUE(etcd_->Stop().ok());
  const absl::Time start = clock_->Now();
  store_->EndCallsBy(start + absl::Milliseconds(200));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(store_->Get("/a").status().code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(store_->Create("/a", "1", kNoLease).status().code(),
              absl::StatusCode::kDeadlineExceeded);
  }
  EXPECT_LT(clock_->Now() - start, absl::Seconds(1));
  etcd_->Continue();
  store_->EndCallsBy(absl::InfiniteFuture());
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] { return store_->List("/").ok(); }));
}

// gRPC waits with Abseil, on the wall clock unless base/monotonic_futex.cc is linked in.
TEST(EtcdClockTest, NoCallWaitsOnTheWallClock) {
  EXPECT_TRUE(RunsWithoutRealtimeWaits([] {
    const BlackHole nobody;
    const std::unique_ptr<Clock> clock = MakeRealClock();
    EtcdOptions options;
    options.endpoints = {nobody.address(), nobody.address()};
    options.call_timeout = absl::Milliseconds(500);
    const auto store = MakeEtcdStore(*clock, options);
    EXPECT_EQ((*store)->Get("/a").status().code(), absl::StatusCode::kDeadlineExceeded);
  }));
}

TEST_F(EtcdStoreTest, DeadServerIsUnavailableAndNamed) {
  ASSERT_TRUE(store_->List("/").ok());
  etcd_->Kill();
  const absl::Time start = clock_->Now();
  const absl::Status status = store_->Get("/a").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(etcd_->endpoint()));
  EXPECT_EQ(store_->Create("/a", "1", kNoLease).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(store_->GrantLease(absl::Seconds(5)).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(clock_->Now() - start, absl::Seconds(1)) << "refused connections are quick to tell";
  EventLog log;
  EXPECT_EQ(store_->WatchPrefix("/", 0, log.Callback()).status().code(),
            absl::StatusCode::kUnavailable);
  ASSERT_TRUE(etcd_->Restart().ok());
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] { return store_->List("/").ok(); }));
}

// Of a VSchema that lies among the shards, for instance.
TEST_F(EtcdStoreTest, LargeValuesOfOthersAreNotRead) {
  const std::string large(1000000, 'x');
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(store_->Create(absl::StrCat("/k/", i, "/VSchema"), large, kNoLease).ok());
    ASSERT_TRUE(store_->Create(absl::StrCat("/k/", i, "/shards/0/Shard"), "s", kNoLease).ok());
  }
  const double before = BytesSent();
  ASSERT_GT(before, 0);
  const absl::StatusOr<std::vector<KeyValue>> items = store_->List("/k/", "/Shard");
  ASSERT_TRUE(items.ok()) << items.status();
  EXPECT_EQ(items->size(), 20);
  EXPECT_LT(BytesSent() - before, 20000);
}

TEST_F(EtcdStoreTest, WatchSurvivesARestart) {
  EventLog log;
  auto watch = store_->WatchPrefix("/w", 0, log.Callback());
  ASSERT_TRUE(watch.ok()) << watch.status();
  ASSERT_TRUE(store_->Create("/w1", "1", kNoLease).ok());
  ASSERT_THAT(log.Wait(1), ElementsAre("put /w1=1"));
  etcd_->Kill();
  ASSERT_TRUE(etcd_->Restart().ok());
  const auto other = Open({etcd_->endpoint()});
  ASSERT_TRUE(other->Create("/w2", "2", kNoLease).ok());
  EXPECT_THAT(log.Wait(2), ElementsAre("put /w1=1", "put /w2=2"));
}

TEST_F(EtcdStoreTest, WatchEndsAtOnceWhileTheServerHangsOrIsGone) {
  EventLog log;
  auto one = store_->WatchPrefix("/w", 0, log.Callback());
  auto two = store_->WatchPrefix("/w", 0, log.Callback());
  ASSERT_TRUE(one.ok() && two.ok());
  ASSERT_TRUE(etcd_->Stop().ok());
  const absl::Time start = clock_->Now();
  one->reset();
  etcd_->Kill();
  two->reset();
  EXPECT_LT(clock_->Now() - start, absl::Seconds(1));
}

TEST_F(EtcdStoreTest, WatchFromBeforeACompactionTellsTheDifference) {
  const Version first = *store_->Create("/w/a", "1", kNoLease);
  const Version second = *store_->Update("/w/a", "2", first);
  const Version third = *store_->Update("/w/a", "3", second);
  ASSERT_TRUE(etcd_->Ctl({"compact", absl::StrCat(third)}).ok());
  EventLog log;
  auto watch = store_->WatchPrefix("/w/", first, log.Callback());
  ASSERT_TRUE(watch.ok()) << watch.status();
  ASSERT_TRUE(store_->Update("/w/a", "4", third).ok());
  EXPECT_THAT(log.Wait(2), ElementsAre("put /w/a=3", "put /w/a=4"));
}

TEST_F(EtcdStoreTest, WatchCutOffDuringACompactionTellsTheDifference) {
  const Version gone = *store_->Create("/w/gone", "1", kNoLease);
  const Version kept = *store_->Create("/w/kept", "1", kNoLease);
  EventLog log;
  auto watch = store_->WatchPrefix("/w/", kept, log.Callback());
  ASSERT_TRUE(watch.ok()) << watch.status();
  ASSERT_TRUE(store_->Create("/w/new", "1", kNoLease).ok());
  ASSERT_THAT(log.Wait(1), ElementsAre("put /w/new=1"));
  ASSERT_TRUE(etcd_->RestartElsewhere().ok());
  const auto aside = Open({etcd_->endpoint()});
  ASSERT_TRUE(aside->Delete("/w/gone", gone).ok());
  const Version last = *aside->Update("/w/kept", "2", kept);
  ASSERT_TRUE(etcd_->Ctl({"compact", absl::StrCat(last)}).ok());
  ASSERT_TRUE(etcd_->RestartElsewhere().ok());
  EXPECT_THAT(log.Wait(3), ElementsAre("put /w/new=1", "put /w/kept=2", "delete /w/gone"));
}

TEST_F(EtcdStoreTest, BadOptionsAreRefused) {
  const auto code = [&](const EtcdOptions& options) {
    return MakeEtcdStore(*clock_, options).status().code();
  };
  EXPECT_EQ(code({}), absl::StatusCode::kInvalidArgument);
  for (const char* endpoint : {"", "host", "host:", ":1", "host:port", "http://"}) {
    EtcdOptions options;
    options.endpoints = {endpoint};
    EXPECT_EQ(code(options), absl::StatusCode::kInvalidArgument) << endpoint;
  }
  EtcdOptions tls;
  tls.endpoints = {"host:1"};
  tls.tls_cert_file = "/nonexistent.pem";
  EXPECT_EQ(code(tls), absl::StatusCode::kInvalidArgument);
  tls.tls_key_file = "/nonexistent.key";
  EXPECT_EQ(code(tls), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace graft
