// The work of the operation during a copy and around it: sessions, locks, standstills, throttles,
// the restart, the proof.

#include "base/errors.h"
#include "gmock/gmock.h"
#include "provision/provisioner.h"
#include "provision_world.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ServerSession User(int64_t id) {
  ServerSession session;
  session.connection_id = id;
  session.user = "app";
  session.host = "10.0.0.1:5000";
  session.command = "Sleep";
  session.in_transaction = true;
  return session;
}

bool AnyNote(const ProvisionWorld& world, const std::string& text) {
  for (const Progress& progress : world.observer.progress) {
    if (progress.note.find(text) != std::string::npos) return true;
  }
  return false;
}

TEST(FenceTest, EndsUsersSessionsAndSaysWhose) {
  ProvisionWorld world;
  ServerSession own = User(13);
  own.user = "vt_dba";
  world.recipient.Edit([&](FakeMysqlState& state) { state.sessions = {User(12), own}; });
  Operation operation = world.Request();
  world.clock.At(world.clock.Now() + absl::Seconds(30), [&] {
    EXPECT_THAT(world.recipient.state().sessions, SizeIs(1)) << "the agent's own account is left";
  });
  world.Run(operation);
  ASSERT_THAT(operation.ended_sessions, SizeIs(1));
  EXPECT_EQ(operation.ended_sessions[0].connection_id, 12);
  EXPECT_EQ(operation.ended_sessions[0].user, "app");
}

TEST(FenceTest, EndsWhoCameAfterTheFenceRightBeforeClone) {
  ProvisionWorld world;
  world.journal.on_save = [&](const TabletState& saving) {
    [[maybe_unused]] const Operation& saved = saving.operation;
    if (saved.step != Step::kClone || saving.clone.has_value()) return;
    world.recipient.Edit([](FakeMysqlState& state) { state.sessions = {User(55)}; });
  };
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  ASSERT_THAT(operation.ended_sessions, SizeIs(1));
  EXPECT_EQ(operation.ended_sessions[0].connection_id, 55);
}

TEST(WatchdogTest, EndsTheSessionThatDropDataWaitsFor) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.script.blocked_by = 77; });
  // It comes after the fence has ended all others.
  world.journal.on_save = [&](const TabletState& saving) {
    [[maybe_unused]] const Operation& saved = saving.operation;
    if ((!saving.clone.has_value() || saving.clone->connection_id == 0)) return;
    world.recipient.Edit([](FakeMysqlState& state) {
      if (state.sessions.empty()) state.sessions = {User(77)};
    });
  };
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  ASSERT_THAT(operation.ended_sessions, SizeIs(1));
  EXPECT_EQ(operation.ended_sessions[0].connection_id, 77);
  EXPECT_TRUE(AnyNote(world, "ended connection 77 (app@10.0.0.1:5000)"));
  EXPECT_EQ(world.recipient.clones_started(), 1);
}

TEST(WatchdogTest, AStandstillIsShownAndEndsByItself) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.script.stall = absl::Minutes(2); });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_TRUE(AnyNote(world, "though donor zone1-0000000100 answers"));
  EXPECT_EQ(operation.progress.note, "");
}

TEST(WatchdogTest, AStandstillNamesADonorWhoseCommitsHang) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.script.stall = absl::Minutes(2); });
  world.donor.Edit([](FakeMysqlState& state) {
    state.facts.semi_sync = {true, 1, 0, absl::Hours(24), false};
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_TRUE(
      AnyNote(world, "its commits wait for semi-synchronous acknowledgers: it wants 1, and has 0"));
}

// With 100,000 tables no byte moves for minutes, and that is no stall.
TEST(WatchdogTest, FilesThatAreMadeAreNoStandstill) {
  ProvisionWorld world;
  world.options.stall_timeout = absl::Minutes(2);
  world.recipient.Edit([](FakeMysqlState& state) { state.script.stall = absl::Minutes(5); });
  world.host.SetMakesFiles(true);
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.attempt, 1);
  EXPECT_TRUE(AnyNote(world, "CLONE makes the files of the copy; there are "));
}

// Another acknowledger goes while the recipient is rebuilt: nothing stands still here, and the
// source's clients do.
TEST(WatchdogTest, ASourceThatLosesItsAcknowledgersDuringTheCopyIsNamed) {
  ProvisionWorld world;
  const auto have = [&world](double seconds, int acknowledgers) {
    world.clock.At(world.clock.Now() + absl::Seconds(seconds), [&world, acknowledgers] {
      world.donor.Edit([=](FakeMysqlState& state) {
        state.facts.semi_sync = {true, 1, acknowledgers, absl::Hours(24), false};
      });
    });
  };
  have(0, 1);
  have(20, 0);
  have(40, 1);
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_TRUE(AnyNote(world,
                      "source zone1-0000000100: its commits wait for semi-synchronous "
                      "acknowledgers: it wants 1, and has 0; start a replica"));
  EXPECT_THAT(operation.findings, testing::Contains(testing::Field(&CheckResult::id, "SEMI_SYNC")));
  EXPECT_EQ(operation.progress.note, "");
}

