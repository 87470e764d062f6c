// Faults in the middle of the copy, with the real programs: the old data is gone by then.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "faults/real_fault_suite.h"
#include "testing/clone_brake.h"

namespace graft {
namespace {

using testing::Contains;
using testing::HasSubstr;

class RealStageFaultTest : public RealCopyFaultSuite {};

TEST_F(RealStageFaultTest, AgentIsKilledAndTheNextOneAdoptsTheCopy) {
  StartSlowOperation({"--from-tablet", donor().alias});
  MiniShard::KillAgent(recipient());
  ASSERT_THAT(shard().StartAgent(recipient()), IsOk());
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  EXPECT_EQ(ExpectDoneAfter({}).attempt(), 1);
  ExpectSecondRequestSucceeds();
}

// Longer than its lease: the claim is gone, the copy is made and the server has restarted on it
// when the agent looks again.
TEST_F(RealStageFaultTest, AgentIsStoppedUntilAllIsOver) {
  StartSlowOperation({"--from-tablet", donor().alias});
  ASSERT_THAT(recipient().agent->Suspend(), IsOk());
  ASSERT_THAT(LoseClaims(), IsOk());
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  EXPECT_TRUE(Eventually(absl::Seconds(60), [] {
    return recipient().Value("SELECT state FROM performance_schema.clone_status") == "Completed";
  }));
  EXPECT_EQ(recipient().Value("SELECT @@super_read_only"), "1");
  recipient().agent->Resume();
  EXPECT_EQ(ExpectDoneAfter({}).attempt(), 1);
  ExpectSecondRequestSucceeds();
}

TEST_F(RealStageFaultTest, RecipientIsKilledAndTheNextAttemptSucceeds) {
  StartSlowOperation({"--from-tablet", donor().alias});
  recipient().mysql->KillMysqld();
  const v1::Operation operation = ExpectDoneAfter({"RECIPIENT_CRASHED"});
  EXPECT_EQ(operation.failed_attempts(0).data_state(), v1::EMPTY);
  ExpectSecondRequestSucceeds();
}

TEST_F(RealStageFaultTest, DonorIsKilledAndTheOtherTabletIsTheNextOne) {
  // Minutes: the recipient gives up at once.
  ASSERT_THAT(donor().mysql->Sql("SET GLOBAL clone_donor_timeout_after_network_failure = 0"),
              IsOk());
  StartSlowOperation({"--from-any"});
  EXPECT_EQ(shard().NewestOperation(recipient())->donor(), donor().alias);
  donor().mysql->KillParent();
  donor().mysql->KillMysqld();
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  const v1::Operation operation = ExpectDoneAfter({"DONOR_UNREACHABLE"});
  EXPECT_EQ(operation.donor(), primary().alias);

  ASSERT_THAT(donor().mysql->StartParent(), IsOk());
  ASSERT_THAT(donor().mysql->AwaitReady(), IsOk());
  ASSERT_THAT(donor().mysql->Sql("START REPLICA"), IsOk());
  ExpectSecondRequestSucceeds();
}

// It answers again long before its five minutes are over, but knows nothing of the copy (1815).
TEST_F(RealStageFaultTest, DonorIsKilledAndComesBackAndIsAskedAgain) {
  StartSlowOperation({"--from-tablet", donor().alias});
  const std::optional<pid_t> pid = donor().mysql->mysqld_pid();
  ASSERT_TRUE(pid.has_value());
  donor().mysql->KillMysqld();
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  ASSERT_THAT(donor().mysql->AwaitRestart(*pid), IsOk());
  ASSERT_THAT(donor().mysql->Sql("START REPLICA"), IsOk());
  EXPECT_EQ(ExpectDoneAfter({"DONOR_LOST"}).donor(), donor().alias);
  ExpectSecondRequestSucceeds();
}

TEST_F(RealStageFaultTest, CancelSaysThatTheDataIsDroppedAndIsGrantedToWhoInsists) {
  StartSlowOperation({"--from-tablet", donor().alias});
  const CommandResult refused = shard().Graftctl({"cancel", recipient().alias});
  EXPECT_EQ(refused.code, 5);
  EXPECT_THAT(refused.err, HasSubstr("DATA_DROPPED"));
  EXPECT_EQ(shard().NewestOperation(recipient())->outcome(), v1::RUNNING);

  const CommandResult granted =
      shard().Graftctl({"cancel", recipient().alias, "--even-if-dropped"});
  EXPECT_EQ(granted.code, 6) << granted.err;
  const v1::Operation operation = AwaitEnd();
  EXPECT_EQ(operation.outcome(), v1::CANCELLED) << operation.DebugString();
  EXPECT_EQ(operation.data_state(), v1::EMPTY);
  EXPECT_EQ(operation.error().reason(), "CANCELLED");
  ExpectSafe(operation);
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  ExpectSecondRequestSucceeds();
}

TEST_F(RealStageFaultTest, ClaimIsLostAndTheCopyIsNotThrownAway) {
  StartSlowOperation({"--from-tablet", donor().alias});
  ASSERT_THAT(LoseClaims(), IsOk());
  // The agent keeps its lease every 10 s, and learns of the loss then.
  Pause(absl::Seconds(12));
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  const v1::Operation operation = ExpectDoneAfter({});
  EXPECT_TRUE(operation.claim_lost());
  ExpectSecondRequestSucceeds();
}

// A session with an open transaction, which does nothing. Under the agent's own name: those the
// operation does not end before CLONE.
class IdleTransaction {
 public:
  explicit IdleTransaction(const MiniShard& shard, const MiniTablet& tablet)
      : pipe_(shard.folder() + "/idle.sql") {
    // Open for writing as long as this lives, so that the client waits for more.
    if (mkfifo(pipe_.c_str(), 0600) == 0) fd_ = open(pipe_.c_str(), O_RDWR | O_CLOEXEC);
    ProcessOptions options;
    options.stdin_file = pipe_;
    options.log_file = shard.folder() + "/idle.log";
    auto client =
        Process::Start({tablet.mysql->mysql_home() + "/bin/mysql", "--no-defaults", "--user=vt_dba",
                        "--unbuffered", "--socket=" + tablet.mysql->socket()},
                       options);
    if (client.ok()) client_ = *std::move(client);
    const std::string sql = "BEGIN; SELECT COUNT(*) FROM shop.orders;\n";
    written_ = write(fd_, sql.data(), sql.size()) == static_cast<ssize_t>(sql.size());
  }
  ~IdleTransaction() {
    if (fd_ >= 0) close(fd_);
    unlink(pipe_.c_str());
  }

