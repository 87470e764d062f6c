#include "provision/provisioner.h"

#include <algorithm>

#include "base/errors.h"
#include "gmock/gmock.h"
#include "graft/plan.h"
#include "provision_world.h"

namespace graft {
namespace {

using ::testing::HasSubstr;

std::string Persisted(const FakeMysqlServer& server, const std::string& name) {
  const FakeMysqlState state = server.state();
  const auto found = state.persisted.find(name);
  return found == state.persisted.end() ? "" : found->second;
}

TEST(ProvisionerTest, RebuildsTheReplicaFromThePrimary) {
  ProvisionWorld world;
  Operation operation = world.Request();
  world.Run(operation);

  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kCloned);
  EXPECT_EQ(operation.donor, world.primary);
  EXPECT_EQ(world.recipient.clones_started(), 1);
  const FakeMysqlState state = world.recipient.state();
  EXPECT_EQ(state.facts.user_schemas, state.donor.user_schemas);
  ASSERT_TRUE(state.source.has_value());
  EXPECT_EQ(state.source->address.port, 3310);
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica);
  EXPECT_EQ(world.Record(world.replica).tags.at("graft.data_state"), "CLONED");
  EXPECT_EQ(world.observer.ends, 1);
  EXPECT_EQ(world.observer.steps.size(), PlanOf(OperationKind::kReprovision).size());
}

TEST(ProvisionerTest, TakesTheFenceDownButLeavesTheReplicaReadOnly) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.persisted["event_scheduler"] = "ON"; });
  Operation operation = world.Request();
  world.Run(operation);

  ASSERT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_FALSE(world.state.fence.up);
  EXPECT_EQ(Persisted(world.recipient, "super_read_only"), "");
  EXPECT_EQ(Persisted(world.recipient, "event_scheduler"), "ON");
  EXPECT_EQ(world.recipient.state().variables.at("super_read_only"), "ON");
}

TEST(ProvisionerTest, WaitsForAServerThatNobodySupervises) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.script.supervised = false;
    state.script.down_until_started = absl::Minutes(4);
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
}

TEST(ProvisionerTest, GivesUpOnARestartThatNeverComes) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.script.supervised = false;
    state.script.down_until_started = absl::InfiniteDuration();
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(ReasonOf(operation.error), "RESTART_TIMEOUT");
  EXPECT_EQ(operation.data_state, DataState::kEmpty);
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kRestore);
}

TEST(ProvisionerTest, KeepsWatchingACloneWhoseConnectionWasLost) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.script.lose_connection = true;
    state.script.copy = absl::Hours(3);  // far beyond the restart's budget
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(world.recipient.clones_started(), 1);
}

TEST(ProvisionerTest, ACrashInTheMiddleOfTheLastCopyIsSeenAndPublished) {
  ProvisionWorld world;
  world.options.max_attempts = 1;
  world.clock.At(world.clock.Now() + absl::Seconds(30),
                 [&world] { world.recipient.Crash(absl::Seconds(5)); });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(ReasonOf(operation.error), "RECIPIENT_CRASHED");
  EXPECT_EQ(operation.data_state, DataState::kEmpty);
  const Tablet record = world.Record(world.replica);
  EXPECT_EQ(record.type, TabletType::kRestore);
  EXPECT_EQ(record.tags.at("graft.data_state"), "EMPTY");
  EXPECT_EQ(record.tags.at("graft.reason"), "RECIPIENT_CRASHED");
  EXPECT_EQ(world.recipient.state().variables.at("super_read_only"), "ON");
}

TEST(ProvisionerTest, AFailureAfterTheDropLeavesAFencedMarkedTablet) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.script.fail_with =
        WithReason(absl::ResourceExhaustedError("not enough disk"), "DISK_TOO_SMALL");
    state.script.fail_in = CloneStage::kFileCopy;
    state.script.fail_errno = 3873;
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_TRUE(absl::IsResourceExhausted(operation.error)) << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kEmpty);
  EXPECT_EQ(world.recipient.state().variables.at("super_read_only"), "ON");
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kRestore);

  world.recipient.Edit([](FakeMysqlState& state) { state.script = CloneScript(); });
  world.control = std::make_shared<OperationControl>();
  Operation again = world.Request();
  again.request.id = "op-2";
  world.Run(again);
  EXPECT_EQ(again.outcome, Outcome::kDone) << again.error;
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica);
}