// A delayed replica never silently becomes a current one.
TEST(SettingsTest, DelayAndFiltersAreSetAgain) {
  for (const bool forget : {false, true}) {
    ProvisionWorld world;
    world.recipient.Edit([](FakeMysqlState& state) {
      ReplicationChannel channel;
      channel.receiver_running = channel.applier_running = true;
      channel.delay = absl::Minutes(1);
      state.channels = {channel};
      state.survey.filters->push_back({"", "REPLICATE_DO_DB", "shop", true, true});
      state.survey.filters->push_back({"", "REPLICATE_DO_TABLE", "a b.c", true, false});
    });
    Operation operation = world.Request();
    operation.request.allow.lost_replication_settings = forget;
    world.Run(operation);
    ASSERT_EQ(operation.outcome, Outcome::kDone) << operation.error;
    const FakeMysqlState after = world.recipient.state();
    EXPECT_EQ(after.channels.front().delay, forget ? absl::ZeroDuration() : absl::Minutes(1));
    EXPECT_EQ(after.source->filters.size(), forget ? 0U : 1U);
  }
}

TEST(WatchdogTest, ACopyThatStandsStillForTooLongIsEndedAndTriedAgain) {
  ProvisionWorld world;
  world.options.stall_timeout = absl::Minutes(3);
  world.recipient.Edit([](FakeMysqlState& state) { state.script.stall = absl::Hours(2); });
  world.journal.on_save = [&](const TabletState& saving) {
    [[maybe_unused]] const Operation& saved = saving.operation;
    if (saved.attempt == 2) {
      world.recipient.Edit([](FakeMysqlState& state) { state.script = CloneScript(); });
    }
  };
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  ASSERT_THAT(operation.failed_attempts, SizeIs(1));
  EXPECT_EQ(ReasonOf(operation.failed_attempts[0].error), "CLONE_STALLED");
  EXPECT_EQ(operation.failed_attempts[0].data_state, DataState::kEmpty);
}

TEST(WatchdogTest, ADonorThatIsGoneIsShownWithMysqlsOwnCountdown) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.script.stall = absl::Minutes(4); });
  world.clock.At(world.clock.Now() + absl::Seconds(20), [&world] { world.donor.SetDown(true); });
  world.clock.At(world.clock.Now() + absl::Minutes(4), [&world] { world.donor.SetDown(false); });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_TRUE(AnyNote(world, "cannot be reached"));
  EXPECT_TRUE(AnyNote(world, "MySQL itself gives up in 4m"));
}

TEST(WatchdogTest, ADonorThatIsGoneIsGivenUpEarlyForTheNextIfAskedFor) {
  ProvisionWorld world;
  world.AddOther();
  world.options.donor_gone_timeout = absl::Seconds(30);
  world.recipient.Edit([](FakeMysqlState& state) { state.script.stall = absl::Hours(1); });
  world.clock.At(world.clock.Now() + absl::Seconds(20),
                 [&world] { world.other_server.SetDown(true); });
  world.journal.on_save = [&](const TabletState& saving) {
    [[maybe_unused]] const Operation& saved = saving.operation;
    if (saved.attempt == 2) {
      world.recipient.Edit([](FakeMysqlState& state) { state.script = CloneScript(); });
    }
  };
  Operation operation = world.Request({DonorChoice::Kind::kAny, {}});
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(ReasonOf(operation.failed_attempts.at(0).error), "DONOR_GONE");
  EXPECT_EQ(operation.donor, world.primary);
}

TEST(ThrottleTest, SettingsHoldForTheCloneAloneAndAreTakenBack) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.script.fail_with = WithReason(absl::ResourceExhaustedError("no"), "DISK_TOO_SMALL");
    state.variables["clone_max_data_bandwidth"] = "7";
  });
  std::string during;
  world.journal.on_save = [&](const TabletState& saving) {
    [[maybe_unused]] const Operation& saved = saving.operation;
    if (saving.clone.has_value() && saving.clone->connection_id != 0 && during.empty()) {
      during = world.recipient.state().variables.at("clone_max_data_bandwidth");
    }
  };
  Operation operation = world.Request();
  operation.request.settings.max_data_bandwidth_mib = 50;
  world.Run(operation);
  EXPECT_EQ(during, "50");
  EXPECT_EQ(world.recipient.state().variables.at("clone_max_data_bandwidth"), "7");
}

