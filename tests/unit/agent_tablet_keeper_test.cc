#include "agent/tablet_keeper.h"

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/plan.h"
#include "unit/provision_world.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
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

  TabletState Running(Step step) const {
    TabletState state;
    state.operation = world_.Request();
    state.operation.step = step;
    state.type_before = state.type_after = TabletType::kReplica;
    return state;
  }

  void Commit(TabletState& state) {
    if (owner_.history().empty()) ASSERT_TRUE(owner_.Begin(world_.Request()).ok());
    ASSERT_TRUE(owner_.Commit(state).ok());
  }

  // The state is journalled, and the keeper is told that there is news.
  void Tell(TabletState state) {
    Commit(state);
    if (state.operation.outcome == Outcome::kRunning) {
      keeper_.OnStep(state.operation);
    } else {
      keeper_.OnEnd(state.operation);
    }
  }

  void DeleteRecord() {
    const char* key = "/vitess/zone1/tablets/zone1-0000000101/Tablet";
    ASSERT_TRUE(world_.store.Delete(key, RecordVersion()).ok());
  }

  void SetTheRecordsType(TabletType type) {
    ASSERT_TRUE(world_.topology
                    .UpdateTablet(world_.replica,
                                  [type](Tablet& tablet) {
                                    tablet.type = type;
                                    return absl::OkStatus();
                                  })
                    .ok());
  }

  // Another agent, on another connection, has the server.
  void LetAnotherHold() {
    world_.recipient.FailNext("HoldServer", Failure(Reason::kServerHeld, "held by vt_dba"), 10000);
  }

  ProvisionWorld world_;
  const absl::Time start_ = world_.clock.Now();
  std::ostringstream log_text_;
  const std::unique_ptr<Log> log_ = MakeLog({LogLevel::kInfo, LogFormat::kText, &log_text_});
  FakeJournal journal_;
  TabletOwner owner_{world_.clock, journal_};
  TabletRecord record_{world_.topology, world_.replica};
  std::function<absl::Status()> register_again_;
  std::function<absl::Status(const Tablet&)> check_owner_;
  TabletKeeper keeper_{{world_.clock, world_.recipient, world_.recipient, world_.topology, owner_,
                        record_, *log_, [this] { return register_again_(); },
                        [this](const Tablet& record) {
                          if (check_owner_) return check_owner_(record);
                          return record.shutdown_time == absl::InfinitePast()
                                     ? absl::OkStatus()
                                     : absl::NotFoundError("its agent is no more");
                        }},
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
  TabletKeeper keeper({world_.clock, world_.recipient, world_.recipient, world_.topology, owner_,
                       record_, *log_, nullptr, nullptr},
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
    At(30 + i * 0.01, [&, i] { Tell(Running(static_cast<Step>(i % 10))); });
  }
  At(30.5, [&] { EXPECT_LE(world_.store.calls() - calls, 4); });
  // News at 2 s, so that it is failing by 29 s.
  At(2, [&] { Tell(Running(Step::kResolveDonor)); });
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
  const std::string log = log_text_.str();
  EXPECT_THAT(log, HasSubstr("mysqld does not answer"));
  EXPECT_EQ(log.find("mysqld does not answer"), log.rfind("mysqld does not answer")) << "once";
  EXPECT_THAT(log, HasSubstr("mysqld answers again"));
}

TEST_F(TabletKeeperTest, PublishesEachStepAtOnce) {
  const std::set<Step> serves = {Step::kResolveDonor, Step::kPreflight, Step::kClaimDonor};
  int second = 0;
  for (const PlanRow& row : PlanOf(OperationKind::kReprovision)) {
    const Step step = row.step;
    ++second;
    At(second, [this, step] { Tell(Running(step)); });
    At(second + 0.001, [this, step, serves] {
      EXPECT_EQ(Tag("step"), StepName(step));
      EXPECT_EQ(Tag("operation"), "op-1");
      EXPECT_EQ(Record().type,
                serves.count(step) > 0 ? TabletType::kReplica : TabletType::kRestore);
      EXPECT_EQ(Tag("sequence"), absl::StrCat(owner_.state()->sequence));
    });
  }
  At(22, [&] {  // between two of the usual looks at the server
    TabletState done = Running(Step::kPublish);
    done.operation.outcome = Outcome::kDone;
    done.operation.data_state = DataState::kCloned;
    done.type_after = TabletType::kRdonly;
    world_.recipient.Edit([](FakeMysqlState& state) { state.facts.version = "9.7.5"; });
    Tell(done);
  });
  At(22.001, [&] {
    EXPECT_EQ(Tag("step"), "(none)");
    EXPECT_EQ(Tag("data_state"), "CLONED");
    EXPECT_EQ(Record().type, TabletType::kReplica) << "what RESTORE replaced";
    EXPECT_EQ(keeper_.Snapshot().type, TabletType::kReplica);
    EXPECT_EQ(keeper_.Snapshot().mysql_version, "9.7.5") << "the server has just changed";
  });
  ServeUntil(23);
}

