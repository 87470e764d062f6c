// Attempts: what is tried again, with which donor, under which claim.

#include "base/errors.h"
#include "gmock/gmock.h"
#include "provision/provisioner.h"
#include "provision_world.h"

namespace graft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void RefuseClones(FakeMysqlServer& recipient, const char* reason) {
  recipient.Edit([reason](FakeMysqlState& state) {
    state.script.fail_with = WithReason(absl::ResourceExhaustedError("refused"), reason);
    state.script.donor_refuses = true;
  });
}

TEST(AttemptsTest, ACrashOfTheRecipientIsFollowedByAnotherClone) {
  ProvisionWorld world;
  world.clock.At(world.clock.Now() + absl::Seconds(30),
                 [&world] { world.recipient.Crash(absl::Seconds(20)); });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.attempt, 2);
  EXPECT_EQ(world.recipient.clones_started(), 2);
  ASSERT_THAT(operation.failed_attempts, SizeIs(1));
  EXPECT_EQ(ReasonOf(operation.failed_attempts[0].error), "RECIPIENT_CRASHED");
  EXPECT_EQ(operation.failed_attempts[0].data_state, DataState::kEmpty);
}

TEST(AttemptsTest, BetweenAttemptsACancelKnowsThatTheDataIsGone) {
  ProvisionWorld world;
  world.clock.At(world.clock.Now() + absl::Seconds(30),
                 [&world] { world.recipient.Crash(absl::Seconds(1)); });
  absl::Status timid;
  world.observer.on_step = [&](const Operation& operation) {
    if (operation.attempt != 2 || operation.step != Step::kPreflight) return;
    timid = world.Cancel(CancelWish::kIfNothingDropped);
    EXPECT_EQ(world.Cancel(CancelWish::kEvenIfDropped), absl::OkStatus());
  };
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(ReasonOf(timid), "DATA_DROPPED") << timid;
  EXPECT_EQ(operation.outcome, Outcome::kCancelled);
  EXPECT_EQ(operation.data_state, DataState::kEmpty);
  EXPECT_EQ(world.recipient.clones_started(), 1);
}

TEST(AttemptsTest, TheDataIsNeverCalledIntactAgainAfterItWasDropped) {
  ProvisionWorld world;
  world.clock.At(world.clock.Now() + absl::Seconds(30), [&world] {
    world.recipient.Crash(absl::Seconds(1));
    RefuseClones(world.recipient, "DONOR_UNREACHABLE");
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(operation.attempt, 3);
  EXPECT_EQ(operation.data_state, DataState::kEmpty);
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kRestore);
  EXPECT_EQ(world.recipient.state().variables.at("super_read_only"), "ON");
}

TEST(AttemptsTest, ABusyDonorIsWaitedForAndTheTabletServesInBetween) {
  ProvisionWorld world;
  world.options.donor_wait_timeout = absl::Minutes(10);
  RefuseClones(world.recipient, "DONOR_BUSY");
  std::vector<TabletType> types;
  world.journal.on_save = [&](const TabletState& saving) {
    [[maybe_unused]] const Operation& saved = saving.operation;
    if (saved.step == Step::kPreflight) types.push_back(world.Record(world.replica).type);
  };
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_GT(world.recipient.clones_started(), 10);
  EXPECT_EQ(world.recipient.clones_started(), operation.attempt);
  EXPECT_LT(operation.ended - operation.requested, absl::Minutes(12));
  EXPECT_EQ(operation.data_state, DataState::kIntact);
  EXPECT_THAT(types, ::testing::Each(TabletType::kReplica));
  EXPECT_THAT(world.Queue(world.primary), IsEmpty());
}

// The agent died after CLONE was sent and before it could note more than that it would be, and the
// next one looks while the server is still in the checks: it sends another, which is refused
// (3634).
TEST(AttemptsTest, AClonesOwnFormerStatementIsAdoptedWhenItTurnsUpLate) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.script.checks = absl::Seconds(20); });
  bool died = false;
  world.journal.before_save = [&](const TabletState& saving) {
    [[maybe_unused]] const Operation& saved = saving.operation;
    if ((!saving.clone.has_value() || saving.clone->connection_id == 0) ||
        std::exchange(died, true))
      return absl::OkStatus();
    world.control->Stop();
    return absl::UnavailableError("the process is gone");
  };
  Operation operation = world.Request();
  world.Run(operation);
  ASSERT_EQ(operation.outcome, Outcome::kRunning);
  world.recipient.AbandonClone();
  const TabletState kept = world.journal.Load()->states.back();
  operation = kept.operation;
  ASSERT_TRUE(kept.clone.has_value());
  ASSERT_EQ(kept.clone->connection_id, 0);
  ASSERT_FALSE(kept.clone->not_before.empty());

  world.control = std::make_shared<OperationControl>();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.attempt, 1);
  EXPECT_EQ(operation.data_state, DataState::kCloned);
}

