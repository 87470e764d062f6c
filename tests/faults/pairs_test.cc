// Two faults at once: the agent dies at each point of an operation, and then each call of each port
// of the next process goes wrong in each way. The next process takes the operation up as the real
// agent does. promises.h has the conditions that must always hold.
//
// GRAFT_PAIRS_ONLY=<text>: only cases whose name contains it, with all that was seen.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent_world.h"
#include "gmock/gmock.h"
#include "graft/plan.h"
#include "gtest/gtest.h"
#include "promises.h"

namespace graft {
namespace {

struct Death {
  std::string name;
  Step step;
  absl::Duration delay;
  bool cancelled = false;
  const char* in_call = "";  // in the middle of the first such call
  // Of a request that copies only if needed.
  enum class OldData { kNotAsked, kBehind, kBroken, kBreaks } old_data = OldData::kNotAsked;
  // Of a request for a backup; its server stays, or dies with the agent.
  enum class Backup { kNone, kStays, kDies } backup = Backup::kNone;
};

// A replica that is behind, one that stopped with 1062, and one that does once it is started.
void PrepareOldData(AgentWorld& world, Death::OldData old_data) {
  if (old_data == Death::OldData::kNotAsked) return;
  world.if_needed = true;
  world.recipient.Edit([old_data](FakeMysqlState& state) {
    state.facts.gtid_executed = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-40";
    state.replication.gtid_executed_after = state.donor.gtid_executed;
    ReplicationChannel& channel = state.channels.front();
    channel.receiver_running = channel.receiver_connecting = false;
    channel.receiver_errno = 2003;
    if (old_data == Death::OldData::kBehind) channel.delay = absl::ZeroDuration();
    if (old_data == Death::OldData::kBroken) {
      channel.applier_running = false;
      channel.applier_errno = 1062;
    }
    if (old_data != Death::OldData::kBreaks) return;
    channel.delay = absl::ZeroDuration();
    state.replication.applier_errno = 1062;
  });
  world.AtStep(Step::kFence, absl::ZeroDuration(), [&world] {
    world.recipient.Edit([](FakeMysqlState& state) { state.replication.applier_errno = 0; });
  });
}

// If a call is made again and again, the first calls, and then one of so many.
constexpr absl::Duration kNow = absl::ZeroDuration();
constexpr int kEachUpTo = 8;
constexpr int kThenEvery = 16;

std::vector<Death> Deaths() {
  std::vector<Death> deaths;
  for (const PlanRow& row : PlanOf(OperationKind::kReprovision)) {
    deaths.push_back({std::string(StepName(row.step)), row.step, absl::ZeroDuration()});
  }
  deaths.push_back({"clone_dropping", Step::kClone, absl::Milliseconds(400)});
  deaths.push_back({"clone_copying", Step::kClone, absl::Seconds(2)});
  deaths.push_back({"restart_stopping", Step::kAwaitRestart, absl::Milliseconds(30)});
  deaths.push_back({"restart_down", Step::kAwaitRestart, absl::Seconds(1)});
  deaths.push_back({"catch_up_lagging", Step::kCatchUp, absl::Seconds(2)});
  for (const Step step : {Step::kClaimDonor, Step::kFence, Step::kClone}) {
    deaths.push_back(
        {absl::StrCat(StepName(step), "_cancelled"), step, absl::ZeroDuration(), true});
  }
  deaths.push_back({"clone_copying_cancelled", Step::kClone, absl::Seconds(2), true});
  for (const char* call : {"recipient.DisableEvents", "recipient.DelayReplication"}) {
    deaths.push_back(
        {absl::StrCat("publish_in_", call), Step::kPublish, absl::ZeroDuration(), false, call});
  }
  using OldData = Death::OldData;
  const auto add = [&deaths](Step step, absl::Duration delay, bool cancelled, OldData data) {
    const char* of = data == OldData::kBehind   ? "behind"
                     : data == OldData::kBroken ? "broken"
                                                : "breaks";
    deaths.push_back({absl::StrCat("if_needed_", of, "_", StepName(step),
                                   delay > kNow ? "_lagging" : "", cancelled ? "_cancelled" : ""),
                      step, delay, cancelled, "", data});
  };
  for (const Step step : {Step::kAssess, Step::kRepoint, Step::kRejoin}) {
    for (const bool cancelled : {false, true}) add(step, kNow, cancelled, OldData::kBehind);
  }
  for (const bool cancelled : {false, true}) {
    add(Step::kRejoin, absl::Seconds(2), cancelled, OldData::kBehind);
  }
  add(Step::kPublish, kNow, false, OldData::kBehind);
  for (const Step step : {Step::kAssess, Step::kResolveDonor, Step::kClone}) {
    add(step, kNow, false, OldData::kBroken);
  }
  for (const Step step : {Step::kRejoin, Step::kResolveDonor, Step::kPublish}) {
    add(step, kNow, false, OldData::kBreaks);
  }
  using Backup = Death::Backup;
  for (const Backup backup : {Backup::kStays, Backup::kDies}) {
    const char* of = backup == Backup::kStays ? "stays" : "dies";
    for (const Step step : {Step::kRestoreBackup, Step::kPreflight, Step::kFence, Step::kClone,
                            Step::kAwaitRestart, Step::kPublish}) {
      deaths.push_back({absl::StrCat("backup_", of, "_", StepName(step)), step, kNow, false, "",
                        OldData::kNotAsked, backup});
    }
    deaths.push_back({absl::StrCat("backup_", of, "_clone_copying_cancelled"), Step::kClone,
                      absl::Seconds(2), true, "", OldData::kNotAsked, backup});
  }
  return deaths;
}

// The operation, up to the agent's death.
void RunToDeath(AgentWorld& world, const Death& death, const std::function<void()>& between) {
  PrepareOldData(world, death.old_data);
  world.AtStep(death.step, death.delay, [&world, &death] {
    if (*death.in_call != '\0') {
      world.recipient.Edit(
          [](FakeMysqlState& state) { state.lost_in_events = state.lost_in_delay = true; });
      return world.Arm({death.in_call, 1, CallFaultKind::kAgentDies});
    }
    if (death.cancelled) world.Cancel();
    if (death.backup == Death::Backup::kDies) world.backups.LoseServer();
    world.KillAgent();
  });
  const bool restores = death.backup != Death::Backup::kNone;
  world.Request("op-1", restores ? DonorChoice::Kind::kBackup : DonorChoice::Kind::kAny);
  world.RunToEnd(between);
}

// The calls that the next process makes when nothing goes wrong.
std::map<std::string, int> CallsAfter(const Death& death) {
  AgentWorld world;
  RunToDeath(world, death, nullptr);
  world.Mend();
  return world.calls();
}

class Tally {
 public:
  void Count(const std::string& name, const Violations& violations) {
    ++cases_;
    if (violations.empty()) return;
    ++broken_;
    for (const std::string& text : violations) {
      std::vector<std::string>& names = names_[text];
      names.push_back(name);
    }
  }

