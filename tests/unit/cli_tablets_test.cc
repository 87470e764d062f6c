// The shard as its agents say it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "cli/agent_client.h"
#include "cli/render.h"
#include "fakes/simulated_clock.h"
#include "unit/shown_operations.h"

namespace graft::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Tablet MakeTablet(uint32_t uid, TabletType type) {
  Tablet tablet;
  tablet.alias = TabletAlias{"zone1", uid};
  tablet.hostname = "h";
  tablet.port_map = {{"graft", static_cast<int>(9000 + uid)}};
  tablet.keyspace = "ks";
  tablet.shard = "0";
  tablet.type = type;
  tablet.mysql = HostPort{"m", static_cast<int>(3000 + uid)};
  return tablet;
}

AgentAnswer Answer() {
  AgentAnswer answer;
  answer.tablet.set_mysql_reachable(true);
  return answer;
}

AgentAnswer Replicating(double lag_seconds) {
  AgentAnswer answer = Answer();
  v1::ReplicationStatus& channel = *answer.tablet.add_replication();
  channel.set_receiver_running(true);
  channel.set_applier_running(true);
  channel.mutable_lag()->set_seconds(static_cast<int64_t>(lag_seconds));
  return answer;
}

TEST(CliTabletsTest, AShardIsATable) {
  std::vector<Tablet> tablets = {
      MakeTablet(100, TabletType::kPrimary), MakeTablet(101, TabletType::kReplica),
      MakeTablet(103, TabletType::kRestore), MakeTablet(104, TabletType::kRestore),
      MakeTablet(105, TabletType::kReplica), MakeTablet(106, TabletType::kReplica)};
  tablets[3].tags = {
      {"graft.step", "clone"}, {"graft.data_state", "PARTIAL"}, {"graft.progress", "12%"}};
  tablets[4].hostname.clear();
  tablets[4].mysql = {};
  AgentAnswer cloning = Answer();
  cloning.operation = SecondAttempt();
  AgentAnswer done = Replicating(12);
  done.operation = SecondAttempt();
  done.operation->set_outcome(v1::DONE);
  done.operation->set_data_state(v1::CLONED);
  EXPECT_THAT(
      RenderShard(tablets, {Answer(), done, cloning, absl::UnavailableError("refused"),
                            absl::UnavailableError("stopped"),
                            absl::DeadlineExceededError("not asked in time")}),
      ElementsAre(
          "TABLET            SHARD  TYPE     MYSQL   LAG    DATA     STEP   DONE  AGENT",
          "zone1-0000000100  ks/0   PRIMARY  m:3100  -      -        -      -     h:9100",
          "zone1-0000000101  ks/0   REPLICA  m:3101  12.0s  CLONED   -      -     h:9101",
          "zone1-0000000103  ks/0   RESTORE  m:3103  -      PARTIAL  clone  45%   h:9103",
          "zone1-0000000104  ks/0   RESTORE  m:3104  ?      PARTIAL  clone  12%   h:9104 does not "
          "answer",
          "zone1-0000000105  ks/0   REPLICA  -       ?      -        -      -     stopped",
          "zone1-0000000106  ks/0   REPLICA  m:3106  ?      -        -      -     h:9106 does not "
          "answer in time"));
}

TEST(CliTabletsTest, TheLagIsTheWorstOrWhyThereIsNone) {
  EXPECT_EQ(LagText(Answer().tablet), "-");
  AgentAnswer two = Replicating(3);
  *two.tablet.add_replication() = Replicating(75).tablet.replication(0);
  EXPECT_EQ(LagText(two.tablet), "1m15s");
  two.tablet.mutable_replication(1)->clear_lag();
  EXPECT_EQ(LagText(two.tablet), "unknown");
  two.tablet.mutable_replication(1)->set_applier_running(false);
  EXPECT_EQ(LagText(two.tablet), "stopped");
  two.tablet.mutable_replication(1)->set_applier_errno(1032);
  EXPECT_EQ(LagText(two.tablet), "error 1032");
  two.tablet.set_mysql_reachable(false);
  EXPECT_EQ(LagText(two.tablet), "-");
}

TEST(CliTabletsTest, AServerThatIsDownIsSaidToBe) {
  AgentAnswer down = Answer();
  down.tablet.set_mysql_reachable(false);
  EXPECT_THAT(RenderShard({MakeTablet(100, TabletType::kReplica)}, {down}).at(1),
              HasSubstr("m:3100 is down  -  "));
}