void LoseSnapshots(FakeMysqlServer& recipient) {
  recipient.Edit([](FakeMysqlState& state) {
    state.script.fail_with = WithReason(absl::UnavailableError("1815: no snapshot"), "DONOR_LOST");
    state.script.fail_in = CloneStage::kFileCopy;
  });
}

// A query killer there: a third drop would be for nothing, and one accident may pass.
TEST(AttemptsTest, ADonorThatStaysUpAndEndsTheCopyTwiceIsNotAskedAThirdTime) {
  ProvisionWorld world;
  world.clock.Advance(absl::Minutes(1));
  LoseSnapshots(world.recipient);
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(ReasonOf(operation.error), "DONOR_ENDS_CLONES") << operation.error;
  EXPECT_THAT(std::string(operation.error.message()),
              HasSubstr("for the second time: the donor never went down, and its clone session "
                        "vanished"));
  EXPECT_EQ(world.recipient.clones_started(), 2);
  ASSERT_THAT(operation.failed_attempts, SizeIs(1));
  EXPECT_EQ(ReasonOf(operation.failed_attempts[0].error), "DONOR_LOST");
}

TEST(AttemptsTest, ADonorThatIsRestartedEachTimeIsAskedAsOftenAsAllowed) {
  ProvisionWorld world;
  world.clock.Advance(absl::Minutes(1));
  LoseSnapshots(world.recipient);
  world.observer.on_step = [&world](const Operation& operation) {
    if (operation.step != Step::kClone) return;
    world.clock.At(world.clock.Now() + absl::Seconds(5),
                   [&world] { world.donor.Crash(absl::Seconds(1)); });
  };
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "DONOR_LOST") << operation.error;
  EXPECT_EQ(world.recipient.clones_started(), 3);
}

TEST(AttemptsTest, APermanentFailureIsNotTriedAgain) {
  ProvisionWorld world;
  RefuseClones(world.recipient, "DISK_TOO_SMALL");
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(world.recipient.clones_started(), 1);
}

TEST(AttemptsTest, AnyPrefersAReplicaAndSaysWhyNotTheOthers) {
  ProvisionWorld world;
  world.AddOther();
  Operation operation = world.Request(kAny);
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.donor, world.other);
  ASSERT_THAT(operation.refused_donors, SizeIs(1)) << "itself";
  EXPECT_EQ(operation.refused_donors[0].alias, world.replica);
}

TEST(AttemptsTest, AnyGoesOnToTheNextDonorWhenOneCannotBeReached) {
  ProvisionWorld world;
  world.AddOther();
  world.recipient.Edit([](FakeMysqlState& state) {
    state.script.fail_with = WithReason(absl::UnavailableError("2003"), "DONOR_UNREACHABLE");
    state.script.donor_refuses = true;
  });
  world.journal.on_save = [&](const TabletState& saving) {
    [[maybe_unused]] const Operation& saved = saving.operation;
    if (saved.attempt == 2) {
      world.recipient.Edit([](FakeMysqlState& state) { state.script = CloneScript(); });
    }
  };
  Operation operation = world.Request(kAny);
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  ASSERT_THAT(operation.failed_attempts, SizeIs(1));
  EXPECT_EQ(operation.failed_attempts[0].donor, world.other);
  EXPECT_EQ(operation.donor, world.primary);
}