  void Report() const {
    for (const auto& [text, names] : names_) {
      const size_t shown = std::min<size_t>(names.size(), 5);
      ADD_FAILURE() << text << "\n  in " << names.size() << " case(s): "
                    << absl::StrJoin(names.begin(), names.begin() + static_cast<int>(shown), ", ");
    }
    std::printf("pairs: %d cases, %d violations\n", cases_, broken_);
  }
  int cases() const { return cases_; }

 private:
  int cases_ = 0;
  int broken_ = 0;
  std::map<std::string, std::vector<std::string>> names_;
};

const char* Only() {
  const char* only = std::getenv("GRAFT_PAIRS_ONLY");
  return only == nullptr ? "" : only;
}

// StartClone fails only before it has sent anything (src/mysql/own_sessions.cc).
bool MayHappen(const CallFault& fault) {
  return fault.kind != CallFaultKind::kAnswerLost || !absl::EndsWith(fault.call, ".StartClone");
}

void RunCase(const Death& death, const CallFault& fault, Tally& tally) {
  const std::string name =
      absl::StrCat(death.name, "/", fault.call, "#", fault.number, "/", CallFaultName(fault.kind));
  if (!absl::StrContains(name, Only()) || !MayHappen(fault)) return;
  AgentWorld world;
  bool died = false;
  RunToDeath(world, death, [&] {
    if (!std::exchange(died, true)) world.Arm(fault);
  });
  const bool struck = world.struck();
  world.Mend();
  world.RunToEnd();
  world.LookAtTheEnd();
  if (!struck) return;
  world.ExpectSecondRequest();
  Violations violations = BrokenPromises(world.story());
  if (world.backups.there()) violations.push_back("a restored backup is left");
  tally.Count(name, violations);
  if (*Only() != '\0' && !violations.empty()) {
    std::printf("%s\n%s\n%s\n", name.c_str(), world.story().log.c_str(),
                world.story().state.operation.error.ToString().c_str());
  }
}

TEST(Pairs, NoPromiseIsBroken) {
  Tally tally;
  for (const Death& death : Deaths()) {
    for (const auto& [call, times] : CallsAfter(death)) {
      for (int number = 1; number <= times; ++number) {
        if (number > kEachUpTo && number % kThenEvery != 0) continue;
        for (const CallFaultKind kind : {CallFaultKind::kUnavailable, CallFaultKind::kHangs,
                                         CallFaultKind::kDenied, CallFaultKind::kAnswerLost}) {
          RunCase(death, {call, number, kind}, tally);
        }
      }
    }
  }
  tally.Report();
  if (*Only() == '\0') EXPECT_GE(tally.cases(), 3000);
}

// Somebody makes the recipient the shard's primary: no CLONE is sent to it from then on.
TEST(Promotion, APrimaryIsNeverARecipient) {
  for (const Step step : {Step::kResolveDonor, Step::kPreflight, Step::kClaimDonor, Step::kFence}) {
    for (const bool killed : {false, true}) {
      AgentWorld world;
      world.AtStep(step, absl::ZeroDuration(), [&world, killed] {
        ASSERT_TRUE(world.topology.SetPrimary("shop", "0", world.replica).ok());
        if (killed) world.KillAgent();
      });
      world.Request("op-1", DonorChoice::Kind::kAny);
      world.RunToEnd();
      world.LookAtTheEnd();
      EXPECT_TRUE(world.story().over) << StepName(step);
      EXPECT_EQ(world.story().sendings.size(), 0U) << StepName(step);
      EXPECT_EQ(world.story().state.operation.data_state, DataState::kIntact) << StepName(step);
    }
  }
}

// The same while a call hangs that comes between the last checks and CLONE.
TEST(Promotion, DuringACallThatHangsBeforeCloneIsNoticed) {
  int struck = 0;
  for (const char* call : {"store.Update", "journal.Save", "recipient.SetVariables",
                           "recipient.ReadClone", "recipient.ReadSessions"}) {
    for (int number = 1; number <= 4; ++number) {
      AgentWorld world;
      world.AtStep(Step::kClone, absl::ZeroDuration(), [&world, call, number] {
        world.Arm({call, number, CallFaultKind::kHangs});
        world.clock.At(world.clock.Now() + absl::Seconds(8), [&world] {
          const absl::Status changed =  // as Vitess promotes it
              world.topology.UpdateTablet(world.replica, [](Tablet& tablet) {
                tablet.type = TabletType::kPrimary;
                return absl::OkStatus();
              });
          EXPECT_TRUE(changed.ok()) << changed;
        });
      });
      world.Request("op-1", DonorChoice::Kind::kAny);
      world.RunToEnd();
      world.LookAtTheEnd();
      struck += world.struck() ? 1 : 0;
      EXPECT_THAT(APrimaryIsNeverARecipient(world.story()), ::testing::IsEmpty())
          << call << "#" << number;
    }
  }
  EXPECT_GT(struck, 8);
}

// What hangs once before CLONE costs no more than time: all is looked at again, and sent with marks
// that are true.
TEST(Staleness, AHangOnceBeforeCloneCostsOnlyTime) {
  for (int number = 1; number <= 4; ++number) {
    for (const bool moves : {false, true}) {
      AgentWorld world;
      world.AtStep(Step::kClone, absl::ZeroDuration(), [&world, number, moves] {
        world.Arm({"store.Update", number, CallFaultKind::kHangs});
        if (!moves) return;
        world.clock.At(world.clock.Now() + absl::Seconds(5), [&world] {
          const absl::Status changed =
              world.topology.UpdateTablet(world.primary, [](Tablet& tablet) {
                tablet.mysql.port = 3311;
                return absl::OkStatus();
              });
          EXPECT_TRUE(changed.ok()) << changed;
        });
      });
      world.Request("op-1", DonorChoice::Kind::kPrimary);
      world.RunToEnd();
      world.LookAtTheEnd();
      const Operation& operation = world.story().state.operation;
      EXPECT_EQ(operation.outcome, Outcome::kDone) << number << moves << operation.error;
      EXPECT_EQ(operation.attempt, 1) << number << moves;
      world.ExpectSecondRequest();
      EXPECT_THAT(BrokenPromises(world.story()), ::testing::IsEmpty()) << number << moves;
    }
  }
}

}  // namespace
}  // namespace graft
