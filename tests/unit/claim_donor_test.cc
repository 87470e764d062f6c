// How an operation waits in the shard's line, and which donor it gets.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "base/errors.h"
#include "provision/donor/donor_fitness.h"
#include "provision_world.h"

namespace graft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ClaimDonorTest : public testing::Test {
 protected:
  ClaimDonorTest() {
    world_.AddOther();
    world_.observer.on_step = [this](const Operation& operation) {
      if (operation.step == Step::kClaimDonor && at_claim_) std::exchange(at_claim_, nullptr)();
    };
  }

  // Others' places in the line, and claims; given up at their time.
  std::unique_ptr<QueuePlace> StandInLine(uint32_t uid, bool waiting, const TabletAlias& wants = {},
                                          const TabletAlias& holds = {}) {
    QueueEntry entry{{"zone1", uid}, "theirs", "rebuild"};
    entry.waiting = waiting;
    entry.wants = wants;
    entry.holds = holds;
    return *world_.locks.Enter(kLine, entry);
  }
  std::unique_ptr<QueuePlace> Claim(const TabletAlias& donor) {
    return *world_.locks.Enter(DonorLockName(donor), {{"zone1", 999}, "theirs", "clone"});
  }
  // Kept alive until it is given up, at `when` from now.
  void KeepUntil(absl::Duration when, std::unique_ptr<QueuePlace> place) {
    kept_.push_back(std::move(place));
    Keep(*kept_.back(), world_.clock.Now() + when);
  }
  void Keep(QueuePlace& place, absl::Time until) {
    const absl::Time next = std::min(until, world_.clock.Now() + absl::Seconds(10));
    world_.clock.At(next, [this, &place, until] {
      if (world_.clock.Now() >= until) return place.Leave().IgnoreError();
      place.KeepAlive().IgnoreError();
      Keep(place, until);
    });
  }
  absl::Duration Waited(const Operation& operation) const {
    absl::Duration waited;
    for (const StepTime& time : operation.times) {
      if (time.step == Step::kClaimDonor) waited += time.ended - time.started;
    }
    return waited;
  }
  Operation Run(const DonorChoice& choice) {
    Operation operation = world_.Request(choice);
    world_.Run(operation);
    EXPECT_THAT(*world_.locks.List(kLine), IsEmpty());
    EXPECT_THAT(world_.Queue(world_.other), IsEmpty());
    EXPECT_THAT(world_.Queue(world_.primary), IsEmpty());
    return operation;
  }

  static constexpr char kLine[] = "graft-line-shop-0";
  ProvisionWorld world_;
  std::vector<std::unique_ptr<QueuePlace>> kept_;
  std::function<void()> at_claim_;
};

TEST_F(ClaimDonorTest, TheClaimEndsWhenTheCopyIsMade) {
  std::map<Step, size_t> claims;
  std::map<Step, std::vector<QueueEntry>> line;
  world_.observer.on_step = [&](const Operation& operation) {
    claims[operation.step] = world_.Queue(world_.other).size();
    line[operation.step] = *world_.locks.List(kLine);
  };
  EXPECT_EQ(Run(kAny).outcome, Outcome::kDone);
  for (const Step step : {Step::kFence, Step::kClone, Step::kAwaitRestart}) {
    EXPECT_EQ(claims[step], 1u) << StepName(step);
    ASSERT_THAT(line[step], SizeIs(1)) << StepName(step);
    EXPECT_EQ(line[step][0].holds, world_.other) << StepName(step);
  }
  for (const Step step : {Step::kVerify, Step::kReplicate}) {
    EXPECT_EQ(claims[step], 0u) << StepName(step);
    ASSERT_THAT(line[step], SizeIs(1)) << StepName(step);
    EXPECT_TRUE(line[step][0].holds.empty() && !line[step][0].waiting) << StepName(step);
  }
  EXPECT_THAT(line[Step::kPublish], IsEmpty()) << "it is a donor itself";
}

TEST_F(ClaimDonorTest, ATabletThatReplicatesIsADonorAtOnce) {
  Tablet record = world_.Record(world_.other);
  record.type = TabletType::kRestore;
  record.tags["graft.operation"] = "theirs";
  for (const char* state : {"CLONED", "EMPTY", "PARTIAL"}) {
    for (const char* step : {"verify", "replicate", "catch_up", "publish", ""}) {
      record.tags["graft.data_state"] = state;
      record.tags["graft.step"] = step;
      const bool fits = std::string(state) == "CLONED" &&
                        (std::string(step) == "catch_up" || std::string(step) == "publish");
      EXPECT_EQ(!ObjectToRecord(record, false).has_value(), fits) << state << " " << step;
    }
  }
}