TEST(CliTabletsTest, AsJsonItIsTheRecordAndWhatTheAgentSays) {
  const Tablet tablet = MakeTablet(101, TabletType::kReplica);
  EXPECT_THAT(TabletJson(tablet, Answer()),
              HasSubstr(",\"agent\":{\"answers\":true,\"tablet\":{\"alias\":\"\""));
  EXPECT_THAT(TabletJson(tablet, Answer()), HasSubstr(",\"operation\":null}}"));
  EXPECT_THAT(TabletJson(tablet, absl::UnavailableError("\"no\"")),
              HasSubstr(R"(,"agent":{"answers":false,"error":"UNAVAILABLE: \"no\""}})"));
}

class CliAskAgentsTest : public ::testing::Test {
 protected:
  static std::vector<Tablet> Tablets(uint32_t count) {
    std::vector<Tablet> tablets;
    for (uint32_t i = 0; i < count; ++i) tablets.push_back(MakeTablet(i, TabletType::kReplica));
    return tablets;
  }

  // Waits until `together` calls are under way at once; counts the most that ever were.
  absl::StatusOr<AgentAnswer> Ask(const AgentPlace& place, size_t together) {
    absl::MutexLock lock(&mutex_);
    most_at_once_ = std::max(most_at_once_, ++at_once_);
    met_ = met_ || at_once_ == together;
    mutex_.AwaitWithTimeout(absl::Condition(&met_), absl::Seconds(20));
    --at_once_;
    AgentAnswer answer = Answer();
    answer.tablet.set_alias(place.address);
    return answer;
  }

  SimulatedClock clock_;
  absl::Mutex mutex_;
  size_t at_once_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t most_at_once_ ABSL_GUARDED_BY(mutex_) = 0;
  bool met_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST_F(CliAskAgentsTest, ManyAreAskedAtOnceAndEachAnswerIsWhereItBelongs) {
  const std::vector<Tablet> tablets = Tablets(100);
  const auto answers = AskAgents(
      clock_,
      [this](const AgentPlace& place, absl::Duration) { return Ask(place, kMostAskedAtOnce); },
      tablets, clock_.Now() + absl::Seconds(10));
  ASSERT_EQ(answers.size(), tablets.size());
  for (size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i]->tablet.alias(), absl::StrCat("h:", 9000 + i));
  }
  absl::MutexLock lock(&mutex_);
  EXPECT_TRUE(met_);
  EXPECT_EQ(most_at_once_, static_cast<size_t>(kMostAskedAtOnce));
}

TEST_F(CliAskAgentsTest, WhoWasNotAskedInTimeIsNotAskedAtAll) {
  const std::vector<Tablet> tablets = Tablets(10'000);
  const absl::Time deadline = clock_.Now() + absl::Seconds(10);
  absl::Mutex mutex;
  int asked = 0;
  const auto answers = AskAgents(
      clock_,
      [&](const AgentPlace& /*place*/, absl::Duration timeout) -> absl::StatusOr<AgentAnswer> {
        EXPECT_LE(timeout, absl::Seconds(10));
        EXPECT_GT(timeout, absl::ZeroDuration());
        absl::MutexLock lock(&mutex);
        ++asked;
        clock_.Advance(absl::Milliseconds(100));
        return absl::DeadlineExceededError("hangs");
      },
      tablets, deadline);
  EXPECT_GE(asked, 100);
  EXPECT_LE(asked, 100 + kMostAskedAtOnce);
  EXPECT_EQ(answers.back().status(), absl::DeadlineExceededError("not asked in time"));
}

TEST_F(CliAskAgentsTest, WhoHasNoAgentIsNotAsked) {
  std::vector<Tablet> tablets = Tablets(2);
  tablets[0].shutdown_time = absl::FromUnixSeconds(1000);
  tablets[1].port_map.clear();
  const auto answers = AskAgents(
      clock_,
      [](const AgentPlace& /*place*/, absl::Duration) -> absl::StatusOr<AgentAnswer> {
        ADD_FAILURE() << "asked";
        return Answer();
      },
      tablets, absl::InfiniteFuture());
  EXPECT_EQ(answers[0].status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(answers[1].status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace graft::cli
