#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "agent/shard_view.h"
#include "base/clocks.h"
#include "fakes/simulated_clock.h"

namespace graft {
namespace {

// Answers what it is told to, and counts.
class ScriptedTopology : public Topology {
 public:
  absl::StatusOr<Tablet> GetTablet(const TabletAlias& /*alias*/) override { return No(); }
  absl::StatusOr<Shard> GetShard(absl::string_view /*keyspace*/,
                                 absl::string_view /*shard*/) override {
    return No();
  }
  absl::StatusOr<TabletList> ListShardTablets(absl::string_view keyspace,
                                              absl::string_view shard) override {
    absl::MutexLock lock(&mutex_);
    EXPECT_EQ(keyspace, "shop");
    EXPECT_EQ(shard, "0");
    ++lists_;
    return answer_;
  }
  absl::Status UpdateTablet(const TabletAlias& /*alias*/,
                            const std::function<absl::Status(Tablet&)>& /*change*/) override {
    return No();
  }

  void SetAnswer(absl::StatusOr<TabletList> answer) {
    absl::MutexLock lock(&mutex_);
    answer_ = std::move(answer);
  }
  int lists() const {
    absl::MutexLock lock(&mutex_);
    return lists_;
  }
  void AwaitLists(int count) const {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, count]()
                             ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return lists_ >= count; };
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&reached), absl::Seconds(20)));
  }

 private:
  static absl::Status No() { return absl::UnimplementedError("not asked for here"); }

  mutable absl::Mutex mutex_;
  absl::StatusOr<TabletList> answer_ ABSL_GUARDED_BY(mutex_) = TabletList{std::vector<Tablet>(2),
                                                                          {}};
  int lists_ ABSL_GUARDED_BY(mutex_) = 0;
};

class ShardViewTest : public ::testing::Test {
 protected:
  // Serves for so long on the simulated clock.
  void ServeFor(absl::Duration duration) {
    view_.emplace(clock_, topology_, ShardView::Options{"shop", "0"});
    clock_.At(clock_.Now() + duration, [this] { view_->Stop(); });
  }

  SimulatedClock clock_;
  ScriptedTopology topology_;
  std::optional<ShardView> view_;
};

TEST_F(ShardViewTest, ReadsOnceWhenNobodyLooks) {
  ServeFor(absl::Hours(30));
  view_->Serve();
  EXPECT_EQ(topology_.lists(), 1);
}

TEST_F(ShardViewTest, ReadsAgainAndAgainWhileSomebodyLooks) {
  ServeFor(absl::Hours(3));
  for (int second = 0; second < 60; ++second) {
    clock_.At(clock_.Now() + absl::Hours(1) + absl::Seconds(second), [this] { view_->Snapshot(); });
  }
  view_->Serve();
  // One at the start, and every 10 s from the first look until a minute after the last.
  EXPECT_GE(topology_.lists(), 12);
  EXPECT_LE(topology_.lists(), 14);
}

TEST_F(ShardViewTest, KeepsTheLastListWhileTheTopologyIsAway) {
  ServeFor(absl::Seconds(25));
  ShardSnapshot before;
  ShardSnapshot after;
  clock_.At(clock_.Now() + absl::Seconds(1), [&] {
    before = view_->Snapshot();
    topology_.SetAnswer(absl::UnavailableError("etcd is away"));
  });
  clock_.At(clock_.Now() + absl::Seconds(24), [&] { after = view_->Snapshot(); });
  view_->Serve();
  EXPECT_EQ(before.tablets.size(), 2U);
  EXPECT_EQ(before.error, "");
  EXPECT_EQ(after.tablets.size(), 2U);
  EXPECT_EQ(after.error, "etcd is away");
  EXPECT_EQ(after.read_at, before.read_at);
}

TEST_F(ShardViewTest, SaysWhichCellsAreMissing) {
  topology_.SetAnswer(
      TabletList{std::vector<Tablet>(1), {{"zone2", absl::UnavailableError("gone")}}});
  ServeFor(absl::Seconds(1));
  view_->Serve();
  const ShardSnapshot snapshot = view_->Snapshot();
  EXPECT_EQ(snapshot.tablets.size(), 1U);
  EXPECT_EQ(snapshot.error, "cell zone2 is missing here: gone");
}

TEST_F(ShardViewTest, ALookWakesIt) {
  const std::unique_ptr<Clock> real = MakeRealClock();
  ShardView view(*real, topology_, {"shop", "0", absl::ZeroDuration(), absl::Seconds(1)});
  std::thread thread([&] { view.Serve(); });
  topology_.AwaitLists(1);
  const int before = topology_.lists();
  view.Snapshot();
  topology_.AwaitLists(before + 1);
  EXPECT_GT(topology_.lists(), before);
  view.Stop();
  thread.join();
}

}  // namespace
}  // namespace graft