TEST(ProvisionerTest, ABusyDonorIsRefusedBeforeTheDropAndReplicationGoesOn) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.script.fail_with =
        WithReason(absl::ResourceExhaustedError("the donor is cloning"), "DONOR_BUSY");
    ReplicationChannel channel;
    channel.source = {"127.0.0.1", 3310};
    channel.receiver_running = channel.applier_running = true;
    state.channels = {channel};
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(ReasonOf(operation.error), "DONOR_BUSY");
  EXPECT_EQ(operation.data_state, DataState::kIntact);
  EXPECT_TRUE(world.recipient.state().channels.at(0).applier_running);
  EXPECT_EQ(Persisted(world.recipient, "super_read_only"), "");
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica);
}

TEST(ProvisionerTest, AServerThatWasWritableIsWritableAgainAfterAnEarlyFailure) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.variables["read_only"] = state.variables["super_read_only"] = "OFF";
    state.channels = {ReplicationChannel()};
    state.script.fail_with =
        WithReason(absl::ResourceExhaustedError("the donor is cloning"), "DONOR_BUSY");
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "DONOR_BUSY");
  EXPECT_EQ(world.recipient.state().variables.at("read_only"), "OFF");
  EXPECT_EQ(world.recipient.state().variables.at("super_read_only"), "OFF");
}

struct Refusal {
  std::string name;
  std::function<void(ProvisionWorld&, Operation&)> spoil;
  std::string reason;
  std::string text;
};

class RefusalTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusalTest, NothingIsTouched) {
  ProvisionWorld world;
  Operation operation = world.Request();
  GetParam().spoil(world, operation);
  const FakeMysqlState before = world.recipient.state();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(ReasonOf(operation.error), GetParam().reason) << operation.error;
  EXPECT_THAT(std::string(operation.error.message()), HasSubstr(GetParam().text));
  EXPECT_EQ(operation.data_state, DataState::kIntact);
  EXPECT_EQ(world.recipient.clones_started(), 0);
  EXPECT_EQ(world.recipient.state().variables, before.variables);
  EXPECT_EQ(world.recipient.state().persisted, before.persisted);
  EXPECT_NE(world.Record(world.replica).type, TabletType::kRestore);
}

DonorChoice Named(const std::string& cell, uint32_t uid) {
  return {DonorChoice::Kind::kTablet, {cell, uid}};
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusalTest,
    ::testing::Values(
        Refusal{"RecipientIsPrimary",
                [](ProvisionWorld& w, Operation& o) {
                  ASSERT_TRUE(w.topology.SetPrimary("shop", "0", w.replica).ok());
                  o.request.donor = Named("zone1", 100);
                },
                "RECIPIENT_IS_PRIMARY", "never overwritten"},
        Refusal{"ShardMissing", [](ProvisionWorld& w, Operation&) { w.options.shard = "-80"; }, "",
                "shop/-80"},
        Refusal{"KeyspaceMissing",
                [](ProvisionWorld& w, Operation&) { w.options.keyspace = "nowhere"; }, "",
                "nowhere"},
        Refusal{"DonorMissing",
                [](ProvisionWorld&, Operation& o) { o.request.donor = Named("zone1", 999); }, "",
                "zone1-0000000999"},
        Refusal{"CellMissing",
                [](ProvisionWorld&, Operation& o) { o.request.donor = Named("mars", 1); }, "",
                "mars"},
        Refusal{"DonorIsRecipient",
                [](ProvisionWorld&, Operation& o) { o.request.donor = Named("zone1", 101); },
                "DONOR_IS_RECIPIENT", "itself"},
        Refusal{"DonorHasNoAddress",
                [](ProvisionWorld& w, Operation&) {
                  EditRecord(w, w.primary, [](Tablet& t) { t.mysql = {}; });
                },
                "DONOR_HAS_NO_ADDRESS", "address"},
        Refusal{"DonorIsRestoring",
                [](ProvisionWorld& w, Operation&) {
                  EditRecord(w, w.primary, [](Tablet& t) { t.type = TabletType::kRestore; });
                },
                "DONOR_IS_RESTORING", "RESTORE"},
        Refusal{"DonorDown", [](ProvisionWorld& w, Operation&) { w.donor.SetDown(true); },
                "DONOR_UNREACHABLE", "zone1-0000000100"},
        Refusal{"DonorPassword",
                [](ProvisionWorld& w, Operation&) {
                  w.donor.FailNext("Survey", absl::UnauthenticatedError("1045"), 100);
                },
                "DONOR_CREDENTIALS", "1045"},
        Refusal{"DonorPrivilege",
                [](ProvisionWorld& w, Operation&) {
                  w.donor.Edit([](FakeMysqlState& s) { s.facts.privileges.clear(); });
                },
                "DONOR_PRIVILEGE", "BACKUP_ADMIN"},
        Refusal{"RecipientPrivilege",
                [](ProvisionWorld& w, Operation&) {
                  w.recipient.Edit([](FakeMysqlState& s) { s.facts.privileges.clear(); });
                },
                "RECIPIENT_PRIVILEGE", "CLONE_ADMIN"},
        Refusal{"RecipientPlugin",
                [](ProvisionWorld& w, Operation&) {
                  w.recipient.Edit([](FakeMysqlState& s) { s.facts.clone_plugin_status = ""; });
                },
                "RECIPIENT_PLUGIN", "plugin-load-add"},
        Refusal{"DonorPlugin",
                [](ProvisionWorld& w, Operation&) {
                  w.donor.Edit([](FakeMysqlState& s) { s.facts.clone_plugin_status = "DISABLED"; });
                },
                "DONOR_PLUGIN", "DISABLED"},
        Refusal{"Versions",
                [](ProvisionWorld& w, Operation&) {
                  w.donor.Edit([](FakeMysqlState& s) { s.facts.version = "8.4.2"; });
                },
                "VERSIONS", "8.4.2"},
        Refusal{"JournalIsFull",
                [](ProvisionWorld& w, Operation&) {
                  w.journal.FailNext(1, absl::UnavailableError("disk full"));
                },
                "", "journal"}),
    [](const auto& info) { return info.param.name; });

