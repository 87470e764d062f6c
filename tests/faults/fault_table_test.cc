// The fault table on fakes: each fault an operator can meet x each step of the operation, struck
// when the step is journalled and has not acted. The real programs meet the same table in
// real_faults_test.cc.

#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "fault_world.h"
#include "gtest/gtest.h"

namespace graft {
namespace {

struct Fault {
  const char* name;
  void (*strike)(FaultWorld&, Step step);
  // From this step on the operation has to end well all the same: a healthy copy is never thrown
  // away. kNever: it need only end safely.
  int done_from;
};

// The donor answers nobody for `length`; a copy that runs stands still meanwhile, and one that is
// begun is refused.
void CutDonor(FaultWorld& world, absl::Duration length, bool snapshot_lost) {
  for (FakeMysqlServer* server : {&world.donor, &world.other_server}) server->SetDown(true);
  world.recipient.Edit([&](FakeMysqlState& state) {
    if (snapshot_lost) {
      state.script.fail_with =
          WithReason(absl::UnavailableError("1815: no snapshot"), "DONOR_LOST");
      state.script.fail_in = CloneStage::kFileCopy;
    } else {
      state.script.stall = length;
    }
  });
  world.clock.At(world.clock.Now() + length, [&world] {
    for (FakeMysqlServer* server : {&world.donor, &world.other_server}) server->SetDown(false);
    world.recipient.Edit([](FakeMysqlState& state) { state.script = CloneScript(); });
  });
}

void TakeStoreAway(FaultWorld& world, absl::Duration length) {
  world.store.FailAll(absl::UnavailableError("etcd is down"));
  world.clock.At(world.clock.Now() + length, [&world] { world.store.Heal(); });
}

void KillAgent(FaultWorld& world, Step) {
  world.KillAgent();
}

// SIGSTOP for longer than a lease lives, then SIGCONT.
void StopAgent(FaultWorld& world, Step) {
  world.keep_claims = false;
  world.clock.Advance(absl::Seconds(45));
  world.keep_claims = true;
}

void KillRecipient(FaultWorld& world, Step) {
  world.recipient.Crash(absl::Seconds(3));
}

void KillDonor(FaultWorld& world, Step) {
  CutDonor(world, absl::Seconds(3), /*snapshot_lost=*/true);
}

void KillStore(FaultWorld& world, Step) {
  TakeStoreAway(world, absl::Minutes(10));
}

void RestartStore(FaultWorld& world, Step) {
  TakeStoreAway(world, absl::Seconds(1));
}

void CutNetwork(FaultWorld& world, Step) {
  CutDonor(world, absl::Seconds(12), /*snapshot_lost=*/false);
}

// The recipient's, which is the journal's too as far as the fakes go.
void FillDisk(FaultWorld& world, Step step) {
  world.host.Edit([](HostFacts& facts) { facts.free_bytes = 0; });
  if (step == Step::kClone) {
    world.recipient.Edit([](FakeMysqlState& state) {
      state.script.fail_with =
          WithReason(absl::ResourceExhaustedError("3873: no space"), "DISK_TOO_SMALL");
      state.script.fail_in = CloneStage::kFileCopy;
    });
    world.host.Edit([](HostFacts& facts) { facts.free_bytes = int64_t{1} << 50; });
  } else {
    world.journal.FailNext(3, absl::UnavailableError("disk full"));
  }
}

void LoseClaim(FaultWorld& world, Step) {
  const auto places = world.store.List("/vitess/global/internal/named_locks/");
  ASSERT_TRUE(places.ok());
  for (const KeyValue& place : *places) {
    EXPECT_TRUE(world.store.RevokeLease(place.lease).ok());
  }
}

void Cancel(FaultWorld& world, Step) {
  world.Cancel(CancelWish::kEvenIfDropped).IgnoreError();
}

constexpr int kSteps = 10;  // of a reprovision
constexpr int kNever = kSteps;

constexpr Fault kFaults[] = {
    {"AgentKilled", KillAgent, 0},
    {"AgentStopped", StopAgent, 0},
    {"RecipientKilled", KillRecipient, kNever},
    {"DonorKilled", KillDonor, static_cast<int>(Step::kAwaitRestart)},
    {"StoreKilled", KillStore, static_cast<int>(Step::kAwaitRestart)},
    {"StoreRestarted", RestartStore, 0},
    {"NetworkCut", CutNetwork, static_cast<int>(Step::kAwaitRestart)},
    {"DiskFull", FillDisk, static_cast<int>(Step::kAwaitRestart)},
    {"ClaimLost", LoseClaim, 0},
    {"Cancelled", Cancel, kNever},
};

class FaultTableTest : public ::testing::TestWithParam<std::tuple<Fault, int>> {};

TEST_P(FaultTableTest, TheTabletIsWholeOrFencedAndMarked) {
  const auto& [fault, number] = GetParam();
  const Step step = static_cast<Step>(number);
  FaultWorld world;
  world.AtStep(step, [&world, strike = fault.strike, step] { strike(world, step); });
  Operation operation = world.Request({DonorChoice::Kind::kAny, {}});
  world.RunToEnd(operation);
  EXPECT_TRUE(world.fault_fired()) << "the step was never reached";
  world.store.Heal();
  world.journal.FailNext(0, absl::OkStatus());
  world.clock.Advance(absl::Minutes(1));  // what was away is back
  world.host.Edit([](HostFacts& facts) { facts.free_bytes = int64_t{1} << 50; });

  if (number >= fault.done_from) {
    EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  }
  // The agent's keeper publishes later what could not be published at the end. Here there is no
  // keeper.
  const bool unpublished = fault.strike == KillStore && operation.outcome != Outcome::kDone;
  if (unpublished) {
    world.ExpectTruthful(operation);
  } else {
    world.ExpectSafe(operation);
  }
  world.ExpectSecondRequestSucceeds(operation);
}

INSTANTIATE_TEST_SUITE_P(Table, FaultTableTest,
                         ::testing::Combine(::testing::ValuesIn(kFaults),
                                            ::testing::Range(0, kSteps)),
                         [](const auto& info) {
                           const Step step = static_cast<Step>(std::get<1>(info.param));
                           return absl::StrCat(std::get<0>(info.param).name, "_at_",
                                               StepName(step));
                         });

// ---- the agent dies right before and right after each write of the journal

constexpr int kWrites = 17;  // of an operation that ends well, after the desk's own

TEST(JournalCrashTable, HasEveryWrite) {
  FaultWorld world;
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(world.journal.saves(), kWrites);
}

class JournalCrashTest : public ::testing::TestWithParam<std::tuple<bool, int>> {};

TEST_P(JournalCrashTest, TheNextAgentFinishesWithOneClone) {
  const auto [before, write] = GetParam();
  FaultWorld world;
  Operation operation = world.Request();
  TabletState requested;
  requested.operation = operation;
  ASSERT_TRUE(world.journal.Save(requested).ok());  // as the desk does before it starts
  int writes = 0;
  bool died = false;
  const auto die_at = [&, number = write] {
    if (++writes != number || std::exchange(died, true)) return absl::OkStatus();
    world.KillAgent();
    return absl::UnavailableError("the process is gone");
  };
  if (before) {
    world.journal.before_save = [&](const TabletState&) { return die_at(); };
  } else {
    world.journal.on_save = [&](const TabletState&) { die_at().IgnoreError(); };
  }
  world.RunToEnd(operation);
  EXPECT_TRUE(died) << "the operation makes fewer writes than that: " << writes;
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(world.recipient.clones_started(), 1);
  world.ExpectSafe(operation);
  world.ExpectSecondRequestSucceeds(operation);
}

INSTANTIATE_TEST_SUITE_P(EveryWrite, JournalCrashTest,
                         ::testing::Combine(::testing::Bool(), ::testing::Range(1, kWrites + 1)),
                         [](const auto& info) {
                           return absl::StrCat(std::get<0>(info.param) ? "Before" : "After",
                                               "Write", std::get<1>(info.param));
                         });

}  // namespace
}  // namespace graft