TEST_F(TabletKeeperTest, MereProgressIsPublishedNowAndThen) {
  TabletState state = Running(Step::kClone);
  At(1, [&] {
    Commit(state);
    keeper_.OnStep(state.operation);
  });
  Version begun = 0;
  At(1.5, [&] { begun = RecordVersion(); });
  for (int i = 0; i < 200; ++i) {
    At(2 + i * 0.1, [&, i] {
      state.operation.progress.percent = 0.5 * i;
      owner_.Show(state);
      keeper_.OnProgress(state.operation);
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
    TabletState failed = Running(Step::kClone);
    failed.operation.outcome = Outcome::kFailed;
    failed.operation.data_state = DataState::kEmpty;
    failed.operation.error = Failure(Reason::kDonorGone, "the donor went away");
    Tell(failed);
  });
  ServeUntil(1.5);
  EXPECT_EQ(Tag("reason"), "DONOR_GONE");
  EXPECT_EQ(Tag("data_state"), "EMPTY");
  EXPECT_EQ(Record().type, TabletType::kRestore);
}

TEST_F(TabletKeeperTest, SetsATypeButNeverAPrimarys) {
  SetTheRecordsType(TabletType::kRestore);
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

// VTOrc puts the tablet aside while its operation stands in the queue.
TEST_F(TabletKeeperTest, ATypeThatSomebodyElseSetsIsSeenAndStays) {
  At(1, [&] { Tell(Running(Step::kClaimDonor)); });
  At(2, [&] { SetTheRecordsType(TabletType::kDrained); });
  At(15, [&] {
    EXPECT_EQ(keeper_.Snapshot().type, TabletType::kDrained);
    Tell(Running(Step::kClaimDonor));
  });
  At(16, [&] {
    EXPECT_EQ(Record().type, TabletType::kDrained);
    Tell(Running(Step::kFence));
  });
  At(17, [&] {
    EXPECT_EQ(Record().type, TabletType::kRestore);
    TabletState failed = Running(Step::kFence);
    failed.operation.outcome = Outcome::kFailed;
    Tell(failed);
  });
  ServeUntil(18);
  EXPECT_EQ(Record().type, TabletType::kDrained);
}

TEST_F(TabletKeeperTest, ATypeThatWouldLetDroppedDataServeIsTakenBack) {
  At(1, [&] {
    TabletState failed = Running(Step::kClone);
    failed.operation.outcome = Outcome::kFailed;
    failed.operation.data_state = DataState::kEmpty;
    Tell(failed);
  });
  At(3, [&] { SetTheRecordsType(TabletType::kReplica); });
  ServeUntil(20);
  EXPECT_EQ(Record().type, TabletType::kRestore);
}

TEST_F(TabletKeeperTest, TheRecordSaysWhoseServerItIs) {
  ServeUntil(1);
  EXPECT_EQ(Tag("server_uuid"), world_.recipient.state().facts.server_uuid);
}

// The source throws off one of two replicas with one server_uuid.
TEST_F(TabletKeeperTest, TheOtherServerWithItsServerUuidIsNamed) {
  world_.recipient.Edit([](FakeMysqlState& state) {
    ReplicationChannel channel;
    channel.receiver_errno = 13114;
    channel.receiver_error = "A replica with the same server_uuid/server_id as this replica";
    state.channels = {channel};
  });
  const auto error = [this] { return keeper_.Snapshot().replication.at(0).receiver_error; };
  ServeUntil(1);
  EXPECT_THAT(error(), HasSubstr("no tablet's record names that server; SHOW REPLICAS"));
  world_.AddOther();
  ASSERT_TRUE(world_.topology
                  .UpdateTablet(world_.other,
                                [this](Tablet& tablet) {
                                  tablet.tags["graft.server_uuid"] =
                                      world_.recipient.state().facts.server_uuid;
                                  return absl::OkStatus();
                                })
                  .ok());
  keeper_.Turn();
  world_.clock.Advance(absl::Seconds(10));
  keeper_.Turn();
  EXPECT_THAT(error(), HasSubstr("by its record that is the server of zone1-0000000102 ("));
  EXPECT_THAT(error(), HasSubstr("remove auto.cnf"));
}

TEST_F(TabletKeeperTest, TheFenceIsShownThoughNoOperationRuns) {
  EXPECT_FALSE(keeper_.Snapshot().fenced);
  TabletState failed = Running(Step::kFence);
  failed.operation.outcome = Outcome::kFailed;
  failed.fence.up = true;
  At(1, [&] { Tell(failed); });
  ServeUntil(2);
  EXPECT_TRUE(keeper_.Snapshot().fenced);
  EXPECT_EQ(Record().type, TabletType::kRestore);
}

// Its journal is gone; what it says of itself must reach the record all the same.
TEST_F(TabletKeeperTest, WithoutItsJournalTheTabletIsPublishedOn) {
  ASSERT_TRUE(world_.topology
                  .UpdateTablet(world_.replica,
                                [](Tablet& tablet) {
                                  tablet.type = TabletType::kRestore;
                                  tablet.tags["graft.sequence"] = "40";
                                  return absl::OkStatus();
                                })
                  .ok());
  owner_.BeginAfter(40);
  At(1, [&] { keeper_.SetType(TabletType::kSpare); });
  ServeUntil(2);
  EXPECT_EQ(Record().mysql.port, 3399);
  EXPECT_EQ(Record().type, TabletType::kSpare);
}

TEST_F(TabletKeeperTest, ARecordThatWasDeletedIsMadeAnewAndSaysWhatItSaid) {
  TabletState failed = Running(Step::kClone);
  failed.operation.outcome = Outcome::kFailed;
  failed.operation.data_state = DataState::kEmpty;
  bool may_register = false;
  register_again_ = [&]() -> absl::Status {
    if (!may_register) return absl::UnavailableError("etcd is away");
    Tablet tablet;
    tablet.alias = world_.replica;
    tablet.keyspace = "shop";
    tablet.shard = "0";
    tablet.type = TabletType::kReplica;
    return world_.topology.RegisterTablet(tablet).status();
  };
  At(1, [&] { Tell(failed); });
  At(2, [&] { DeleteRecord(); });
  At(15, [&] {
    EXPECT_THAT(keeper_.Snapshot().held_back, ElementsAre(HasSubstr("was deleted")));
    may_register = true;
  });
  ServeUntil(40);
  EXPECT_THAT(keeper_.Snapshot().held_back, IsEmpty());
  EXPECT_EQ(Record().type, TabletType::kRestore);
  EXPECT_EQ(Tag("data_state"), "EMPTY");
  EXPECT_EQ(Record().mysql.port, 3399);
}

// As another process does that ran for a while with the same alias, and ends.
TEST_F(TabletKeeperTest, ARecordThatSaysStoppedIsMadeAnewByWhoHoldsTheServer) {
  const auto stop = [&] {
    EditRecord(world_, world_.replica, [&](Tablet& tablet) {
      tablet.hostname.clear();
      tablet.shutdown_time = world_.clock.Now();
    });
  };
  int registered = 0;
  register_again_ = [&] {
    ++registered;
    EditRecord(world_, world_.replica, [](Tablet& tablet) {
      tablet.hostname = "h";
      tablet.shutdown_time = absl::InfinitePast();
    });
    return absl::OkStatus();
  };
  At(2, stop);
  ServeUntil(40);
  EXPECT_EQ(registered, 1);
  EXPECT_EQ(Record().hostname, "h");
  EXPECT_EQ(Record().mysql.port, 3399);
}

TEST_F(TabletKeeperTest, ARecordThatSaysStoppedStaysWhileAnotherHoldsTheServer) {
  LetAnotherHold();
  register_again_ = [] { return absl::InternalError("not to be called"); };
  At(2, [&] {
    EditRecord(world_, world_.replica, [&](Tablet& t) { t.shutdown_time = world_.clock.Now(); });
  });
  ServeUntil(40);
  EXPECT_NE(Record().shutdown_time, absl::InfinitePast());
}

TEST_F(TabletKeeperTest, ARecordOfAnotherAgentThatLivesIsNotWritten) {
  check_owner_ = [](const Tablet&) { return Failure(Reason::kTabletHeld, "another at h9:1"); };
  Version before = 0;
  At(11, [&] {
    before = RecordVersion();
    world_.recipient.Edit([](FakeMysqlState& state) { state.facts.version = "9.7.5"; });
  });
  At(25, [&] {
    EXPECT_EQ(RecordVersion(), before);
    EXPECT_THAT(keeper_.Snapshot().held_back, ElementsAre("another at h9:1"));
    check_owner_ = nullptr;
  });
  ServeUntil(60);
  EXPECT_THAT(keeper_.Snapshot().held_back, IsEmpty());
  EXPECT_EQ(Record().Tag("graft.mysql_version"), "9.7.5");
}

TEST_F(TabletKeeperTest, AServerThatAnotherAgentHoldsIsNotPublished) {
  LetAnotherHold();
  const Version before = RecordVersion();
  At(1, [&] { keeper_.SetType(TabletType::kSpare); });
  ServeUntil(20);
  EXPECT_EQ(RecordVersion(), before);
  EXPECT_THAT(keeper_.Snapshot().held_back, ElementsAre(HasSubstr("held by vt_dba")));
}

// One of ours would hold up the restart of the server that copies.
TEST_F(TabletKeeperTest, TheServerIsNotHeldWhileACopyIsUnderWay) {
  TabletState copying = Running(Step::kClone);
  copying.clone = SentClone();
  At(1, [&] { Tell(copying); });
  int held = 0;
  At(2, [&] { held = world_.recipient.calls("HoldServer"); });
  At(30, [&] {
    EXPECT_EQ(world_.recipient.calls("HoldServer"), held);
    copying.operation.outcome = Outcome::kFailed;  // its end was not seen
    Tell(copying);
  });
  At(60, [&] {
    EXPECT_EQ(world_.recipient.calls("HoldServer"), held);
    copying.clone.reset();
    Tell(copying);
  });
  ServeUntil(70);
  EXPECT_GT(world_.recipient.calls("HoldServer"), held);
}

TEST_F(TabletKeeperTest, WhatIsHeldBackIsReadOnlyAndOutOfServiceUntilAnOperationBegins) {
  world_.recipient.Edit([](FakeMysqlState& state) {
    state.variables["super_read_only"] = "OFF";
    state.facts.super_read_only = false;
  });
  At(1, [&] { keeper_.HoldBack(Reason::kJournalDamaged, "a record cannot be read"); });
  At(12, [&] {
    EXPECT_EQ(Record().type, TabletType::kRestore);
    EXPECT_EQ(Tag("reason"), "JOURNAL_DAMAGED");
    EXPECT_THAT(keeper_.Snapshot().held_back, ElementsAre("a record cannot be read"));
    EXPECT_EQ(world_.recipient.state().variables.at("super_read_only"), "ON");
    Tell(Running(Step::kResolveDonor));
  });
  ServeUntil(13);
  EXPECT_THAT(keeper_.Snapshot().held_back, IsEmpty());
  EXPECT_EQ(Tag("reason"), "(none)");
}

// The newest operation that can be read ended badly; of what the damaged record said that is no
// word.
TEST_F(TabletKeeperTest, TheEndOfAnEarlierOperationDoesNotFreeWhatIsHeldBack) {
  world_.recipient.Edit([](FakeMysqlState& state) {
    state.variables["super_read_only"] = "OFF";
    state.facts.super_read_only = false;
  });
  TabletState failed = Running(Step::kClone);
  failed.operation.outcome = Outcome::kFailed;
  failed.operation.data_state = DataState::kEmpty;
  failed.operation.error = Failure(Reason::kDonorGone, "the donor went away");
  At(1, [&] {
    keeper_.HoldBack(Reason::kJournalDamaged, "a record cannot be read");
    Tell(failed);
  });
  ServeUntil(12);
  EXPECT_EQ(Record().type, TabletType::kRestore);
  EXPECT_EQ(Tag("reason"), "JOURNAL_DAMAGED");
  EXPECT_THAT(keeper_.Snapshot().held_back, ElementsAre("a record cannot be read"));
  EXPECT_EQ(world_.recipient.state().variables.at("super_read_only"), "ON");
}

TEST_F(TabletKeeperTest, APrimaryIsNotHeldBack) {
  ASSERT_TRUE(world_.topology.SetPrimary("shop", "0", world_.replica).ok());
  world_.recipient.Edit([](FakeMysqlState& state) {
    state.variables["super_read_only"] = "OFF";
    state.facts.super_read_only = false;
  });
  keeper_.HoldBack(Reason::kJournalDamaged, "a record cannot be read");
  ServeUntil(20);
  EXPECT_EQ(Record().type, TabletType::kPrimary);
  EXPECT_EQ(world_.recipient.state().variables.at("super_read_only"), "OFF");
}

TEST_F(TabletKeeperTest, AServerThatHoldsNothingSaysSoUntilItDoes) {
  world_.recipient.Edit([](FakeMysqlState& state) {
    state.facts.user_schemas.clear();
    state.facts.gtid_executed.clear();
  });
  At(1, [&] {
    EXPECT_EQ(Tag("data_state"), "EMPTY");
    EXPECT_THAT(keeper_.Snapshot().held_back, ElementsAre(HasSubstr("never provisioned")));
    world_.recipient.Edit([](FakeMysqlState& state) { state.facts.user_schemas = {"shop"}; });
  });
  ServeUntil(10);
  EXPECT_EQ(Tag("data_state"), "(none)");
  EXPECT_THAT(keeper_.Snapshot().held_back, IsEmpty());
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
