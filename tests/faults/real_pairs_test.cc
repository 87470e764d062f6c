// Two faults at the same moment, with the real programs: the agent is killed, and what the next one
// needs first is away, hangs, or has changed. pairs_test does the same on fakes, everywhere.
#include <signal.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "faults/real_fault_suite.h"
#include "testing/clone_brake.h"

namespace graft {
namespace {

using testing::AnyOf;

class RealPairsTest : public RealCopyFaultSuite {
 protected:
  static bool CopyIsMade() {
    return recipient().Value("SELECT state FROM performance_schema.clone_status") == "Completed";
  }

  // As long as it is looked, the record can be read and does not let the tablet serve.
  static void ExpectMarkedFor(absl::Duration duration) {
    std::string open;
    Eventually(duration, [&open] {
      const auto record = shard().Record(recipient());
      if (!record.ok()) {
        open = record.status().ToString();
      } else if (record->type() != topodata::RESTORE) {
        open = record->ShortDebugString();
      }
      return !open.empty();
    });
    EXPECT_EQ(open, "");
  }

  // Written on the primary at once; the recipient, if it follows the primary itself, applies it
  // until `duration` from now is over. A replica between them would pass on rows.
  static absl::Status SlowTransaction(absl::Duration duration) {
    return primary()
        .mysql
        ->Sql(absl::StrCat("SET SESSION binlog_format=STATEMENT; INSERT INTO shop.customers (name) "
                           "SELECT CONCAT('slow', LEFT('x', IF(@@port<>",
                           recipient().mysql->port(), ",0,SLEEP(GREATEST(0,",
                           absl::ToUnixSeconds(absl::Now() + duration),
                           "-UNIX_TIMESTAMP(SYSDATE()))))))"))
        .status();
  }
  static bool AppliesSlowly() {
    return recipient().Value(
               "SELECT COUNT(*) FROM performance_schema.replication_applier_status_by_worker "
               "WHERE applying_transaction <> ''") != "0";
  }

