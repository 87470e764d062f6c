// Three random faults at random moments of an operation. promises.h has the conditions that must
// always hold.
//
// GRAFT_RANDOM_SECONDS=<n>: how long (10 by default; hours are fine). GRAFT_RANDOM_SEED=<n>: the
// first seed; one that failed is printed, and with GRAFT_RANDOM_SECONDS=0 it alone is run.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent_world.h"
#include "base/errors.h"
#include "graft/plan.h"
#include "gtest/gtest.h"
#include "promises.h"

namespace graft {
namespace {

constexpr int kFaults = 3;

int64_t FromEnvironment(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  int64_t number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

class RandomCase {
 public:
  explicit RandomCase(uint64_t seed) : random_(seed) {}

  Violations Run() {
    for (int i = 0; i < kFaults; ++i) AddFault();
    world_.Request("op-1", Below(2) == 0 ? DonorChoice::Kind::kAny : DonorChoice::Kind::kPrimary);
    world_.RunToEnd();
    world_.Mend();
    world_.RunToEnd();
    world_.LookAtTheEnd();
    world_.ExpectSecondRequest();
    return BrokenPromises(world_.story());
  }

  std::string Words() const { return absl::StrJoin(words_, "; "); }
  const AgentWorld& world() const { return world_; }

 private:
  int Below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

  // At a step, or a while after it began.
  void At(const char* what, const std::function<void()>& fault) {
    const Plan& plan = PlanOf(OperationKind::kReprovision);
    const Step step = plan[static_cast<size_t>(Below(static_cast<int>(plan.size())))].step;
    const auto delay = absl::Milliseconds(Below(2) == 0 ? 0 : Below(6000));
    words_.push_back(absl::StrCat(what, " at ", StepName(step), "+", absl::FormatDuration(delay)));
    world_.AtStep(step, delay, [this, fault] {
      if (!world_.Ended()) fault();  // what comes later is no fault of the operation's time
    });
  }

  void AddCallFault() {
    static constexpr const char* kCalls[] = {"recipient.Describe",
                                             "recipient.Survey",
                                             "recipient.ReadVariables",
                                             "recipient.SetVariables",
                                             "recipient.StartClone",
                                             "recipient.ReadClone",
                                             "recipient.ReadSessions",
                                             "recipient.ReadReplication",
                                             "recipient.StopReplication",
                                             "recipient.StartReplication",
                                             "recipient.HoldServer",
                                             "donor.Describe",
                                             "donor.Survey",
                                             "watch.Describe",
                                             "store.Get",
                                             "store.Create",
                                             "store.Update",
                                             "store.List",
                                             "store.GrantLease",
                                             "store.KeepLeaseAlive",
                                             "journal.Save",
                                             "journal.Load",
                                             "host.Look",
                                             "host.Activity"};
    CallFault fault;
    fault.call = kCalls[Below(sizeof(kCalls) / sizeof(kCalls[0]))];
    fault.number = 1 + Below(25);
    fault.times = Below(3) == 0 ? 1 + Below(40) : 1;
    const bool may_be_lost = fault.call != "recipient.StartClone";
    fault.kind = static_cast<CallFaultKind>(Below(may_be_lost ? 4 : 3));
    words_.push_back(absl::StrCat(fault.call, "#", fault.number, " x", fault.times, " ",
                                  CallFaultName(fault.kind)));
    world_.Arm(fault);
  }

  void TakeStoreAway() {
    const auto length = absl::Seconds(1 + Below(60));
    At("store away", [this, length] {
      world_.store.FailAll(absl::UnavailableError("etcd is down"));
      world_.clock.At(world_.clock.Now() + length, [this] { world_.store.Heal(); });
    });
  }

  void TakeDonorsAway() {
    const auto length = absl::Seconds(1 + Below(30));
    At("donors away", [this, length] {
      for (FakeMysqlServer* server : {&world_.donor, &world_.other_server}) server->SetDown(true);
      world_.clock.At(world_.clock.Now() + length, [this] {
        for (FakeMysqlServer* server : {&world_.donor, &world_.other_server}) {
          server->SetDown(false);
        }
      });
    });
  }

  void AddFault() {
    switch (Below(8)) {
      case 0:
      case 1:
        return At("agent killed", [this] { world_.KillAgent(); });
      case 2:
        return At("recipient crashes", [this] { world_.recipient.Crash(absl::Seconds(3)); });
      case 3:
        return At("recipient stopped", [this] { world_.recipient.Shutdown(absl::Seconds(3)); });
      case 4:
        return TakeStoreAway();
      case 5:
        return TakeDonorsAway();
      case 6:
        return At("cancelled", [this] { world_.Cancel(); });
      default:
        return AddCallFault();
    }
  }

  std::mt19937_64 random_;
  AgentWorld world_;
  std::vector<std::string> words_;
};

TEST(RandomFaults, NoPromiseIsBroken) {
  const int64_t first = FromEnvironment("GRAFT_RANDOM_SEED", std::random_device()());
  const int64_t seconds = FromEnvironment("GRAFT_RANDOM_SECONDS", 10);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  int cases = 0;
  int struck = 0;
  int broken = 0;
  do {
    const int64_t seed = first + cases++;
    RandomCase random_case(static_cast<uint64_t>(seed));
    const Violations violations = random_case.Run();
    struck += random_case.world().struck() ? 1 : 0;
    if (violations.empty()) continue;
    ++broken;
    ADD_FAILURE() << "GRAFT_RANDOM_SEED=" << seed
                  << " GRAFT_RANDOM_SECONDS=0: " << random_case.Words() << "\n  "
                  << absl::StrJoin(violations, "\n  ");
    if (seconds == 0) std::printf("%s\n", random_case.world().story().log.c_str());
  } while (std::chrono::steady_clock::now() < until);
  std::printf(
      "random faults: %d cases from seed %lld, in %d of them a call went wrong, "
      "%d violations\n",
      cases, static_cast<long long>(first), struck, broken);
  EXPECT_GE(cases, seconds);  // a case takes 10 ms
  if (cases > 50) EXPECT_GT(struck, cases / 20);
}

}  // namespace
}  // namespace graft
