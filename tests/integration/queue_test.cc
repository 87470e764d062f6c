// The queue for a donor, with the real programs and both stores: one clone at a time, a place for
// everybody else, and a wait that ends.
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/clocks.h"
#include "testing/clone_brake.h"
#include "testing/eventually.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "testing/shard_rows.h"
#include "topo_open/topo_open.h"

namespace graft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A place in the queue that the test holds; given up when it is destroyed.
class ForeignClaim {
 public:
  virtual ~ForeignClaim() = default;
};

// The entry of another program, made with etcd's own client.
class EtcdClaim : public ForeignClaim {
 public:
  EtcdClaim(EtcdServer& etcd, const std::string& name) : etcd_(etcd) {
    // "lease 694d… granted with TTL(120s)"
    const std::vector<std::string> words =
        absl::StrSplit(etcd.Ctl({"lease", "grant", "120"}).value_or("no lease"), ' ');
    lease_ = words[1];
    int64_t id = 0;
    EXPECT_TRUE(absl::SimpleHexAtoi(lease_, &id)) << lease_;
    EXPECT_THAT(etcd.Ctl({"put", "--lease=" + lease_,
                          absl::StrCat("/vitess/global/internal/named_locks/", name, "/locks/", id),
                          "{\"Action\": \"somebody's\"}"}),
                IsOk());
  }
  ~EtcdClaim() override { etcd_.Ctl({"lease", "revoke", lease_}).status().IgnoreError(); }

 private:
  EtcdServer& etcd_;
  std::string lease_;
};

class FolderClaim : public ForeignClaim {
 public:
  FolderClaim(QueueLocks& locks, const std::string& name) {
    auto place = locks.Enter(name, {{"zone1", 999}, "foreign", "somebody's"});
    EXPECT_THAT(place, IsOk());
    if (place.ok()) place_ = *std::move(place);
  }

 private:
  std::unique_ptr<QueuePlace> place_;
};

class QueueTest : public testing::TestWithParam<MiniShard::Store> {
 protected:
  static void TearDownTestSuite() { shard_.reset(); }

  void SetUp() override {
    if (shard_ == nullptr) {
      auto shard = MiniShard::Start(GetParam());
      ASSERT_THAT(shard, IsOk());
      ASSERT_THAT((*shard)->AddReplicatedTablets(3, 4), IsOk());
      shard_ = *std::move(shard);
    }
    TopoOptions options;
    options.implementation = GetParam() == MiniShard::Store::kEtcd ? kTopoEtcd : kTopoFolder;
    options.global_server_address = shard_->topo_address();
    auto topology = OpenTopology(*clock_, options);
    ASSERT_THAT(topology, IsOk());
    topology_ = *std::move(topology);
  }

  static MiniShard& shard() { return *shard_; }
  static MiniTablet& donor() { return shard_->tablet(0); }
  static MiniTablet& first() { return shard_->tablet(1); }
  static MiniTablet& second() { return shard_->tablet(2); }
  static std::string QueueName() { return "graft-donor-" + donor().alias; }

  std::unique_ptr<ForeignClaim> HoldClaim() {
    if (GetParam() == MiniShard::Store::kEtcd) {
      return std::make_unique<EtcdClaim>(shard().etcd(), QueueName());
    }
    return std::make_unique<FolderClaim>(*topology_.locks, QueueName());
  }

  // The operations in the donor's queue, the holder first; "" for entries of other programs.
  std::vector<std::string> Queue() { return Operations(QueueName()); }
  // Those in the shard's line, in the order in which they came.
  std::vector<std::string> Line() { return Operations(ShardLineName("shop", "0")); }
  std::vector<std::string> Operations(const std::string& name) {
    std::vector<std::string> queue;
    const auto entries = topology_.locks->List(name);
    EXPECT_THAT(entries, IsOk());
    for (const QueueEntry& entry : entries.value_or(std::vector<QueueEntry>())) {
      queue.push_back(entry.operation);
    }
    return queue;
  }

  static void Start(const MiniTablet& tablet, const std::string& id) {
    const CommandResult started =
        shard().Graftctl({"reprovision", tablet.alias, "--from-primary", "--id", id});
    ASSERT_EQ(started.code, 0) << started.err;
  }
  static v1::Operation Watch(const MiniTablet& tablet, int code) {
    const CommandResult watched = shard().Graftctl({"watch", tablet.alias, "--json"});
    EXPECT_EQ(watched.code, code) << watched.err << watched.out;
    return LastOperation(watched.out).value_or(v1::Operation());
  }
  static std::string PlaceTag(const MiniTablet& tablet) {
    const auto record = shard().Record(tablet);
    if (!record.ok()) return record.status().ToString();
    const auto tag = record->tags().find("graft.queue_place");
    return tag == record->tags().end() ? "" : tag->second;
  }
  // It stands in the queue, and says so wherever one looks.
  static void ExpectWaitsAtPlace1(const MiniTablet& tablet) {
    absl::StatusOr<v1::Operation> operation;
    EXPECT_TRUE(Eventually(absl::Seconds(20), [&] {
      operation = shard().NewestOperation(tablet);
      return operation.ok() && operation->queue_place() == 1;
    })) << operation.status();
    EXPECT_EQ(operation->step(), "claim_donor");
    EXPECT_TRUE(Eventually(absl::Seconds(20), [&] { return PlaceTag(tablet) == "1"; }));
    EXPECT_THAT(shard().Graftctl({"status", tablet.alias}).out, HasSubstr("place 1"));
  }
  // Not fenced, and replicating.
  static void ExpectUntouched(MiniTablet& tablet, int clones_before) {
    EXPECT_EQ(tablet.CloneStatements(), clones_before);
    EXPECT_EQ(shard().Record(tablet)->type(), topodata::REPLICA);
    EXPECT_EQ(tablet.Value("SELECT COUNT(*) FROM performance_schema.persisted_variables"), "0");
    EXPECT_EQ(tablet.Value("SELECT @@event_scheduler"), "ON");
    EXPECT_THAT(AwaitCaughtUp(*tablet.mysql, *donor().mysql), IsOk());
  }
  static absl::Time Began(const v1::Operation& operation, const std::string& step) {
    for (const v1::StepTime& time : operation.times()) {
      if (time.step() == step) return absl::FromUnixNanos(Nanos(time.started()));
    }
    return absl::InfiniteFuture();
  }
  static int64_t Nanos(const google::protobuf::Timestamp& time) {
    return time.seconds() * 1000000000 + time.nanos();
  }

  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  OpenedTopology topology_;

