#include "agent/tablet_keeper.h"

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "base/errors.h"
#include "unit/provision_world.h"

namespace graft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Serve() runs on the test's own thread, and all else as calls at their time.
class TabletKeeperTest : public ::testing::Test {
 protected:
  TabletKeeperTest() {
    world_.recipient.Edit([](FakeMysqlState& state) {
      state.config["port"] = state.variables["port"] = "3399";
      state.facts.version = "9.7.4";
      state.facts.gtid_executed = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-7";
    });
  }

  void At(double seconds, std::function<void()> call) {
    world_.clock.At(start_ + absl::Seconds(seconds), std::move(call));
  }

  // Until `seconds` after the start.
  void ServeUntil(double seconds) {
    At(seconds, [this] { keeper_.Stop(); });
    keeper_.Serve();
    ASSERT_EQ(world_.clock.Now(), start_ + absl::Seconds(seconds));
  }

  Tablet Record() { return world_.Record(world_.replica); }
  std::string Tag(const std::string& name) {
    const Tablet tablet = Record();
    const auto found = tablet.tags.find("graft." + name);
    return found == tablet.tags.end() ? "(none)" : found->second;
  }
  // Compare-and-swaps of the record that worked: its version in the store.
  Version RecordVersion() {
    const auto item = world_.store.Get("/vitess/zone1/tablets/zone1-0000000101/Tablet");
    EXPECT_TRUE(item.ok()) << item.status();
    return item.ok() ? item->version : 0;
  }

  Operation Running(Step step) const {
    Operation operation = world_.Request();
    operation.step = step;
    operation.type_before = operation.type_after = TabletType::kReplica;
    return operation;
  }

  ProvisionWorld world_;
  const absl::Time start_ = world_.clock.Now();
  std::ostringstream log_text_;
  const std::unique_ptr<Log> log_ = MakeLog({LogLevel::kInfo, LogFormat::kText, &log_text_});
  TabletKeeper keeper_{{world_.clock, world_.recipient, world_.topology, *log_},
                       {world_.replica, "shop", "0", {"127.0.0.1", 0}}};
};

TEST_F(TabletKeeperTest, BeforeItServesNothingIsKnown) {
  const TabletSnapshot snapshot = keeper_.Snapshot();
  EXPECT_EQ(snapshot.alias, world_.replica);
  EXPECT_EQ(snapshot.keyspace + "/" + snapshot.shard, "shop/0");
  EXPECT_FALSE(snapshot.mysql_reachable);
  EXPECT_EQ(snapshot.mysql_error, "not asked yet");
  EXPECT_EQ(snapshot.read_at, absl::InfinitePast());
}

TEST_F(TabletKeeperTest, PublishesTheServersAddressAtOnce) {
  ServeUntil(0.5);
  EXPECT_EQ(Record().mysql.ToString(), "127.0.0.1:3399");
  EXPECT_EQ(Record().port_map.at("graft"), 3321) << "the rest of the record stays";
  const TabletSnapshot snapshot = keeper_.Snapshot();
  EXPECT_TRUE(snapshot.mysql_reachable);
  EXPECT_EQ(snapshot.mysql_error, "");
  EXPECT_EQ(snapshot.mysql_version, "9.7.4");
  EXPECT_THAT(snapshot.gtid_executed, HasSubstr(":1-7"));
  EXPECT_EQ(snapshot.type, TabletType::kReplica);
  EXPECT_EQ(snapshot.read_at, start_);
}

TEST_F(TabletKeeperTest, PublishesTheServersAddressOnceItAnswers) {
  world_.recipient.SetDown(true);
  int contacts = 0;
  keeper_.OnFirstContact([&](const ServerFacts& facts) {
    ++contacts;
    EXPECT_EQ(facts.version, "9.7.4");
  });
  At(9, [&] {
    EXPECT_EQ(Record().mysql.port, 3320) << "as it was registered";
    EXPECT_EQ(contacts, 0);
  });
  At(10, [&] { world_.recipient.SetDown(false); });
  At(15.1, [&] {
    EXPECT_EQ(Record().mysql.port, 3399);
    EXPECT_EQ(contacts, 1);
  });
  At(20, [&] { world_.recipient.SetDown(true); });
  At(27, [&] { world_.recipient.SetDown(false); });
  ServeUntil(40);
  EXPECT_EQ(contacts, 1) << "the first contact comes once";
}

