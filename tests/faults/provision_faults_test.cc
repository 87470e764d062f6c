// What must hold after an operation, whatever failed: the tablet is whole and follows its source,
// or it is fenced and its record says so; CLONE was sent at most once; and a second request
// succeeds.

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "gtest/gtest.h"
#include "provision/step_table.h"
#include "provision/succession.h"
#include "provision_world.h"

namespace graft {
namespace {

bool IsReadOnly(const FakeMysqlState& state) {
  return state.variables.at("super_read_only") == "ON";
}

bool Follows(const FakeMysqlState& state) {
  return !state.channels.empty() && state.channels.front().receiver_running &&
         state.channels.front().applier_running;
}

ReplicationChannel RunningChannel() {
  ReplicationChannel channel;
  channel.source = {"127.0.0.1", 3310};
  channel.receiver_running = channel.applier_running = true;
  return channel;
}

// The step table says what the data can be, at worst, where the operation ended.
void ExpectNoWorseThanItsRow(const Operation& operation) {
  switch (StepTable()[static_cast<size_t>(operation.step)].worst_data_state) {
    case DataState::kIntact:
      EXPECT_EQ(operation.data_state, operation.data_before) << StepName(operation.step);
      break;
    case DataState::kCloned:
      EXPECT_EQ(operation.data_state, DataState::kCloned) << StepName(operation.step);
      break;
    case DataState::kPartial:
    case DataState::kEmpty:
      break;
  }
}

void ExpectSafe(ProvisionWorld& world, const Operation& operation) {
  const FakeMysqlState state = world.recipient.state();
  const Tablet record = world.Record(world.replica);
  ASSERT_NE(operation.outcome, Outcome::kRunning);
  EXPECT_LE(world.recipient.clones_started(), 1);
  EXPECT_TRUE(IsReadOnly(state));
  ExpectNoWorseThanItsRow(operation);
  if (operation.outcome == Outcome::kDone) {
    EXPECT_EQ(operation.data_state, DataState::kCloned);
    EXPECT_TRUE(Follows(state));
    EXPECT_EQ(record.type, TabletType::kReplica);
    EXPECT_TRUE(state.persisted.empty()) << "the fence is still up";
  } else if (operation.data_state == DataState::kIntact) {
    EXPECT_EQ(state.facts.user_schemas, std::vector<std::string>{"old"});
    EXPECT_TRUE(Follows(state)) << "the old replication was not resumed";
    EXPECT_EQ(record.type, TabletType::kReplica);
    EXPECT_TRUE(state.persisted.empty()) << "the fence is still up";
  } else {
    EXPECT_EQ(record.type, TabletType::kRestore);
    EXPECT_EQ(record.tags.at("graft.data_state"), DataStateName(operation.data_state));
    EXPECT_EQ(record.tags.count("graft.reason"), 1u);
  }
}

void ExpectSecondRequestSucceeds(ProvisionWorld& world, const Operation& first) {
  world.clock.Advance(absl::Minutes(2));  // what the first one left running has ended
  world.control = std::make_shared<OperationControl>();
  Operation again = world.Request();
  again.request.id = "op-2";
  TakeOver(first, again);
  world.Run(again);
  EXPECT_EQ(again.outcome, Outcome::kDone) << again.error;
  EXPECT_EQ(world.Record(world.replica).type, TabletType::kReplica);
  EXPECT_TRUE(world.recipient.state().persisted.empty());
}

// ---- every call of the MySQL port x what it answers x how often

struct PortFault {
  const char* method;
  absl::StatusCode code;
  const char* reason;
  int times;
};

std::vector<PortFault> PortFaults() {
  std::vector<PortFault> faults;
  for (const char* method : {"Describe", "ReadVariables", "SetVariables", "StartClone", "ReadClone",
                             "ReadReplication", "StopReplication", "StartReplication"}) {
    for (int times : {1, 3, 1000}) {
      faults.push_back({method, absl::StatusCode::kUnavailable, kReasonMysqlGone, times});
      faults.push_back({method, absl::StatusCode::kDeadlineExceeded, "", times});
      faults.push_back({method, absl::StatusCode::kPermissionDenied, "PRIVILEGE_MISSING", times});
    }
  }
  return faults;
}

// When the fault sets in: at the beginning, in the copy, after the restart.
constexpr int kBegins[] = {0, 20, 65};

class PortFaultTest : public ::testing::TestWithParam<std::tuple<PortFault, int>> {};

TEST_P(PortFaultTest, TheTabletIsWholeOrFencedAndMarked) {
  const auto& [fault, begin] = GetParam();
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.channels = {RunningChannel()}; });
  const absl::Status status = WithReason(absl::Status(fault.code, "injected"), fault.reason);
  bool over = false;
  const auto inject = [&world, &fault = fault, &over, status] {
    if (!over) world.recipient.FailNext(fault.method, status, fault.times);
  };
  if (begin == 0) {
    inject();
  } else {
    world.clock.At(world.clock.Now() + absl::Seconds(begin), inject);
  }
  Operation operation = world.Request();
  world.Run(operation);
  over = true;
  world.recipient.FailNext(fault.method, status, 0);  // the fault is mended