  // The shard's primary is `next` from now on, and `former` follows it.
  static void MovePrimary(MiniTablet& former, MiniTablet& next) {
    ASSERT_THAT(former.mysql->Sql("SET GLOBAL super_read_only = ON"), IsOk());
    ASSERT_THAT(AwaitCaughtUp(*next.mysql, *former.mysql), IsOk());
    ASSERT_THAT(next.mysql->Sql("STOP REPLICA; RESET REPLICA ALL"), IsOk());
    ASSERT_THAT(shard().MakePrimary(next), IsOk());
    ASSERT_THAT(Follow(*former.mysql, *next.mysql, MiniShard::kReplPassword), IsOk());
  }
};

TEST_F(RealPairsTest, TheTopologyIsAwayWhenTheNextAgentStarts) {
  StartSlowOperation({"--from-tablet", donor().alias});
  if (HasFatalFailure()) return;
  MiniShard::KillAgent(recipient());
  shard().etcd().Kill();
  ASSERT_THAT(shard().LaunchAgent(recipient()), IsOk());
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  EXPECT_TRUE(Eventually(absl::Seconds(60), CopyIsMade));
  EXPECT_EQ(recipient().Value("SELECT @@super_read_only"), "1");
  ASSERT_THAT(shard().etcd().Restart(), IsOk());
  EXPECT_EQ(ExpectDoneAfter({}, Claim::kLeftToItsLease).attempt(), 1);
}

TEST_F(RealPairsTest, TheServerIsKilledTooAndTheCopyIsMadeAnew) {
  StartSlowOperation({"--from-tablet", donor().alias});
  if (HasFatalFailure()) return;
  MiniShard::KillAgent(recipient());
  recipient().mysql->KillMysqld();
  ASSERT_THAT(shard().LaunchAgent(recipient()), IsOk());
  const v1::Operation operation = ExpectDoneAfter({"RECIPIENT_CRASHED"}, Claim::kLeftToItsLease);
  EXPECT_EQ(operation.failed_attempts(0).data_state(), v1::EMPTY);
}

TEST_F(RealPairsTest, TheServerHangsWhenTheNextAgentLooks) {
  StartSlowOperation({"--from-tablet", donor().alias});
  if (HasFatalFailure()) return;
  MiniShard::KillAgent(recipient());
  recipient().mysql->KillMysqld(SIGSTOP);
  ASSERT_THAT(shard().LaunchAgent(recipient()), IsOk());
  ExpectMarkedFor(absl::Seconds(15));
  recipient().mysql->KillMysqld(SIGCONT);
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  EXPECT_EQ(ExpectDoneAfter({}, Claim::kLeftToItsLease).attempt(), 1);
}

TEST_F(RealPairsTest, TheServerRefusesConnectionsWhenTheNextAgentLooks) {
  StartSlowOperation({"--from-tablet", donor().alias});
  if (HasFatalFailure()) return;
  MiniShard::KillAgent(recipient());
  const std::string socket = recipient().mysql->socket();
  std::filesystem::rename(socket, socket + ".away");
  ASSERT_THAT(shard().LaunchAgent(recipient()), IsOk());
  ExpectMarkedFor(absl::Seconds(8));
  std::filesystem::rename(socket + ".away", socket);
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  EXPECT_EQ(ExpectDoneAfter({}, Claim::kLeftToItsLease).attempt(), 1);
}

TEST_F(RealPairsTest, TheDonorIsKilledTooAndTheNextOneIsTaken) {
  ASSERT_THAT(donor().mysql->Sql("SET GLOBAL clone_donor_timeout_after_network_failure = 0"),
              IsOk());
  StartSlowOperation({"--from-any"});
  if (HasFatalFailure()) return;
  MiniShard::KillAgent(recipient());
  donor().mysql->KillParent();
  donor().mysql->KillMysqld();
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  ASSERT_THAT(shard().LaunchAgent(recipient()), IsOk());
  const v1::Operation operation = ExpectDoneAfter({"DONOR_UNREACHABLE"}, Claim::kLeftToItsLease);
  EXPECT_EQ(operation.donor(), primary().alias);
  ASSERT_THAT(donor().mysql->StartParent(), IsOk());
  ASSERT_THAT(donor().mysql->AwaitReady(), IsOk());
  ASSERT_THAT(donor().mysql->Sql("START REPLICA"), IsOk());
}

// A tablet that was fenced by an agent whose journal is lost can be rebuilt, and nothing of the
// fence stays.
TEST_F(RealPairsTest, TheJournalIsLostInTheCopy) {
  StartSlowOperation({"--from-tablet", donor().alias});
  if (HasFatalFailure()) return;
  MiniShard::KillAgent(recipient());
  std::filesystem::remove_all(recipient().state_dir + "/journal");
  ASSERT_THAT(shard().LaunchAgent(recipient()), IsOk());
  ExpectMarkedFor(absl::Seconds(5));
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  ASSERT_TRUE(Eventually(absl::Seconds(60), CopyIsMade));
  EXPECT_EQ(recipient().Value("SELECT @@super_read_only"), "1");
  ExpectMarkedFor(absl::Seconds(2));
  ExpectSecondRequestSucceeds();
}

TEST_F(RealPairsTest, AGrantedCancelOutlivesTheAgent) {
  StartSlowOperation({"--from-tablet", donor().alias});
  if (HasFatalFailure()) return;
  // So that the agent cannot have carried it out before it dies.
  recipient().mysql->KillMysqld(SIGSTOP);
  const CommandResult granted =
      shard().Graftctl({"cancel", recipient().alias, "--even-if-dropped", "--timeout", "2s"});
  EXPECT_EQ(granted.code, 4) << granted.err;
  MiniShard::KillAgent(recipient());
  recipient().mysql->KillMysqld(SIGCONT);
  ASSERT_THAT(shard().LaunchAgent(recipient()), IsOk());
  const v1::Operation operation = AwaitEnd();
  EXPECT_EQ(operation.outcome(), v1::CANCELLED) << operation.DebugString();
  EXPECT_EQ(operation.error().reason(), "CANCELLED");
  EXPECT_THAT(operation.data_state(), AnyOf(v1::EMPTY, v1::PARTIAL));
  ExpectSafe(operation, Claim::kLeftToItsLease);
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  ExpectSecondRequestSucceeds();
}

TEST_F(RealPairsTest, AStopThatWaitsForATransactionACancelAndTheAgentsEnd) {
  ASSERT_THAT(recipient().mysql->Sql("STOP REPLICA"), IsOk());
  ASSERT_THAT(Follow(*recipient().mysql, *primary().mysql, MiniShard::kReplPassword), IsOk());
  ASSERT_THAT(SlowTransaction(absl::Seconds(12)), IsOk());
  ASSERT_TRUE(Eventually(absl::Seconds(5), AppliesSlowly));
  ASSERT_THAT(StartOperation({"--from-tablet", donor().alias}), IsOk());
  ASSERT_TRUE(Eventually(absl::Seconds(10),
                         [] { return shard().NewestOperation(recipient())->step() == "fence"; }));
  const CommandResult granted = shard().Graftctl({"cancel", recipient().alias, "--timeout", "1s"});
  EXPECT_EQ(granted.code, 4) << granted.err;
  MiniShard::KillAgent(recipient());
  ASSERT_THAT(shard().LaunchAgent(recipient()), IsOk());
  const v1::Operation operation = AwaitEnd();
  EXPECT_EQ(operation.outcome(), v1::CANCELLED) << operation.DebugString();
  EXPECT_EQ(operation.data_state(), v1::INTACT);
  ExpectSafe(operation, Claim::kLeftToItsLease);
}

// Longer than the limit of a catch-up in which nothing moves; and the agent dies in it.
TEST_F(RealPairsTest, ALongTransactionInTheCatchUpIsWaitedForByTheNextAgentToo) {
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  ASSERT_THAT(HoldBefore("replicate"), IsOk());
  ASSERT_THAT(StartOperation({"--from-tablet", donor().alias, "--replicate-from", "primary"}),
              IsOk());
  ASSERT_THAT(AwaitHeld(), IsOk());
  ASSERT_THAT(SlowTransaction(absl::Seconds(25)), IsOk());
  Release();
  ASSERT_TRUE(Eventually(absl::Seconds(15), AppliesSlowly));
  MiniShard::KillAgent(recipient());
  ASSERT_THAT(shard().LaunchAgent(recipient(), {"--clone-catch-up-stall-timeout", "5s"}), IsOk());
  EXPECT_EQ(ExpectDoneAfter({}, Claim::kLeftToItsLease).attempt(), 1);
  MiniShard::KillAgent(recipient());
}

TEST_F(RealPairsTest, ThePrimaryMovesWhileTheAgentIsAway) {
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  ASSERT_THAT(HoldBefore("replicate"), IsOk());
  ASSERT_THAT(StartOperation({"--from-tablet", donor().alias, "--replicate-from", "primary"}),
              IsOk());
  ASSERT_THAT(AwaitHeld(), IsOk());
  EXPECT_EQ(shard().NewestOperation(recipient())->source(), primary().alias);
  MiniShard::KillAgent(recipient());
  Release();
  MovePrimary(primary(), donor());
  if (HasFatalFailure()) return;
  ASSERT_THAT(shard().LaunchAgent(recipient()), IsOk());
  const v1::Operation operation = AwaitEnd();
  EXPECT_EQ(operation.outcome(), v1::DONE) << operation.DebugString();
  EXPECT_EQ(operation.source(), donor().alias);
  EXPECT_EQ(recipient().Value("SELECT port FROM "
                              "performance_schema.replication_connection_configuration"),
            absl::StrCat(donor().mysql->port()));

  MovePrimary(donor(), primary());
  if (HasFatalFailure()) return;
  ASSERT_THAT(donor().mysql->Sql("SET GLOBAL super_read_only = ON"), IsOk());
  ExpectSecondRequestSucceeds();
}

}  // namespace
}  // namespace graft