TEST_F(TabletKeeperTest, AGivenPortIsNotAskedFor) {
  TabletKeeper keeper({world_.clock, world_.recipient, world_.topology, *log_},
                      {world_.replica, "shop", "0", {"db-101", 3306}});
  At(1, [&] { keeper.Stop(); });
  keeper.Serve();
  EXPECT_EQ(Record().mysql.ToString(), "db-101:3306");
  EXPECT_EQ(world_.recipient.calls("ReadVariables"), 0);
}

TEST_F(TabletKeeperTest, TriesAgainWhileTheStoreIsAway) {
  world_.store.FailAll(absl::UnavailableError("etcd is away"));
  int calls = 0;
  At(20, [&] { calls = world_.store.calls(); });
  At(60, [&] {
    EXPECT_LE(world_.store.calls() - calls, 2 * 8) << "no oftener than every 5 s after a while";
    EXPECT_GE(world_.store.calls() - calls, 7) << "but it goes on";
    EXPECT_EQ(keeper_.Snapshot().type, TabletType::kUnknown);
    world_.store.Heal();
  });
  ServeUntil(66);
  EXPECT_EQ(Record().mysql.port, 3399);
  EXPECT_EQ(keeper_.Snapshot().type, TabletType::kReplica);
  EXPECT_THAT(log_text_.str(), HasSubstr("etcd is away"));
}

TEST_F(TabletKeeperTest, ANewStepDoesNotHurryAStoreThatIsAway) {
  At(1, [&] { world_.store.FailAll(absl::UnavailableError("etcd is away")); });
  int calls = 0;
  At(29, [&] { calls = world_.store.calls(); });
  for (int i = 0; i < 20; ++i) {
    At(30 + i * 0.01, [&, i] { keeper_.OnStep(Running(static_cast<Step>(i % kStepCount))); });
  }
  At(30.5, [&] { EXPECT_LE(world_.store.calls() - calls, 4); });
  // News at 2 s, so that it is failing by 29 s.
  At(2, [&] { keeper_.OnStep(Running(Step::kResolveDonor)); });
  ServeUntil(31);
}

TEST_F(TabletKeeperTest, ServerLossShowsInTheSnapshotAndSoDoesItsReturn) {
  At(6, [&] { world_.recipient.SetDown(true); });
  At(11, [&] {
    const TabletSnapshot lost = keeper_.Snapshot();
    EXPECT_FALSE(lost.mysql_reachable);
    EXPECT_NE(lost.mysql_error, "");
    EXPECT_EQ(lost.mysql_version, "9.7.4") << "what was known last";
    EXPECT_GT(lost.read_at, start_ + absl::Seconds(9));
    world_.recipient.SetDown(false);
  });
  At(13.5, [&] {
    EXPECT_TRUE(keeper_.Snapshot().mysql_reachable) << "looked for oftener while it is lost";
    EXPECT_EQ(keeper_.Snapshot().mysql_error, "");
  });
  ServeUntil(20);
}

TEST_F(TabletKeeperTest, PublishesEachStepAtOnce) {
  for (int i = 0; i < kStepCount; ++i) {
    const Step step = static_cast<Step>(i);
    At(1 + i, [this, step] { keeper_.OnStep(Running(step)); });
    At(1.001 + i, [this, step] {
      EXPECT_EQ(Tag("step"), StepName(step));
      EXPECT_EQ(Tag("operation"), "op-1");
      EXPECT_EQ(Record().type, step < Step::kFence ? TabletType::kReplica : TabletType::kRestore);
    });
  }
  At(22, [&] {  // between two of the usual looks at the server
    Operation done = Running(Step::kPublish);
    done.outcome = Outcome::kDone;
    done.data_state = DataState::kCloned;
    done.type_after = TabletType::kRdonly;
    world_.recipient.Edit([](FakeMysqlState& state) { state.facts.version = "9.7.5"; });
    keeper_.OnEnd(done);
  });
  At(22.001, [&] {
    EXPECT_EQ(Tag("step"), "(none)");
    EXPECT_EQ(Tag("data_state"), "CLONED");
    EXPECT_EQ(Record().type, TabletType::kRdonly);
    EXPECT_EQ(keeper_.Snapshot().type, TabletType::kRdonly);
    EXPECT_EQ(keeper_.Snapshot().mysql_version, "9.7.5") << "the server has just changed";
  });
  ServeUntil(23);
}

TEST_F(TabletKeeperTest, MereProgressIsPublishedNowAndThen) {
  Operation operation = Running(Step::kClone);
  At(1, [&] { keeper_.OnStep(operation); });
  Version begun = 0;
  At(1.5, [&] { begun = RecordVersion(); });
  for (int i = 0; i < 200; ++i) {
    At(2 + i * 0.1, [&, i] {
      operation.progress.percent = 0.5 * i;
      keeper_.OnProgress(operation);
    });
  }
  At(12, [&] { EXPECT_NE(Tag("progress"), "0%"); });
  At(22, [&] {
    EXPECT_GE(RecordVersion() - begun, 3);
    EXPECT_LE(RecordVersion() - begun, 5) << "every 5 s";
  });
  ServeUntil(30);
  EXPECT_EQ(Tag("progress"), "99%") << "the last one goes out, too";
}