TEST(ProvisionerTest, EveryFindingOfThePreflightIsReportedAtOnce) {
  ProvisionWorld world;
  world.donor.Edit([](FakeMysqlState& s) {
    s.facts.clone_plugin_status = "";
    s.facts.privileges.clear();
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_THAT(std::string(operation.error.message()),
              ::testing::AllOf(HasSubstr("clone plugin"), HasSubstr("BACKUP_ADMIN")));
}

TEST(ProvisionerTest, APromotionBetweenPreflightAndCloneStopsIt) {
  ProvisionWorld world;
  Operation operation = world.Request();
  world.journal.on_save = [&world](const TabletState& saving) {
    [[maybe_unused]] const Operation& saved = saving.operation;
    if (saved.step == Step::kClone && !saving.clone.has_value()) {
      EditRecord(world, world.replica, [](Tablet& t) { t.type = TabletType::kPrimary; });
    }
  };
  world.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "RECIPIENT_IS_PRIMARY");
  EXPECT_EQ(world.recipient.clones_started(), 0);
}

TEST(ProvisionerTest, TheStoreMayBeAwayDuringTheCopy) {
  ProvisionWorld world;
  world.clock.At(world.clock.Now() + absl::Seconds(10),
                 [&world] { world.store.FailAll(absl::UnavailableError("etcd is down")); });
  world.clock.At(world.clock.Now() + absl::Hours(1), [&world] { world.store.Heal(); });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica);
}

TEST(ProvisionerTest, CancelBeforeCloneLeavesEverythingAsItWas) {
  ProvisionWorld world;
  Operation operation = world.Request();
  world.observer.on_step = [&world](const Operation& operation) {
    if (operation.step != Step::kClone) return;
    EXPECT_EQ(world.Cancel(CancelWish::kIfNothingDropped), absl::OkStatus());
  };
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kCancelled);
  EXPECT_EQ(operation.data_state, DataState::kIntact);
  EXPECT_EQ(world.recipient.clones_started(), 0);
  EXPECT_EQ(Persisted(world.recipient, "super_read_only"), "");
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica);
}

TEST(ProvisionerTest, CancelInTheCopyIsRefusedToWhoOnlyWantsIfNothingIsDropped) {
  ProvisionWorld world;
  Operation operation = world.Request();
  absl::Status answer = absl::UnknownError("not asked");
  world.clock.At(world.clock.Now() + absl::Seconds(20),
                 [&] { answer = world.Cancel(CancelWish::kIfNothingDropped); });
  world.Run(operation);
  EXPECT_EQ(ReasonOf(answer), "DATA_DROPPED");
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
}

TEST(ProvisionerTest, CancelInTheCopyEndsItForWhoSaysSo) {
  ProvisionWorld world;
  Operation operation = world.Request();
  absl::Status answer = absl::UnknownError("not asked");
  world.clock.At(world.clock.Now() + absl::Seconds(20),
                 [&] { answer = world.Cancel(CancelWish::kEvenIfDropped); });
  world.Run(operation);
  EXPECT_TRUE(answer.ok()) << answer;
  EXPECT_EQ(operation.outcome, Outcome::kCancelled) << operation.error;
  EXPECT_EQ(ReasonOf(operation.error), "CANCELLED");
  EXPECT_EQ(operation.data_state, DataState::kEmpty);
  EXPECT_EQ(world.recipient.clones_started(), 1) << "no other attempt";
  EXPECT_EQ(world.recipient.state().variables.at("super_read_only"), "ON");
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kRestore);
  EXPECT_THAT(world.Queue(world.primary), ::testing::IsEmpty());
}