  // A server that cannot be told anything cannot be put back either: only then may a fence stay up
  // over intact data, and the record still tells the truth about the data.
  const bool server_is_deaf = fault.times == 1000 && operation.data_state == DataState::kIntact;
  if (!server_is_deaf) ExpectSafe(world, operation);
  EXPECT_LE(world.recipient.clones_started(), 1);
  ExpectSecondRequestSucceeds(world, operation);
}

INSTANTIATE_TEST_SUITE_P(Table, PortFaultTest,
                         ::testing::Combine(::testing::ValuesIn(PortFaults()),
                                            ::testing::ValuesIn(kBegins)),
                         [](const auto& info) {
                           const PortFault& fault = std::get<0>(info.param);
                           return absl::StrCat(fault.method, "_", static_cast<int>(fault.code), "_",
                                               fault.times, "x_at_", std::get<1>(info.param), "s");
                         });

// ---- the topology away from some moment on, for a while

class StoreFaultTest : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(StoreFaultTest, ACopyIsNeverThrownAwayAndTheRecordCatchesUp) {
  const auto [begin, length] = GetParam();
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.channels = {RunningChannel()}; });
  const absl::Time from = world.clock.Now() + absl::Seconds(begin);
  world.clock.At(from, [&world] { world.store.FailAll(absl::UnavailableError("etcd is down")); });
  world.clock.At(from + absl::Seconds(length), [&world] { world.store.Heal(); });
  world.clock.Advance(absl::ZeroDuration());
  Operation operation = world.Request();
  world.Run(operation);
  world.store.Heal();
  if (world.recipient.clones_started() == 1) {
    EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  }
  // What could not be published at the end, the agent's keeper publishes later; here it is late.
  if (operation.outcome == Outcome::kDone) ExpectSafe(world, operation);
  EXPECT_TRUE(IsReadOnly(world.recipient.state()));
  ExpectSecondRequestSucceeds(world, operation);
}

INSTANTIATE_TEST_SUITE_P(Table, StoreFaultTest,
                         ::testing::Combine(::testing::Values(0, 1, 30, 61, 66),
                                            ::testing::Values(1, 10, 100, 10000)));

// ---- the journal's disk full after the n-th write, for a while

class JournalFaultTest : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(JournalFaultTest, ACopyUnderWayIsFinishedAndNoneIsBegunUnwritten) {
  const auto [after, failures] = GetParam();
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.channels = {RunningChannel()}; });
  world.journal.on_save = [&world, after = after, failures = failures](const Operation&) {
    if (world.journal.saves() == after) {
      world.journal.FailNext(failures, absl::UnavailableError("disk full"));
    }
  };
  Operation operation = world.Request();
  world.Run(operation);
  world.journal.FailNext(0, absl::OkStatus());
  world.journal.on_save = nullptr;
  if (world.recipient.clones_started() == 1) {
    EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  }
  ExpectSafe(world, operation);
  ExpectSecondRequestSucceeds(world, operation);
}

INSTANTIATE_TEST_SUITE_P(Table, JournalFaultTest,
                         ::testing::Combine(::testing::Range(1, 16), ::testing::Values(1, 3)));

// ---- the recipient's mysqld killed, second by second

class CrashTest : public ::testing::TestWithParam<int> {};

TEST_P(CrashTest, TheTabletIsWholeOrFencedAndMarked) {
  ProvisionWorld world;
  world.recipient.Edit([](FakeMysqlState& state) { state.channels = {RunningChannel()}; });
  world.clock.At(world.clock.Now() + absl::Seconds(GetParam()),
                 [&world] { world.recipient.Crash(absl::Seconds(3)); });
  Operation operation = world.Request();
  world.Run(operation);
  if (operation.data_state != DataState::kIntact) ExpectSafe(world, operation);
  EXPECT_LE(world.recipient.clones_started(), 1);
  ExpectSecondRequestSucceeds(world, operation);
}

INSTANTIATE_TEST_SUITE_P(EverySecond, CrashTest, ::testing::Range(0, 66));

// ---- the agent dies after the n-th write of the journal, and another one goes on from that record

class ResumeTest : public ::testing::TestWithParam<int> {};

TEST_P(ResumeTest, AnAgentThatComesBackFinishesWithOneClone) {
  ProvisionWorld world;
  Operation operation = world.Request();
  const auto first_control = world.control;
  world.journal.on_save = [&](const Operation&) {
    if (world.journal.saves() == GetParam()) first_control->Stop();
  };
  world.Run(operation);
  if (operation.outcome == Outcome::kRunning) {
    world.recipient.AbandonClone();
    const auto records = world.journal.Load();
    ASSERT_TRUE(records.ok());
    ASSERT_FALSE(records->empty());
    operation = records->back();
    world.control = std::make_shared<OperationControl>();
    world.Run(operation);
  }
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_EQ(world.recipient.clones_started(), 1);
  ExpectSafe(world, operation);
}

INSTANTIATE_TEST_SUITE_P(EveryJournalWrite, ResumeTest, ::testing::Range(1, 16));

}  // namespace
}  // namespace graft