TEST(ThrottleTest, BandwidthChangesWhileItCopies) {
  ProvisionWorld world;
  world.clock.At(world.clock.Now() + absl::Seconds(20), [&world] {
    CloneSettings settings;
    settings.max_network_bandwidth_mib = 11;
    EXPECT_TRUE(world.owner->GrantThrottle("op-1", settings).ok());
    world.control->Wake();
  });
  std::string later;
  world.clock.At(world.clock.Now() + absl::Seconds(25), [&] {
    later = world.recipient.state().variables.at("clone_max_network_bandwidth");
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(later, "11");
}

// A brake that was granted is the next agent's, too.
TEST(ThrottleTest, IsNotForgottenByTheNextAgent) {
  ProvisionWorld world;
  CloneSettings settings;
  settings.max_data_bandwidth_mib = 11;
  world.observer.on_step = [&](const Operation& operation) {
    if (operation.step != Step::kPreflight) return;
    EXPECT_TRUE(world.owner->GrantThrottle("op-1", settings).ok());
    world.control->Stop();
  };
  Operation operation = world.Request();
  world.Run(operation);
  ASSERT_EQ(operation.outcome, Outcome::kRunning);
  world.observer.on_step = nullptr;
  world.control = std::make_shared<OperationControl>();
  std::string later;
  world.clock.At(world.clock.Now() + absl::Seconds(25),
                 [&] { later = world.recipient.state().variables.at("clone_max_data_bandwidth"); });
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(later, "11");
}

TEST(RestartTest, ALongRecoveryThatMovesIsWaitedFor) {
  ProvisionWorld world;
  world.options.restart_wait_timeout = absl::Minutes(5);
  world.recipient.Edit([](FakeMysqlState& state) { state.script.restart = absl::Minutes(40); });
  world.host.SetBusy(true);
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
}

TEST(RestartTest, ButNotForEver) {
  ProvisionWorld world;
  world.recipient.Edit(
      [](FakeMysqlState& state) { state.script.restart = absl::InfiniteDuration(); });
  world.host.SetBusy(true);
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "RESTART_TIMEOUT");
}

TEST(RestartTest, ACopyThatNobodyStartedInTimeIsTakenUpByTheNextOperation) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.script.supervised = false;
    state.script.down_until_started = absl::InfiniteDuration();
  });
  Operation first = world.Request();
  world.Run(first);
  ASSERT_EQ(ReasonOf(first.error), "RESTART_TIMEOUT");

  world.recipient.StartServer();
  world.clock.Advance(absl::Minutes(1));
  world.control = std::make_shared<OperationControl>();
  Operation second = world.Request();
  second.request.id = "op-2";
  world.Run(second);
  EXPECT_EQ(second.outcome, Outcome::kDone) << second.error;
  EXPECT_EQ(world.recipient.clones_started(), 1) << "the copy was there";
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica);
  EXPECT_TRUE(world.recipient.state().persisted.empty());
}

TEST(RestartTest, ACopyThatIsGoneIsMadeAgainByTheNextOperation) {
  ProvisionWorld world;
  world.recipient.Edit(
      [](FakeMysqlState& state) { state.script.restart = absl::InfiniteDuration(); });
  Operation first = world.Request();
  world.Run(first);
  ASSERT_EQ(ReasonOf(first.error), "RESTART_TIMEOUT");

  // Started on another, empty directory.
  world.recipient.StartServer();
  world.clock.Advance(absl::Minutes(1));
  world.recipient.Edit([](FakeMysqlState& state) {
    state.clone = CloneReport();
    state.script = CloneScript();
  });
  world.control = std::make_shared<OperationControl>();
  Operation second = world.Request();
  second.request.id = "op-2";
  world.Run(second);
  EXPECT_EQ(second.outcome, Outcome::kDone) << second.error;
  EXPECT_EQ(second.attempt, 1);
  EXPECT_EQ(world.recipient.clones_started(), 2);
}

TEST(RestartTest, WhoeverRunsMysqldIsAskedToStartItOnce) {
  ProvisionWorld world;
  FakeServerStarter starter;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.script.supervised = false;
    state.script.down_until_started = absl::InfiniteDuration();
  });
  starter.on_ask = [&] { world.recipient.StartServer(); };
  world.start_server = &starter;
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(starter.asked, 1);
}

TEST(RestartTest, APluginThatWentWithMysqlPluginIsInstalledAgain) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.donor.clone_plugin_status = "";
    for (ServerPlugin& plugin : state.survey.plugins) {
      if (plugin.name == "clone") plugin.by_statement = true;
    }
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(world.recipient.calls("InstallClonePlugin"), 1);
}