TEST(AttemptsTest, AnyRulesOutADonorWithAWrongPassword) {
  ProvisionWorld world;
  world.AddOther();
  world.other_server.FailNext("Survey", absl::UnauthenticatedError("1045"), 100);
  Operation operation = world.Request(kAny);
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.donor, world.primary);
  EXPECT_EQ(ReasonOf(operation.failed_attempts.at(0).error), "DONOR_CREDENTIALS");
}

TEST(AttemptsTest, AnyDoesNotAskADonorAgainThatCanNeverDo) {
  ProvisionWorld world;
  world.donor.FailNext("Survey", absl::UnauthenticatedError("1045"), 100);
  Operation operation = world.Request(kAny);
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(ReasonOf(operation.error), "NO_DONOR");
  EXPECT_THAT(std::string(operation.error.message()), HasSubstr("1045"));
  EXPECT_EQ(world.donor.calls("Survey"), 1);
}

TEST(AttemptsTest, AnyTakesAnotherDonorWhenPreflightFindsFaultWithTheBest) {
  ProvisionWorld world;
  world.AddOther();
  world.other_server.Edit([](FakeMysqlState& state) { state.survey.redo_log_enabled = false; });
  Operation operation = world.Request(kAny);
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.donor, world.primary);
  EXPECT_EQ(world.recipient.clones_started(), 1);
}

TEST(AttemptsTest, AnyEndsWhenTheRecipientIsAtFault) {
  ProvisionWorld world;
  world.AddOther();
  world.host.Edit([](HostFacts& facts) { facts.clone_leftovers = {"mysql.ibd.#clone"}; });
  Operation operation = world.Request(kAny);
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kFailed);
  EXPECT_EQ(operation.attempt, 1);
  EXPECT_EQ(ReasonOf(operation.error), "CLONE_LEFTOVERS");
}

// ---- the claim

QueueEntry Somebody() {
  return {{"zone1", 103}, "op-other", "clone zone1-0000000103 from zone1-0000000100"};
}

TEST(ClaimTest, WaitsInTheQueueWithTheTabletServingAndThenGoesOn) {
  ProvisionWorld world;
  auto place = world.locks.Enter(DonorLockName(world.primary), Somebody());
  ASSERT_TRUE(place.ok()) << place.status();
  for (int i = 1; i <= 9; ++i) {
    world.clock.At(world.clock.Now() + absl::Seconds(10 * i),
                   [&place] { (*place)->KeepAlive().IgnoreError(); });
  }
  int seen_place = -1;
  TabletType seen_type = TabletType::kUnknown;
  world.clock.At(world.clock.Now() + absl::Seconds(50), [&] {
    seen_place = world.journal.Load()->states.back().operation.queue_place;
    seen_type = world.Record(world.replica).type;
  });
  world.clock.At(world.clock.Now() + absl::Seconds(100),
                 [&place] { EXPECT_TRUE((*place)->Leave().ok()); });
  Operation operation = world.Request();
  const absl::Time began = world.clock.Now();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(seen_place, 1);
  EXPECT_EQ(seen_type, TabletType::kReplica) << "it serves while it waits";
  EXPECT_GT(world.clock.Now() - began, absl::Seconds(160));
  EXPECT_EQ(operation.queue_place, 0);
  EXPECT_THAT(world.Queue(world.primary), IsEmpty());
}

// The donor still shows the session of a clone whose recipient has died, for minutes.
TEST(ClaimTest, WhatIsLeftThereOfOurOwnBrokenAttemptIsNot) {
  ProvisionWorld world;
  world.clock.At(world.clock.Now() + absl::Seconds(30), [&world] {
    ServerSession clone;
    clone.connection_id = 9;
    clone.command = "clone";
    world.donor.Edit([&](FakeMysqlState& state) { state.sessions = {clone}; });
    world.recipient.Crash(absl::Seconds(1));
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.attempt, 2);
  EXPECT_LT(operation.ended - operation.requested, absl::Minutes(3));
}

TEST(ClaimTest, TheWaitIsBoundedAndNothingIsTouched) {
  ProvisionWorld world;
  world.options.donor_wait_timeout = absl::Minutes(1);
  auto place = world.locks.Enter(DonorLockName(world.primary), Somebody());
  ASSERT_TRUE(place.ok());
  for (int i = 1; i <= 20; ++i) {
    world.clock.At(world.clock.Now() + absl::Seconds(10 * i),
                   [&place] { (*place)->KeepAlive().IgnoreError(); });
  }
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "DONOR_WAIT_TIMEOUT") << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kIntact);
  EXPECT_EQ(world.recipient.clones_started(), 0);
  EXPECT_THAT(world.Queue(world.primary), SizeIs(1)) << "the other's alone";
}