// Seen on 9.7.4: KILL QUERY has no effect. Only the end of mysqld ends such a clone.
TEST(ProvisionerTest, ACloneThatCannotBeKilledIsNotLeftAloneAndNotFollowedByAnother) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.script.copy = absl::Hours(2); });
  world.recipient.FailNext("KillQuery", absl::DeadlineExceededError("no answer"), 1000);
  world.clock.At(world.clock.Now() + absl::Seconds(20),
                 [&] { EXPECT_TRUE(world.Cancel(CancelWish::kEvenIfDropped).ok()); });
  world.clock.At(world.clock.Now() + absl::Minutes(10),
                 [&world] { world.recipient.Crash(absl::Seconds(5)); });
  Operation operation = world.Request();
  const absl::Time began = world.clock.Now();
  world.Run(operation);
  EXPECT_GE(world.clock.Now() - began, absl::Minutes(10));
  EXPECT_EQ(operation.outcome, Outcome::kCancelled) << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kEmpty);
  EXPECT_EQ(world.recipient.clones_started(), 1);
  const auto& seen = world.observer.progress;
  EXPECT_TRUE(std::any_of(seen.begin(), seen.end(), [](const Progress& progress) {
    return progress.note.find("has no effect") != std::string::npos;
  }));
}

TEST(ProvisionerTest, CancelAfterTheCopyIsTooLate) {
  ProvisionWorld world;
  Operation operation = world.Request();
  absl::Status answer = absl::UnknownError("not asked");
  world.clock.At(world.clock.Now() + absl::Seconds(63),
                 [&] { answer = world.Cancel(CancelWish::kEvenIfDropped); });
  world.Run(operation);
  EXPECT_EQ(ReasonOf(answer), "TOO_LATE");
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
}

TEST(ProvisionerTest, ProgressGrowsAndEndsAtWhatWasExpected) {
  ProvisionWorld world;
  Operation operation = world.Request();
  world.Run(operation);
  ASSERT_GT(world.observer.progress.size(), 10u);
  int64_t before = 0;
  for (const Progress& progress : world.observer.progress) {
    EXPECT_GE(progress.bytes_done, before);
    before = progress.bytes_done;
  }
  EXPECT_EQ(operation.progress.bytes_done, operation.progress.bytes_expected);
  EXPECT_EQ(operation.progress.bytes_done, CloneScript().bytes);
}

TEST(ProvisionerTest, ReplicationThatBreaksAtOnceFailsWithItsErrorAndKeepsTheFence) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) {
    state.replication.applier_errno = 1032;
    state.replication.applier_error = "HA_ERR_KEY_NOT_FOUND";
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(ReasonOf(operation.error), "MYSQL_1032");
  EXPECT_EQ(operation.data_state, DataState::kCloned);
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kRestore);
}

// The row itself has all its properties; the order of the enum means nothing.
TEST(PlanTest, ServiceEndsAtTheFenceAndACancelWithTheCopy) {
  bool serves = true;
  bool may_cancel = true;
  for (const PlanRow& row : PlanOf(OperationKind::kReprovision)) {
    EXPECT_LE(row.serves, serves) << StepName(row.step) << ": out of service once, it stays so";
    serves = row.serves;
    const bool allowed = row.may_cancel == MayCancel::kYes;
    EXPECT_LE(allowed, may_cancel) << StepName(row.step);
    may_cancel = allowed;
    EXPECT_EQ(row.zone == Zone::kBeforeDrop, row.worst == DataState::kIntact) << StepName(row.step);
    EXPECT_FALSE(row.serves && row.zone != Zone::kBeforeDrop) << StepName(row.step);
  }
}

TEST(PlanTest, APlanHasEachOfItsStepsOnceAndEndsWithPublish) {
  for (OperationKind kind : {OperationKind::kReprovision, OperationKind::kRelease}) {
    const Plan& plan = PlanOf(kind);
    for (size_t i = 0; i < plan.size(); ++i) EXPECT_EQ(PlaceIn(plan, plan[i].step), i);
    EXPECT_EQ(plan.back().step, Step::kPublish);
  }
}

}  // namespace
}  // namespace graft