// The donor that preflight looked at is taken meanwhile; the other one is looked at then.
TEST_F(ClaimDonorTest, WhateverIsFreeWhenItsTurnComes) {
  std::unique_ptr<QueuePlace> holder;
  std::unique_ptr<QueuePlace> claim;
  at_claim_ = [&] {
    holder = StandInLine(103, false, {}, world_.other);
    claim = Claim(world_.other);
    KeepUntil(absl::Hours(1), std::move(claim));
    KeepUntil(absl::Hours(1), std::move(holder));
  };
  DonorChoice choice = kAny;
  choice.primary = PrimaryAsDonor::kLikeOthers;
  Operation operation = world_.Request(choice);
  world_.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.donor, world_.primary);
  EXPECT_EQ(operation.attempt, 1);
  int preflights = 0;
  for (const StepTime& time : operation.times) preflights += time.step == Step::kPreflight ? 1 : 0;
  EXPECT_EQ(preflights, 2);
}

// The primary may not serve, and the only replica is being made.
class BeingMadeTest : public ClaimDonorTest {
 protected:
  BeingMadeTest() {
    Make("PARTIAL", "clone");
    KeepUntil(absl::Minutes(3), StandInLine(102, false, {}, world_.primary));
  }
  void Make(const std::string& state, const std::string& step) {
    EXPECT_TRUE(world_.topology
                    .UpdateTablet(world_.other,
                                  [&](Tablet& tablet) {
                                    tablet.type = TabletType::kRestore;
                                    tablet.tags["graft.operation"] = "theirs";
                                    tablet.tags["graft.step"] = step;
                                    tablet.tags["graft.data_state"] = state;
                                    return absl::OkStatus();
                                  })
                    .ok());
  }
  Operation RunWithoutPrimary() {
    DonorChoice choice = kAny;
    choice.primary = PrimaryAsDonor::kNever;
    const Operation operation = Run(choice);
    EXPECT_GE(Waited(operation), absl::Minutes(3) - absl::Seconds(1));
    return operation;
  }
};

TEST_F(BeingMadeTest, ADonorIsWaitedFor) {
  world_.clock.At(world_.clock.Now() + absl::Minutes(3), [this] { Make("CLONED", "catch_up"); });
  const Operation operation = RunWithoutPrimary();
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.donor, world_.other);
}

// It does not stand in the line yet: its preflight lasts.
TEST_F(BeingMadeTest, OneThatHasJustBegunIsWaitedForToo) {
  kept_.front()->Leave().IgnoreError();
  Make("EMPTY", "preflight");
  world_.clock.At(world_.clock.Now() + absl::Minutes(3), [this] { Make("CLONED", "catch_up"); });
  const Operation operation = RunWithoutPrimary();
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.donor, world_.other);
}

// Its agent has died, and its record still says that it begins.
TEST_F(BeingMadeTest, ABeginnerThatHasDiedIsWaitedForForMinutes) {
  kept_.front()->Leave().IgnoreError();
  Make("INTACT", "preflight");
  const Operation operation = RunWithoutPrimary();
  EXPECT_EQ(ReasonOf(operation.error), "NO_DONOR") << operation.error;
  EXPECT_LE(Waited(operation), absl::Minutes(7)) << "three attempts";
}

TEST_F(BeingMadeTest, OneThatNeverComesIsNotWaitedForForEver) {
  const Operation operation = RunWithoutPrimary();
  EXPECT_EQ(ReasonOf(operation.error), "NO_DONOR") << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kIntact);
}

// For up to a minute the primary counts an acknowledger that has gone.
TEST_F(ClaimDonorTest, AcknowledgersAreRebuiltOneAfterTheOther) {
  world_.recipient.Edit([](FakeMysqlState& state) { state.facts.semi_sync.acknowledges = true; });
  world_.donor.Edit([](FakeMysqlState& state) {
    state.facts.semi_sync = {true, 1, 5, absl::Hours(24), false};
  });
  QueueEntry theirs{{"zone1", 103}, "theirs", "rebuild"};
  theirs.acknowledges = true;
  KeepUntil(absl::Minutes(7), *world_.locks.Enter(kLine, theirs));
  bool says_so = false;
  world_.observer.on_step = [&](const Operation& operation) {
    if (operation.step != Step::kFence) return;
    const std::vector<QueueEntry> line = *world_.locks.List(kLine);
    for (const QueueEntry& entry : line) says_so |= entry.acknowledges;
  };
  const Operation operation = Run(kAny);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_GE(Waited(operation), absl::Minutes(7) - absl::Seconds(1));
  EXPECT_TRUE(says_so) << "for those behind";
}