TEST(ClaimTest, AnOwnerThatDiesLosesItWithItsLease) {
  ProvisionWorld world;
  auto place = world.locks.Enter(DonorLockName(world.primary), Somebody());
  ASSERT_TRUE(place.ok());
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
}

TEST(ClaimTest, LostInTheMiddleOfAHealthyCopyDoesNotThrowItAway) {
  ProvisionWorld world;
  world.clock.At(world.clock.Now() + absl::Seconds(20), [&world] { world.keep_claims = false; });
  world.clock.At(world.clock.Now() + absl::Seconds(58), [&world] { world.keep_claims = true; });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_TRUE(operation.claim_lost);
  EXPECT_EQ(world.recipient.clones_started(), 1);
}

TEST(ClaimTest, LostBeforeCloneIsClaimedAnewBeforeAnythingIsDropped) {
  ProvisionWorld world;
  bool lost = false;
  world.journal.on_save = [&](const TabletState& saving) {
    [[maybe_unused]] const Operation& saved = saving.operation;
    if (saved.step != Step::kClone || std::exchange(lost, true)) return;
    const auto places = world.store.List("/vitess/global/internal/named_locks/");
    for (const KeyValue& item : *places) {
      EXPECT_TRUE(world.store.RevokeLease(item.lease).ok());
    }
  };
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  ASSERT_THAT(operation.failed_attempts, SizeIs(1));
  EXPECT_EQ(ReasonOf(operation.failed_attempts[0].error), "CLAIM_LOST");
  EXPECT_EQ(operation.failed_attempts[0].data_state, DataState::kIntact);
  EXPECT_EQ(world.recipient.clones_started(), 1);
}

// The agent went away between its marks and CLONE, and somebody else has the donor by now.
TEST(ClaimTest, AnAgentThatComesBackDoesNotCloneFromADonorThatIsAnothersNow) {
  ProvisionWorld world;
  world.journal.on_save = [&](const TabletState& saving) {
    [[maybe_unused]] const Operation& saved = saving.operation;
    if (saving.clone.has_value()) world.control->Stop();
  };
  Operation operation = world.Request();
  world.Run(operation);
  ASSERT_EQ(operation.outcome, Outcome::kRunning);
  ASSERT_EQ(world.recipient.clones_started(), 0);
  ASSERT_TRUE(world.claims.Leave().ok());
  auto place = world.locks.Enter(DonorLockName(world.primary), Somebody());
  ASSERT_TRUE(place.ok());
  const absl::Time began = world.clock.Now();

  world.journal.on_save = nullptr;
  world.control = std::make_shared<OperationControl>();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  ASSERT_THAT(operation.failed_attempts, SizeIs(1));
  EXPECT_EQ(ReasonOf(operation.failed_attempts[0].error), "CLAIM_LOST");
  EXPECT_GT(world.clock.Now() - began, absl::Seconds(90)) << "it waited for the other's lease";
  EXPECT_EQ(world.recipient.clones_started(), 1);
}

TEST(ClaimTest, IsGoneAfterEveryEnd) {
  for (const char* reason : {"", "DISK_TOO_SMALL"}) {
    ProvisionWorld world;
    if (*reason != '\0') RefuseClones(world.recipient, reason);
    Operation operation = world.Request();
    world.Run(operation);
    EXPECT_THAT(world.Queue(world.primary), IsEmpty()) << reason;
  }
}

}  // namespace
}  // namespace graft
