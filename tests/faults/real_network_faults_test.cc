// The link between donor and recipient, cut in the middle of the copy. The donor's mysqld lives in
// a network namespace; all others, and etcd, outside of it.
#include <memory>
#include <string>
#include <vector>

#include "faults/real_fault_suite.h"
#include "testing/clone_brake.h"
#include "testing/network_namespace.h"

namespace graft {
namespace {

using testing::HasSubstr;

class RealNetworkFaultTest : public RealFaultSuite {
 protected:
  static void TearDownTestSuite() {
    RealFaultSuite::TearDownTestSuite();
    network_.reset();
  }

  absl::StatusOr<std::unique_ptr<MiniShard>> MakeShard() override {
    network_.reset();
    auto network = NetworkNamespace::Make();
    if (!network.ok()) return network.status();
    network_ = *std::move(network);
    std::vector<MysqlSandboxOptions> servers(3, PatientServer());
    // Where the donor can follow it, and the recipient reach it.
    servers[0].host = network_->outer_address();
    servers[2].host = network_->inner_address();
    servers[2].network_namespace = network_->name();
    auto shard = MiniShard::Start(MiniShard::Store::kEtcd);
    if (!shard.ok()) return shard;
    const absl::Status added = (*shard)->AddReplicatedTablets(servers, RowsSize());
    if (!added.ok()) return added;
    return shard;
  }

  // Starts the recipient's agent with `agent_flags`, and an operation with `flags` whose files are
  // being copied from the donor; then cuts the link.
  void CutInTheMiddle(const std::vector<std::string>& agent_flags,
                      const std::vector<std::string>& flags) {
    MiniShard::KillAgent(recipient());
    ASSERT_THAT(shard().StartAgent(recipient(), agent_flags), IsOk());
    ASSERT_THAT(Drift(), IsOk());
    ASSERT_THAT(BrakeClone(*recipient().mysql), IsOk());
    ASSERT_THAT(StartOperation(flags), IsOk());
    ASSERT_THAT(AwaitFileCopy(*recipient().mysql), IsOk())
        << shard().NewestOperation(recipient())->DebugString();
    EXPECT_EQ(shard().NewestOperation(recipient())->donor(), donor().alias);
    ASSERT_THAT(network_->Cut(), IsOk());
  }

  static std::string Note() {
    return shard().NewestOperation(recipient()).value_or(v1::Operation()).progress().note();
  }

  static inline std::unique_ptr<NetworkNamespace> network_;
};

TEST_F(RealNetworkFaultTest, LinkIsCutAndHealedAndTheCopyGoesOn) {
  CutInTheMiddle({}, {"--from-tablet", donor().alias});
  if (HasFatalFailure()) return;
  // The donor's own patience, of five minutes, counts down.
  EXPECT_TRUE(Eventually(absl::Seconds(30), [] {
    return Note().find("MySQL itself gives up in 4m") != std::string::npos;
  })) << Note();
  EXPECT_THAT(Note(), HasSubstr("donor " + donor().alias + " cannot be reached"));
  ASSERT_THAT(network_->Heal(), IsOk());
  EXPECT_TRUE(Eventually(absl::Seconds(60), [] { return Note().empty(); })) << Note();
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());

  const v1::Operation operation = AwaitEnd();
  EXPECT_EQ(operation.outcome(), v1::DONE) << operation.DebugString();
  EXPECT_EQ(operation.attempt(), 1);
  EXPECT_EQ(operation.donor(), donor().alias);
  ExpectSafe(operation);
  ExpectSecondRequestSucceeds();
}

TEST_F(RealNetworkFaultTest, LinkStaysCutAndTheOtherTabletIsTheNextDonor) {
  CutInTheMiddle({"--clone-donor-gone-timeout", "10s"}, {"--from-any"});
  if (HasFatalFailure()) return;
  // For the next donor's copy; nothing of this one gets through.
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  const v1::Operation operation = AwaitEnd();
  EXPECT_EQ(operation.outcome(), v1::DONE) << operation.DebugString();
  EXPECT_EQ(operation.donor(), primary().alias);
  ASSERT_EQ(operation.failed_attempts_size(), 1) << operation.DebugString();
  EXPECT_EQ(operation.failed_attempts(0).error().reason(), "DONOR_GONE");
  EXPECT_EQ(operation.failed_attempts(0).data_state(), v1::EMPTY);
  ExpectSafe(operation);

  ASSERT_THAT(network_->Heal(), IsOk());
  // TCP itself tries the donor's connection again only after as long as the link was cut.
  ASSERT_THAT(donor().mysql->Sql("STOP REPLICA IO_THREAD; START REPLICA IO_THREAD"), IsOk());
  ASSERT_THAT(AwaitCaughtUp(*donor().mysql, *primary().mysql), IsOk());
  // It waits five minutes for the recipient of the copy that was cut, and serves nobody else.
  EXPECT_TRUE(Eventually(absl::Seconds(60), [] {
    const std::string clone =
        donor().Value("SELECT MAX(id) FROM information_schema.processlist WHERE command='clone'");
    return clone == "NULL" || !donor().mysql->Sql("KILL " + clone).ok();
  }));
  ExpectSecondRequestSucceeds();
}

}  // namespace
}  // namespace graft