 private:
  static inline std::unique_ptr<MiniShard> shard_;
};

TEST_P(QueueTest, WaitEndsAndNothingIsTouched) {
  const int clones = second().CloneStatements();
  ASSERT_THAT(shard().StopAgent(second()), IsOk());
  ASSERT_THAT(shard().StartAgent(second(), {"--clone-donor-wait-timeout", "3s"}), IsOk());
  auto claim = HoldClaim();
  Start(second(), "in-vain");
  ExpectWaitsAtPlace1(second());
  ExpectUntouched(second(), clones);
  const v1::Operation operation = Watch(second(), 1);
  EXPECT_EQ(operation.outcome(), v1::FAILED);
  EXPECT_EQ(operation.data_state(), v1::INTACT);
  EXPECT_EQ(operation.error().reason(), "DONOR_WAIT_TIMEOUT");
  EXPECT_EQ(operation.queue_place(), 0);
  ExpectUntouched(second(), clones);
  EXPECT_EQ(PlaceTag(second()), "");
  EXPECT_EQ(Queue().size(), 1U) << "its own place is still there, or the other's is gone";
  claim.reset();
  EXPECT_THAT(Queue(), ElementsAre());
  ASSERT_THAT(shard().StopAgent(second()), IsOk());
  ASSERT_THAT(shard().StartAgent(second()), IsOk());
}

TEST_P(QueueTest, TheSecondWaitsUntilTheFirstIsDone) {
  const int clones = second().CloneStatements();
  ASSERT_THAT(BrakeClone(*first().mysql), IsOk());
  Start(first(), "first");
  ASSERT_THAT(AwaitFileCopy(*first().mysql), IsOk());
  Start(second(), "cancelled");
  ExpectWaitsAtPlace1(second());
  ExpectUntouched(second(), clones);
  EXPECT_THAT(Queue(), ElementsAre("first"));
  EXPECT_THAT(Line(), ElementsAre("first", "cancelled"));
  const CommandResult cancelled = shard().Graftctl({"cancel", second().alias});
  EXPECT_EQ(cancelled.code, 0) << cancelled.err;
  EXPECT_THAT(cancelled.out, HasSubstr("nothing was dropped"));
  EXPECT_THAT(Queue(), ElementsAre("first"));
  EXPECT_THAT(Line(), ElementsAre("first"));

  Start(second(), "second");
  ExpectWaitsAtPlace1(second());
  ExpectUntouched(second(), clones);
  EXPECT_EQ(shard().NewestOperation(first())->step(), "clone") << "too quick a clone";
  ASSERT_THAT(ReleaseClone(*first().mysql), IsOk());
  const v1::Operation before = Watch(first(), 0);
  const v1::Operation after = Watch(second(), 0);
  EXPECT_EQ(before.outcome(), v1::DONE);
  EXPECT_EQ(after.outcome(), v1::DONE);
  EXPECT_EQ(after.attempt(), 1);
  EXPECT_EQ(second().CloneStatements(), clones + 1);
  // By the agents' clock, and by the servers' clocks. Once its copy is made, the first needs the
  // donor no longer.
  EXPECT_LT(Began(before, "await_restart"), Began(after, "fence"));
  const std::string copied = first().Value(
      "SELECT end_time FROM performance_schema.clone_progress WHERE stage = 'FILE SYNC'");
  EXPECT_LT(copied, second().CloneBeginTime());
  EXPECT_THAT(Queue(), ElementsAre());
  EXPECT_THAT(Line(), ElementsAre());
  for (const MiniTablet* tablet : {&first(), &second()}) {
    EXPECT_THAT(AwaitCaughtUp(*tablet->mysql, *donor().mysql), IsOk());
    EXPECT_EQ(*Checksums(*tablet->mysql), *Checksums(*donor().mysql));
    EXPECT_EQ(PlaceTag(*tablet), "");
  }
}

// Apart from each other, so that one shard is gone when the next begins.
INSTANTIATE_TEST_SUITE_P(Etcd, QueueTest, testing::Values(MiniShard::Store::kEtcd));
INSTANTIATE_TEST_SUITE_P(Folder, QueueTest, testing::Values(MiniShard::Store::kFolder));

}  // namespace
}  // namespace graft
