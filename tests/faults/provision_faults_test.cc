// Every call of every port x what it answers x how often: what must hold is in fault_world.h.

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "fault_world.h"
#include "gtest/gtest.h"

namespace graft {
namespace {

// ---- every call of the MySQL port x what it answers x how often

struct PortFault {
  const char* method;
  absl::StatusCode code;
  const char* reason;
  int times;
};

std::vector<PortFault> PortFaults() {
  std::vector<PortFault> faults;
  for (const char* method : {"Describe", "Survey", "ReadVariables", "SetVariables", "StartClone",
                             "ReadClone", "ReadSessions", "KillConnection", "ReadReplication",
                             "StopReplication", "StartReplication"}) {
    for (int times : {1, 3, 1000}) {
      faults.push_back({method, absl::StatusCode::kUnavailable, "MYSQL_GONE", times});
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
  FaultWorld world;
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
  const bool denied = fault.code == absl::StatusCode::kPermissionDenied && fault.times > 1;
  const bool server_is_deaf =
      (fault.times == 1000 || denied) && operation.data_state == DataState::kIntact;
  if (server_is_deaf) {
    world.ExpectTruthful(operation);
  } else {
    world.ExpectSafe(operation);
  }
  world.ExpectSecondRequestSucceeds(operation);
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

class StoreFaultTest : public ::testing::TestWithParam<std::tuple<int, int, absl::StatusCode>> {};

TEST_P(StoreFaultTest, ACopyIsNeverThrownAwayAndTheRecordCatchesUp) {
  const auto [begin, length, code] = GetParam();
  FaultWorld world;
  const absl::Time from = world.clock.Now() + absl::Seconds(begin);
  world.clock.At(from,
                 [&world, code = code] { world.store.FailAll(absl::Status(code, "injected")); });
  world.clock.At(from + absl::Seconds(length), [&world] { world.store.Heal(); });
  world.clock.Advance(absl::ZeroDuration());
  Operation operation = world.Request();
  world.Run(operation);
  world.store.Heal();
  if (world.recipient.clones_started() == 1) {
    EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  }
  // The agent's keeper publishes later what could not be published at the end. Here the keeper is
  // late.
  if (operation.outcome == Outcome::kDone) world.ExpectSafe(operation);
  EXPECT_EQ(world.recipient.state().variables.at("super_read_only"), "ON");
  world.ExpectSecondRequestSucceeds(operation);
}

INSTANTIATE_TEST_SUITE_P(
    Table, StoreFaultTest,
    ::testing::Combine(::testing::Values(0, 1, 30, 61, 66), ::testing::Values(1, 10, 100, 10000),
                       ::testing::Values(absl::StatusCode::kUnavailable,
                                         absl::StatusCode::kDeadlineExceeded,
                                         absl::StatusCode::kPermissionDenied)));

// ---- what the peers' servers and the recipient's machine answer

constexpr absl::StatusCode kCodes[] = {absl::StatusCode::kUnavailable,
                                       absl::StatusCode::kDeadlineExceeded,
                                       absl::StatusCode::kPermissionDenied};

class PeerFaultTest
    : public ::testing::TestWithParam<std::tuple<const char*, absl::StatusCode, int>> {};

TEST_P(PeerFaultTest, NothingIsDroppedUnlooked) {
  const auto [method, code, times] = GetParam();
  FaultWorld world;
  const absl::Status status(code, "injected");
  for (FakeMysqlServer* server : {&world.donor, &world.other_server}) {
    server->FailNext(method, status, times);
  }
  Operation operation = world.Request({DonorChoice::Kind::kAny, {}});
  world.Run(operation);
  for (FakeMysqlServer* server : {&world.donor, &world.other_server}) {
    server->FailNext(method, status, 0);
  }
  const bool asked_for_facts = absl::string_view(method) == "Survey";
  if (asked_for_facts && times == 1000) EXPECT_EQ(world.recipient.clones_started(), 0);
  world.ExpectSafe(operation);
  world.ExpectSecondRequestSucceeds(operation);
}

INSTANTIATE_TEST_SUITE_P(
    Table, PeerFaultTest,
    ::testing::Combine(::testing::Values("Describe", "Survey", "ReadReplication", "ReadSessions"),
                       ::testing::ValuesIn(kCodes), ::testing::Values(1, 1000)));

class HostFaultTest : public ::testing::TestWithParam<absl::StatusCode> {};

TEST_P(HostFaultTest, AMachineThatCannotBeLookedAtStopsItBeforeAnythingIsDropped) {
  FaultWorld world;
  world.host.Fail(absl::Status(GetParam(), "injected"));
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(world.recipient.clones_started(), 0);
  EXPECT_EQ(ReasonOf(operation.error), "PREFLIGHT_UNCHECKED") << operation.error;
  world.ExpectSafe(operation);
  world.host.Fail(absl::OkStatus());
  world.ExpectSecondRequestSucceeds(operation);
}

INSTANTIATE_TEST_SUITE_P(Table, HostFaultTest, ::testing::ValuesIn(kCodes));

// ---- the journal's disk full after the n-th write, for a while

class JournalFaultTest : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(JournalFaultTest, ACopyUnderWayIsFinishedAndNoneIsBegunUnwritten) {
  const auto [after, failures] = GetParam();
  FaultWorld world;
  world.journal.on_save = [&world, after = after, failures = failures](const TabletState&) {
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
  world.ExpectSafe(operation);
  world.ExpectSecondRequestSucceeds(operation);
}

INSTANTIATE_TEST_SUITE_P(Table, JournalFaultTest,
                         ::testing::Combine(::testing::Range(1, 17), ::testing::Values(1, 3)));

// ---- the recipient's mysqld killed, second by second

class CrashTest : public ::testing::TestWithParam<int> {};

TEST_P(CrashTest, TheTabletIsWholeOrFencedAndMarked) {
  FaultWorld world;
  world.clock.At(world.clock.Now() + absl::Seconds(GetParam()),
                 [&world] { world.recipient.Crash(absl::Seconds(3)); });
  Operation operation = world.Request();
  world.Run(operation);
  if (operation.data_state != DataState::kIntact) world.ExpectSafe(operation);
  world.ExpectSecondRequestSucceeds(operation);
}

INSTANTIATE_TEST_SUITE_P(EverySecond, CrashTest, ::testing::Range(0, 66));

}  // namespace
}  // namespace graft