TEST_F(TabletKeeperTest, AFailureIsPublishedWithItsReason) {
  At(1, [&] {
    Operation failed = Running(Step::kClone);
    failed.outcome = Outcome::kFailed;
    failed.data_state = DataState::kEmpty;
    failed.error = WithReason(absl::UnavailableError("the donor went away"), "DONOR_GONE");
    keeper_.OnEnd(failed);
  });
  ServeUntil(1.5);
  EXPECT_EQ(Tag("reason"), "DONOR_GONE");
  EXPECT_EQ(Tag("data_state"), "EMPTY");
  EXPECT_EQ(Record().type, TabletType::kRestore);
}

TEST_F(TabletKeeperTest, SetsATypeButNeverAPrimarys) {
  At(1, [&] { keeper_.SetType(TabletType::kSpare); });
  At(1.001, [&] { EXPECT_EQ(Record().type, TabletType::kSpare); });
  At(2, [&] { EXPECT_TRUE(world_.topology.SetPrimary("shop", "0", world_.replica).ok()); });
  At(3, [&] {
    ASSERT_EQ(Record().type, TabletType::kPrimary);
    keeper_.SetType(TabletType::kReplica);
  });
  ServeUntil(10);
  EXPECT_EQ(Record().type, TabletType::kPrimary);
  EXPECT_EQ(keeper_.Snapshot().type, TabletType::kPrimary);
}

// A donor shows several sessions for one clone, and more of them as it copies faster.
TEST_F(TabletKeeperTest, DonationsAreSeenInTheSessions) {
  const auto cloned_by = [this](const std::vector<int64_t>& ids) {
    world_.recipient.Edit([&ids](FakeMysqlState& state) {
      state.sessions.assign(1, ServerSession());
      state.sessions[0].connection_id = 1;
      state.sessions[0].command = "Query";
      for (const int64_t id : ids) {
        state.sessions.emplace_back().connection_id = id;
        state.sessions.back().command = "clone";
      }
    });
  };
  const auto expect = [this](std::optional<bool> donating, int64_t seen) {
    EXPECT_EQ(keeper_.Snapshot().donating, donating);
    EXPECT_EQ(keeper_.Snapshot().donations_seen, seen);
  };
  EXPECT_EQ(keeper_.Snapshot().donating, std::nullopt) << "not looked yet";
  At(1, [&] { expect(false, 0); });
  At(2, [&] { cloned_by({11}); });
  At(6, [&] { expect(true, 1); });
  At(7, [&] { cloned_by({11, 12, 13}); });
  At(11, [&] { expect(true, 1); });
  At(12, [&] { cloned_by({21, 22}); });
  At(16, [&] { expect(true, 2); });
  At(17, [&] { cloned_by({}); });
  At(21, [&] { expect(false, 2); });
  At(22, [&] { cloned_by({31}); });
  At(26, [&] { expect(true, 3); });
  At(27, [&] { world_.recipient.SetDown(true); });
  At(31, [&] { expect(std::nullopt, 3); });
  ServeUntil(32);
}

TEST_F(TabletKeeperTest, WithoutTheRightToSeeSessionsDonationsAreUnknownAndAllElseIsWell) {
  world_.recipient.FailNext("ReadSessions", absl::PermissionDeniedError("PROCESS"), 1000);
  ServeUntil(6);
  EXPECT_EQ(keeper_.Snapshot().donating, std::nullopt);
  EXPECT_TRUE(keeper_.Snapshot().mysql_reachable);
  EXPECT_EQ(keeper_.Snapshot().mysql_error, "");
  EXPECT_EQ(Record().mysql.ToString(), "127.0.0.1:3399");
}

// Nothing has changed, so nothing is written.
TEST_F(TabletKeeperTest, AnIdleKeeperLeavesTheRecordAlone) {
  Version settled = 0;
  At(10, [&] { settled = RecordVersion(); });
  ServeUntil(3600);
  EXPECT_EQ(RecordVersion(), settled);
  EXPECT_LE(world_.recipient.calls("Describe"), 3600 / 5 + 1) << "and the server mostly";
  EXPECT_THAT(log_text_.str(), IsEmpty());
}

}  // namespace
}  // namespace graft