  // Its connection's id, once it holds its locks; "" if it does not.
  std::string Begun(const MiniTablet& tablet) const {
    std::string id;
    Eventually(absl::Seconds(20), [&] {
      id = tablet.Value(
          "SELECT t.processlist_id FROM performance_schema.metadata_locks l "
          "JOIN performance_schema.threads t ON t.thread_id = l.owner_thread_id "
          "WHERE l.object_name = 'orders' AND t.processlist_user = 'vt_dba' "
          "AND t.processlist_command = 'Sleep'");
      return !id.empty();
    });
    return id;
  }
  bool written() const { return written_; }

 private:
  const std::string pipe_;
  int fd_ = -1;
  std::unique_ptr<Process> client_;
  bool written_ = false;
};

TEST_F(RealStageFaultTest, IdleTransactionThatBlocksTheDropIsEnded) {
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  ASSERT_THAT(HoldBefore("clone"), IsOk());
  ASSERT_THAT(StartOperation({"--from-tablet", donor().alias}), IsOk());
  ASSERT_THAT(AwaitHeld(), IsOk());
  const IdleTransaction idle(shard(), recipient());
  ASSERT_TRUE(idle.written());
  const std::string connection = idle.Begun(recipient());
  ASSERT_NE(connection, "");
  Release();
  const v1::Operation operation = ExpectDoneAfter({});
  std::vector<std::string> ended;
  for (const v1::EndedSession& session : operation.ended_sessions()) {
    ended.push_back(absl::StrCat(session.connection_id(), " ", session.user()));
  }
  EXPECT_THAT(ended, Contains(connection + " vt_dba"));
  ExpectSecondRequestSucceeds();
}

}  // namespace
}  // namespace graft