TEST(ProofTest, NamesWhatOnlyTheOldRecipientHad) {
  ProvisionWorld world;
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.proof.transactions_discarded, 7);
  EXPECT_EQ(operation.proof.gtid_discarded, "aaaaaaaa-71ca-11e1-9e33-c80aa9429562:1-7");
  EXPECT_EQ(operation.proof.not_checked, "");
}

TEST(ProofTest, NamesTheTablesThatArriveEmpty) {
  ProvisionWorld world;
  world.donor.Edit([](FakeMysqlState& state) {
    state.survey.non_innodb_tables = std::vector<std::string>{"shop.log (MyISAM)"};
  });
  Operation refused = world.Request();
  world.Run(refused);
  EXPECT_EQ(ReasonOf(refused.error), "NON_INNODB_TABLES");

  world.control = std::make_shared<OperationControl>();
  Operation operation = world.Request();
  operation.request.id = "op-2";
  operation.request.allow.non_innodb = true;
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_THAT(operation.proof.emptied_tables, ElementsAre("shop.log (MyISAM)"));
}

// An event that runs on a replica too executes transactions that only the replica has.
TEST(ProofTest, EventsOfThePrimaryAreDisabled) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.enabled_events = {"shop.tick"}; });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_THAT(operation.proof.disabled_events, ElementsAre("shop.tick"));
  EXPECT_TRUE(world.recipient.state().enabled_events.empty());
}

// ALTER EVENT needs super_read_only OFF for a moment; whoever dies in that moment leaves it OFF.
TEST(ProofTest, AServerThatWasLeftOpenIsClosedBeforeItServes) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.enabled_events = {"shop.tick", "shop.tock"};
    state.lost_in_events = true;
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(world.recipient.calls("DisableEvents"), 2);
  EXPECT_THAT(operation.proof.disabled_events, ElementsAre("shop.tick", "shop.tock"));
  EXPECT_TRUE(world.recipient.state().enabled_events.empty());
  EXPECT_EQ(world.recipient.state().variables.at("super_read_only"), "ON");
}

TEST(ProofTest, AnEventThatRefusesIsNamedAndKeepsNoOther) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.enabled_events = {"shop.tick"};
    state.stubborn_events = {"shop.odd"};
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_THAT(operation.proof.disabled_events, testing::ElementsAre("shop.tick"));
  EXPECT_THAT(operation.proof.not_checked, HasSubstr("shop.odd (it refuses)"));
}

TEST(ProofTest, EventsThatCannotBeDisabledAreSaid) {
  ProvisionWorld world;
  world.recipient.FailNext("DisableEvents", absl::PermissionDeniedError("it lacks EVENT"));
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.proof.not_checked, "events may run on this replica: it lacks EVENT");
}

TEST(ProofTest, ErrantTransactionsInTheResultAreDataLoss) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.donor.gtid_executed += ",99999999-71ca-11e1-9e33-c80aa9429562:1";
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "ERRANT_TRANSACTIONS") << operation.error;
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_NE(operation.data_state, DataState::kCloned);
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kRestore);
}

TEST(ProofTest, AnotherServerAtThePrimarysAddressSaysNothingOfTheCopy) {
  ProvisionWorld world;
  world.AddOther();
  world.clock.At(world.clock.Now() + absl::Seconds(30), [&world] {
    world.donor.Edit([](FakeMysqlState& state) {
      state.facts.server_uuid = "99999999-71ca-11e1-9e33-c80aa9429562";
      state.facts.gtid_executed = "99999999-71ca-11e1-9e33-c80aa9429562:1";
    });
  });
  Operation operation = world.Request({DonorChoice::Kind::kTablet, world.other});
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_THAT(operation.proof.not_checked, HasSubstr("another server answers"));
}

TEST(CrashLoopTest, AgentsThatDieInTheSameStepEndTheOperation) {
  ProvisionWorld world;
  TabletState left;
  left.operation = world.Request();
  left.operation.step = Step::kVerify;
  left.operation.data_state = DataState::kEmpty;
  left.operation.times = {{Step::kVerify, world.clock.Now(), absl::InfinitePast()}};
  left.operation.resumptions = 11;
  left.type_before = left.type_after = TabletType::kReplica;
  left.clone = SentClone();
  ASSERT_TRUE(world.journal.Save(left).ok());
  Operation operation = left.operation;
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(ReasonOf(operation.error), "CRASH_LOOP");
  EXPECT_EQ(world.Record(world.replica).tags.at("graft.data_state"), "EMPTY");
}

}  // namespace
}  // namespace graft