// It would be refused (3634), with the tablet out of service for nothing.
TEST_F(ClaimDonorTest, ANamedDonorThatIsClonedWithoutAClaimIsWaitedFor) {
  ServerSession clone;
  clone.connection_id = 40;
  clone.command = "clone";
  world_.other_server.Edit([&](FakeMysqlState& state) { state.sessions = {clone}; });
  world_.clock.At(world_.clock.Now() + absl::Minutes(4), [&] {
    world_.other_server.Edit([](FakeMysqlState& state) { state.sessions.clear(); });
  });
  const Operation operation = Run({DonorChoice::Kind::kTablet, world_.other});
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.attempt, 1);
  EXPECT_GE(Waited(operation), absl::Minutes(4) - absl::Seconds(1));
}

TEST_F(ClaimDonorTest, ThePrimaryIsSparedUntilTheWaitIsLong) {
  for (const bool for_ever : {true, false}) {
    ProvisionWorld& world = world_;
    world.options.primary_donor_after = for_ever ? absl::ZeroDuration() : absl::Minutes(5);
    at_claim_ = [&] {
      KeepUntil(absl::Minutes(20), Claim(world.other));
      KeepUntil(absl::Minutes(20), StandInLine(103, false, {}, world.other));
    };
    Operation operation = world.Request(kAny);
    operation.request.id = for_ever ? "op-1" : "op-2";
    world.Run(operation);
    EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
    EXPECT_EQ(operation.donor, for_ever ? world.other : world.primary);
    EXPECT_NEAR(absl::ToDoubleMinutes(Waited(operation)), for_ever ? 20 : 5, 0.6);
  }
}

// A tablet before this one takes nothing: its agent hangs, or the donor does not fit it.
TEST_F(ClaimDonorTest, WhatOthersLeaveIsTaken) {
  at_claim_ = [this] { KeepUntil(absl::Hours(3), StandInLine(103, true)); };
  std::vector<int> places;
  world_.journal.on_save = [&places](const TabletState& state) {
    if (places.empty() || places.back() != state.operation.queue_place) {
      places.push_back(state.operation.queue_place);
    }
  };
  Operation operation = world_.Request(kAny);
  auto before = StandInLine(104, true);
  world_.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.donor, world_.other);
  EXPECT_GE(Waited(operation), absl::Seconds(3));
  EXPECT_LE(Waited(operation), absl::Seconds(6));
  EXPECT_THAT(places, ::testing::Contains(3));
}

TEST_F(ClaimDonorTest, ANamedDonorIsWaitedForAndNoOtherTaken) {
  at_claim_ = [this] {
    KeepUntil(absl::Minutes(2), Claim(world_.other));
    KeepUntil(absl::Minutes(2), StandInLine(103, false, {}, world_.other));
  };
  const Operation operation = Run({DonorChoice::Kind::kTablet, world_.other});
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.donor, world_.other);
  EXPECT_NEAR(absl::ToDoubleSeconds(Waited(operation)), 120, 3);
}

// Somebody who does not stand in the line: an older agent, or another program.
TEST_F(ClaimDonorTest, AForeignClaimIsRespected) {
  for (const DonorChoice& choice : {kAny, DonorChoice{DonorChoice::Kind::kTablet, world_.other}}) {
    at_claim_ = [this] { KeepUntil(absl::Minutes(2), Claim(world_.other)); };
    Operation operation = world_.Request(choice);
    operation.request.id = choice.tablet.empty() ? "op-1" : "op-2";
    world_.Run(operation);
    EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
    EXPECT_EQ(operation.donor, world_.other);
    EXPECT_NEAR(absl::ToDoubleSeconds(Waited(operation)), 120, 8);
  }
}

// A clone that nobody has announced: somebody made it by hand.
TEST_F(ClaimDonorTest, ADonorThatIsClonedByHandIsLeftAlone) {
  at_claim_ = [this] {
    ServerSession clone;
    clone.connection_id = 77;
    clone.command = "clone";
    world_.other_server.Edit([&](FakeMysqlState& state) { state.sessions = {clone}; });
    world_.clock.At(world_.clock.Now() + absl::Minutes(1), [this] {
      world_.other_server.Edit([](FakeMysqlState& state) { state.sessions.clear(); });
    });
  };
  const Operation operation = Run(kAny);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.attempt, 1);
  EXPECT_NEAR(absl::ToDoubleSeconds(Waited(operation)), 60, 8);
}

