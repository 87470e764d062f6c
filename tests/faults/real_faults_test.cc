// The fault table with the real programs: every fault, right before every step of the operation.
//
// Runs on one shard per process; ctest runs the table in four shards.

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "faults/real_fault_suite.h"
#include "graft/plan.h"

namespace graft {
namespace {

class RealFaultTest;

struct Fault {
  const char* name;
  // Called while the operation is held before the step; lets it go.
  void (RealFaultTest::*inject)();
  Step done_from;         // from this step on the operation ends DONE all the same
  v1::Outcome otherwise;  // before it: this, or OUTCOME_UNSPECIFIED for any safe end
  // It may keep the owner of the claim, or the end of it, from the store.
  bool may_leave_claim = false;
};

class RealFaultTest : public RealFaultSuite,
                      public testing::WithParamInterface<std::tuple<Step, Fault>> {
 public:
  void KillAgent() {
    MiniShard::KillAgent(recipient());
    Release();
    ASSERT_THAT(shard().LaunchAgent(recipient(), recipient().agent_flags), IsOk());
  }

  void StopAgent() {
    ASSERT_THAT(recipient().agent->Suspend(), IsOk());
    Release();
    Pause(absl::Seconds(3));
    recipient().agent->Resume();
  }

  void KillRecipient() {
    recipient().mysql->KillMysqld();
    Release();
  }

  void KillDonor() {
    const std::optional<pid_t> pid = donor().mysql->mysqld_pid();
    ASSERT_TRUE(pid.has_value());
    donor().mysql->KillMysqld();
    Release();
    ASSERT_THAT(donor().mysql->AwaitRestart(*pid), IsOk());
    // skip_replica_start is in its my.cnf.
    ASSERT_THAT(donor().mysql->Sql("START REPLICA"), IsOk());
  }

  void KillEtcd() {
    shard().etcd().Kill();
    Release();
    Pause(absl::Seconds(3));
    ASSERT_THAT(shard().etcd().Restart(), IsOk());
  }

  void LoseClaim() {
    // The claim on the donor until the copy is made, the place in line until it replicates.
    const bool claims = step() > Step::kClaimDonor && step() <= Step::kAwaitRestart;
    const bool stands = step() > Step::kClaimDonor && step() <= Step::kCatchUp;
    EXPECT_EQ(ClaimKeys().size(), (claims ? 1U : 0U) + (stands ? 1U : 0U));
    ASSERT_THAT(LoseClaims(), IsOk());
    Release();
  }

  void Cancel() {
    // It is granted at once, and then waits for the end, which does not come before the release.
    const CommandResult cancelled =
        shard().Graftctl({"cancel", recipient().alias, "--timeout", "1s"});
    EXPECT_EQ(cancelled.code, step() <= Step::kClone ? 4 : 5) << cancelled.err;
    Release();
  }

 protected:
  absl::StatusOr<std::unique_ptr<MiniShard>> MakeShard() override {
    auto shard = MiniShard::Start(MiniShard::Store::kEtcd);
    if (!shard.ok()) return shard;
    RowsSize rows;
    rows.ballast_megabytes = 0;
    const absl::Status added =
        (*shard)->AddReplicatedTablets(std::vector<MysqlSandboxOptions>(3, PatientServer()), rows);
    if (!added.ok()) return added;
    return shard;
  }

  static Step step() { return std::get<0>(GetParam()); }
  static const Fault& fault() { return std::get<1>(GetParam()); }
};

// graft-mysqld starts a killed mysqld again; the test starts the other programs. A fault right
// before CLONE leaves the old data as it was. A fault after CLONE must not cost the copy.
constexpr Fault kFaults[] = {
    {"AgentKilled", &RealFaultTest::KillAgent, Step::kResolveDonor, v1::DONE, true},
    {"AgentStopped", &RealFaultTest::StopAgent, Step::kResolveDonor, v1::DONE},
    {"RecipientKilled", &RealFaultTest::KillRecipient, Step::kVerify, v1::OUTCOME_UNSPECIFIED},
    {"DonorKilled", &RealFaultTest::KillDonor, Step::kAwaitRestart, v1::OUTCOME_UNSPECIFIED},
    {"ClaimLost", &RealFaultTest::LoseClaim, Step::kResolveDonor, v1::DONE},
    {"Cancelled", &RealFaultTest::Cancel, Step::kAwaitRestart, v1::CANCELLED},
    {"EtcdKilled", &RealFaultTest::KillEtcd, Step::kResolveDonor, v1::DONE, true},
};

TEST_P(RealFaultTest, TheTabletIsWholeOrFencedAndMarked) {
  ASSERT_THAT(Drift(), IsOk());
  ASSERT_THAT(HoldBefore(std::string(StepName(step()))), IsOk());
  ASSERT_THAT(StartOperation({"--from-tablet", donor().alias}), IsOk());
  ASSERT_THAT(AwaitHeld(), IsOk());
  (this->*fault().inject)();
  if (HasFatalFailure()) return;

  const v1::Operation operation = AwaitEnd();
  const v1::Outcome expected = step() >= fault().done_from ? v1::DONE : fault().otherwise;
  if (expected != v1::OUTCOME_UNSPECIFIED) EXPECT_EQ(operation.outcome(), expected);
  ExpectSafe(operation, fault().may_leave_claim ? Claim::kLeftToItsLease : Claim::kGivenUp);
  ExpectSecondRequestSucceeds();
}

std::vector<Step> StepsOfReprovision() {
  std::vector<Step> steps;
  for (const PlanRow& row : PlanOf(OperationKind::kReprovision)) steps.push_back(row.step);
  return steps;
}

INSTANTIATE_TEST_SUITE_P(Table, RealFaultTest,
                         testing::Combine(testing::ValuesIn(StepsOfReprovision()),
                                          testing::ValuesIn(kFaults)),
                         [](const auto& info) {
                           return absl::StrCat(StepName(std::get<0>(info.param)), "_",
                                               std::get<1>(info.param).name);
                         });

}  // namespace
}  // namespace graft