// However long the line is: only a wait without any progress ends.
TEST_F(ClaimDonorTest, TheWaitIsLimitedByWhatMoves) {
  world_.options.donor_wait_timeout = absl::Minutes(10);
  at_claim_ = [this] {
    KeepUntil(absl::Hours(2), Claim(world_.other));
    KeepUntil(absl::Hours(2), StandInLine(103, false, {}, world_.other));
  };
  std::vector<std::unique_ptr<QueuePlace>> before;
  for (uint32_t i = 0; i < 3; ++i) {
    KeepUntil(absl::Minutes(8) * (i + 1), StandInLine(110 + i, true));
  }
  Operation operation = world_.Request(kAny);
  world_.Run(operation);
  EXPECT_EQ(ReasonOf(operation.error), "DONOR_WAIT_TIMEOUT") << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kIntact);
  EXPECT_NEAR(absl::ToDoubleMinutes(Waited(operation)), 34, 1);
  EXPECT_THAT(std::string(operation.error.message()),
              HasSubstr("no donor of the shard became free within 10m"));
  EXPECT_THAT(std::string(operation.error.message()),
              HasSubstr("zone1-0000000102 serves zone1-0000000103"));
}

// A store that is away now and then, each time for less than its patience, ends no wait, however
// long that is.
TEST_F(ClaimDonorTest, LostCallsEndNoWait) {
  at_claim_ = [this] {
    KeepUntil(absl::Minutes(10), Claim(world_.other));
    KeepUntil(absl::Minutes(10), StandInLine(103, false, {}, world_.other));
    for (int minute = 1; minute < 10; ++minute) {
      const absl::Time when = world_.clock.Now() + absl::Minutes(minute);
      world_.clock.At(when, [this] { world_.store.FailAll(absl::UnavailableError("away")); });
      world_.clock.At(when + absl::Seconds(9), [this] { world_.store.Heal(); });
    }
  };
  const Operation operation = Run(kAny);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.attempt, 1);
  EXPECT_NEAR(absl::ToDoubleMinutes(Waited(operation)), 10, 0.3);
}

// The recipient's own mysqld is restarted while it waits.
TEST_F(ClaimDonorTest, ARestartOfMysqldEndsNoWait) {
  at_claim_ = [this] {
    KeepUntil(absl::Minutes(5), Claim(world_.other));
    auto holder = StandInLine(103, false, {}, world_.other);
    KeepUntil(absl::Minutes(5), std::move(holder));
    world_.clock.At(world_.clock.Now() + absl::Minutes(4),
                    [this] { world_.recipient.Crash(absl::Minutes(2)); });
  };
  const Operation operation = Run(kAny);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(operation.attempt, 1);
  EXPECT_NEAR(absl::ToDoubleMinutes(Waited(operation)), 6, 0.3);
}

// The answer that the claim is held gets lost: no claim stays that nobody uses.
TEST_F(ClaimDonorTest, AClaimWhoseAnswerIsLostIsGivenUp) {
  for (int lost = 1; lost < 14; ++lost) {
    ProvisionWorld world;
    world.AddOther();
    int calls = -1;
    world.observer.on_step = [&](const Operation& operation) {
      if (operation.step == Step::kClaimDonor && calls < 0) calls = 0;
      if (operation.step != Step::kFence) return;
      EXPECT_THAT(world.Queue(operation.donor), SizeIs(1));
      EXPECT_THAT(world.Queue(operation.donor == world.other ? world.primary : world.other),
                  IsEmpty());
    };
    world.store.before_call = [&](StoreMethod) -> absl::Status {
      if (calls < 0 || ++calls != lost) return absl::OkStatus();
      return absl::DeadlineExceededError("no answer");
    };
    Operation operation = world.Request(kAny);
    world.Run(operation);
    EXPECT_EQ(operation.outcome, Outcome::kDone) << lost << ": " << operation.error;
    EXPECT_EQ(operation.attempt, 1) << lost;
  }
}

// Four before it cannot use the donor that is free: they want another.
TEST_F(ClaimDonorTest, WhoComesBehindTakesWhatTheFrontCannotUse) {
  at_claim_ = [this] { KeepUntil(absl::Hours(3), StandInLine(120, true)); };
  for (uint32_t i = 0; i < 5; ++i) KeepUntil(absl::Hours(3), StandInLine(110 + i, true));
  const Operation operation = [this] {
    Operation running = world_.Request(kAny);
    world_.Run(running);
    return running;
  }();
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_LE(Waited(operation), absl::Minutes(3));
}

// The only donor is gone for good, and nobody else will be one.
TEST_F(ClaimDonorTest, WithoutAnyHopeItEnds) {
  at_claim_ = [this] {
    for (const TabletAlias& alias : {world_.other, world_.primary}) {
      EXPECT_TRUE(world_.topology
                      .UpdateTablet(alias,
                                    [](Tablet& tablet) {
                                      tablet.mysql = {};
                                      return absl::OkStatus();
                                    })
                      .ok());
    }
  };
  const Operation operation = Run(kAny);
  EXPECT_EQ(ReasonOf(operation.error), "NO_DONOR") << operation.error;
  EXPECT_EQ(operation.data_state, DataState::kIntact);
}

}  // namespace
}  // namespace graft
