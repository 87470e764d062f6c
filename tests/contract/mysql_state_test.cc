// The contract of MysqlServer, continued: what a server is in the middle of, whose it is, and what
// is left of a CLONE that was interrupted. On the fake and on a real mysqld.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "base/gtid_set.h"
#include "contract/mysql_backends.h"
#include "graft/mysql_server.h"
#include "mysql/own_sessions.h"

namespace graft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using How = VariableChange::How;

class MysqlStateTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!GetParam()) fake_ = MakeFakeBackend();
    backend_ = GetParam() ? &RealBackend() : fake_.get();
  }
  void TearDown() override { server().ReleaseServer(); }

  MysqlServer& server() { return backend_->recipient(); }
  Variable Read(const std::string& name) { return server().ReadVariables({name})->at(0); }
  ReplicationChannel Channel() { return server().ReadReplication()->at(0); }
  void Restart() {
    backend_->StopRecipient();
    backend_->StartRecipient();
  }
  int64_t StartSlowClone() {
    EXPECT_TRUE(server().SetVariables({{How::kGlobal, "clone_max_data_bandwidth", "1"}}).ok());
    const auto id = server().StartClone(backend_->Request(), end_.Callback());
    EXPECT_TRUE(id.ok()) << id.status();
    EXPECT_TRUE(backend_->Await([this] {
      const auto report = server().ReadClone();
      return report.ok() && report->stages.size() > 1 &&
             report->stages[1].state == CloneState::kInProgress;
    }));
    return id.value_or(0);
  }
  void EndClone(int64_t id) {
    KillClone(server(), id);
    EXPECT_TRUE(backend_->Await([this] { return end_.came(); }));
    EXPECT_TRUE(backend_->Await([&] { return absl::IsNotFound(server().KillQuery(id)); }));
  }
  // Waits until it has all transactions of the donor.
  void Follow() {
    ASSERT_TRUE(server().StartReplication(backend_->Source()).ok());
    const GtidSet donors = GtidSet::Parse(backend_->donor().Describe()->gtid_executed).value();
    ASSERT_TRUE(backend_->Await([&] {
      const auto mine = GtidSet::Parse(server().Describe()->gtid_executed);
      return mine.ok() && mine->Contains(donors) && !Channel().applying;
    }));
  }
  void CloneInPlace() {
    ASSERT_TRUE(server().SetVariables({{How::kGlobal, "super_read_only", "OFF"}}).ok());
    End end;
    ASSERT_TRUE(server().StartClone(backend_->Request(), end.Callback()).ok());
    ASSERT_TRUE(backend_->Await([&end] { return end.came(); }));
    ASSERT_EQ(ReasonOf(end.status()), "RESTART_NEEDED") << end.status();
    backend_->AwaitRecipientEnd();
    backend_->StartRecipient();
  }

  std::unique_ptr<MysqlBackend> fake_;
  MysqlBackend* backend_ = nullptr;
  End end_;
};

TEST_P(MysqlStateTest, AProcessIsKnownAgainAndAnotherOneIsToldApart) {
  const std::string process = server().Describe()->process;
  EXPECT_NE(process, "");
  EXPECT_EQ(server().Describe()->process, process);
  EXPECT_EQ(backend_->OtherAgent()->Describe()->process, process);
  Restart();
  EXPECT_NE(server().Describe()->process, process);
}

TEST_P(MysqlStateTest, VariablesTellWhoSetThem) {
  ASSERT_TRUE(server()
                  .SetVariables({{How::kGlobal, "event_scheduler", "OFF"},
                                 {How::kPersistOnly, "read_only", "ON"},
                                 {How::kPersistOnly, "skip_replica_start", "ON"}})
                  .ok());
  const Variable global = Read("event_scheduler");
  EXPECT_EQ(global.source, "DYNAMIC");
  EXPECT_EQ(global.set_by, "vt_dba@localhost");
  EXPECT_GT(global.set_at, absl::InfinitePast());
  EXPECT_NE(Read("read_only").source, "PERSISTED") << "not before the next start";
  Restart();
  EXPECT_NE(Read("event_scheduler").source, "DYNAMIC");
  const Variable persisted = Read("read_only");
  EXPECT_EQ(persisted.source, "PERSISTED");
  EXPECT_EQ(persisted.set_by, "vt_dba@localhost");
  EXPECT_GE(persisted.set_at, global.set_at) << "set after that one, not at the start";
  EXPECT_LT(persisted.set_at, global.set_at + absl::Seconds(1));
  EXPECT_EQ(Read("skip_replica_start").source, "PERSISTED");
  EXPECT_EQ(Read("skip_replica_start").set_by, "vt_dba@localhost");
}

TEST_P(MysqlStateTest, OneAgentHoldsTheServer) {
  const auto other = backend_->OtherAgent();
  ASSERT_TRUE(server().HoldServer(0).ok());
  ASSERT_TRUE(server().HoldServer(0).ok()) << "again";
  const absl::Status held = other->HoldServer(0);
  EXPECT_TRUE(absl::IsFailedPrecondition(held)) << held;
  EXPECT_EQ(ReasonOf(held), "SERVER_HELD");
  EXPECT_EQ(ReasonOf(other->StartClone(backend_->Request(), end_.Callback()).status()),
            "SERVER_HELD");
  server().ReleaseServer();
  EXPECT_TRUE(backend_->Await([&other] { return other->HoldServer(0).ok(); }));
  EXPECT_EQ(ReasonOf(server().HoldServer(0)), "SERVER_HELD");
  Restart();
  EXPECT_TRUE(server().HoldServer(0).ok()) << "the restart took it from the other";
  EXPECT_EQ(ReasonOf(other->HoldServer(0)), "SERVER_HELD");
}

TEST_P(MysqlStateTest, ACloneKeepsHoldOfTheServer) {
  ASSERT_TRUE(server().HoldServer(0).ok());
  const int64_t id = StartSlowClone();
  EXPECT_TRUE(server().HoldServer(0).ok()) << "it is its own clone";
  const auto other = backend_->OtherAgent();
  EXPECT_EQ(ReasonOf(other->HoldServer(0)), "SERVER_HELD");
  EXPECT_TRUE(other->HoldServer(id).ok()) << "one that came back, and knows its clone";
  // Only DROP DATA needs it OFF.
  EXPECT_TRUE(server().SetVariables({{How::kGlobal, "super_read_only", "ON"}}).ok());
  EXPECT_EQ(server().ReadClone()->status->state, CloneState::kInProgress);
  EndClone(id);
  EXPECT_TRUE(server().Describe()->super_read_only);
  EXPECT_TRUE(backend_->Await([&other] { return other->HoldServer(0).ok(); }));
}

TEST_P(MysqlStateTest, AStopThatWaitsForATransactionIsNotTakenForDone) {
  Follow();
  backend_->SlowTransaction(absl::Seconds(8));
  ASSERT_TRUE(backend_->Await([this] { return Channel().applying; }));
  const std::string activity = Channel().activity;
  EXPECT_FALSE(Channel().stopping);
  for (int i = 0; i < 2; ++i) {
    const absl::Status stop = server().StopReplication(i == 1);
    EXPECT_TRUE(absl::IsUnavailable(stop)) << stop;
    EXPECT_EQ(ReasonOf(stop), "REPLICATION_STOPPING");
  }
  EXPECT_TRUE(Channel().stopping);
  EXPECT_TRUE(Channel().applying);
  EXPECT_EQ(Channel().activity, activity) << "it is at the same transaction";
  EXPECT_EQ(ReasonOf(server().StartReplication(std::nullopt)), "REPLICATION_STOPPING");
  EXPECT_EQ(ReasonOf(server().StartReplication(backend_->Source())), "REPLICATION_STOPPING");
  const auto sessions = server().ReadSessions();
  EXPECT_LE(std::count_if(sessions->begin(), sessions->end(),
                          [](const ServerSession& session) {
                            return absl::StartsWith(session.statement, "STOP");
                          }),
            1)
      << "they do not pile up";
  ASSERT_TRUE(backend_->Await([this] { return server().StopReplication(false).ok(); }));
  EXPECT_FALSE(Channel().applier_running || Channel().receiver_running || Channel().stopping);
  ASSERT_TRUE(server().StartReplication(std::nullopt).ok());
  EXPECT_TRUE(Channel().applier_running);
}

TEST_P(MysqlStateTest, AppliedTransactionsAreActivity) {
  Follow();
  backend_->SlowTransaction(absl::Seconds(2));
  ASSERT_TRUE(backend_->Await([this] { return Channel().applying; }));
  const std::string activity = Channel().activity;
  ASSERT_TRUE(backend_->Await([this] { return !Channel().applying; }));
  EXPECT_NE(Channel().activity, activity);
  EXPECT_EQ(Channel().activity, Channel().activity) << "nothing moves now";
}

TEST_P(MysqlStateTest, ACleanStopInTheCopyIsAFailedRunAfterwards) {
  StartSlowClone();
  const ServerFacts before = server().Describe().value();
  backend_->StopRecipient();
  ASSERT_TRUE(backend_->Await([this] { return end_.came(); }));
  EXPECT_EQ(ReasonOf(end_.status()), "CLONE_KILLED") << end_.status();
  backend_->StartRecipient();
  const CloneReport report = server().ReadClone().value();
  EXPECT_EQ(report.status->state, CloneState::kFailed);
  EXPECT_EQ(report.status->error_no, 1317);
  EXPECT_EQ(report.status->connection_id, 0);
  EXPECT_GE(report.status->end_time, report.stages.at(1).begin_time);
  EXPECT_GE(report.stages.at(0).begin_time, report.status->begin_time);
  EXPECT_EQ(report.stages.at(1).state, CloneState::kFailed);
  EXPECT_NE(server().Describe()->process, before.process);
  EXPECT_THAT(server().Describe()->user_schemas, IsEmpty());
}

// MySQL takes over what the start after a copy has noted at the first look while no CLONE runs, and
// mixes it with what a run that failed in between has left in memory.
TEST_P(MysqlStateTest, AReportNotReadSinceItsCopyMixesTwoRuns) {
  for (const bool read_before : {false, true}) {
    CloneInPlace();
    Restart();
    if (read_before) {
      EXPECT_TRUE(server().ReadClone().ok());
    }
    ASSERT_TRUE(server().SetVariables({{How::kGlobal, "super_read_only", "OFF"}}).ok());
    End end;
    const auto id = server().StartClone(backend_->DonorDown(), end.Callback());
    ASSERT_TRUE(id.ok()) << id.status();
    ASSERT_TRUE(backend_->Await([&end] { return end.came(); }));
    EXPECT_EQ(ReasonOf(end.status()), "DONOR_UNREACHABLE") << end.status();
    const CloneReport report = server().ReadClone().value();
    EXPECT_EQ(report.status->connection_id, *id);
    EXPECT_THAT(report.stages, IsEmpty());
    if (read_before) {
      EXPECT_EQ(report.status->state, CloneState::kFailed);
      continue;
    }
    EXPECT_EQ(report.status->state, CloneState::kCompleted);
    EXPECT_LT(report.status->end_time, report.status->begin_time);
    EXPECT_NE(report.status->gtid_executed, "");
  }
}

TEST_P(MysqlStateTest, WithoutPerformanceSchemaTheCloneTablesStayEmpty) {
  backend_->StopRecipient();
  backend_->StartRecipientWithoutPerformanceSchema();
  const ServerFacts facts = server().Describe().value();
  EXPECT_FALSE(facts.performance_schema);
  EXPECT_NE(facts.process, "");
  End end;
  ASSERT_TRUE(server().StartClone(backend_->DonorDown(), end.Callback()).ok());
  ASSERT_TRUE(backend_->Await([&end] { return end.came(); }));
  const auto report = server().ReadClone();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->status.has_value());
  EXPECT_THAT(report->stages, IsEmpty());
  EXPECT_TRUE(server().ReadVariables({"read_only"}).ok());
  EXPECT_TRUE(server().ReadReplication().ok());
  ASSERT_TRUE(server().HoldServer(0).ok());
  EXPECT_EQ(ReasonOf(backend_->OtherAgent()->HoldServer(0)), "SERVER_HELD");
  server().ReleaseServer();
  Restart();
}

INSTANTIATE_TEST_SUITE_P(Servers, MysqlStateTest, ::testing::Values(false, true),
                         [](const auto& param) { return param.param ? "Real" : "Fake"; });

class HeldServerTest : public ::testing::Test {};

TEST_F(HeldServerTest, TheRefusalSaysWhoHoldsIt) {
  MysqlBackend& backend = RealBackend();
  ASSERT_TRUE(backend.recipient().HoldServer(0).ok());
  const std::string text(backend.OtherAgent()->HoldServer(0).message());
  EXPECT_THAT(text, HasSubstr("'vt_dba'@'localhost', mysql_server_test, process "));
  EXPECT_THAT(text, HasSubstr(" on host "));
  EXPECT_THAT(text, HasSubstr(", since 20"));
  backend.recipient().ReleaseServer();
}

// Of a process that has ended.
pid_t DeadPid() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  return child;
}

TEST_F(HeldServerTest, TheCloneOfADeadAgentIsInNobodysWay) {
  MysqlBackend& backend = RealBackend();
  const std::unique_ptr<Clock> clock = MakeRealClock();
  for (const pid_t pid : {getpid(), DeadPid()}) {
    ConnectionOptions options = HoldingOptions(*clock, RealRecipient().Socket("vt_dba"));
    options.attributes["graft_pid"] = absl::StrCat(pid);
    const auto session = Session::Open(*clock, options, absl::Seconds(10), absl::Seconds(1));
    ASSERT_TRUE(session.ok()) << session.status();
    bool taken = false;
    const auto none = [](int64_t) { return false; };
    ASSERT_TRUE(TakeServerLock(**session, absl::Seconds(5), none, &taken).ok());
    ASSERT_TRUE(taken);
    const absl::Status held = backend.recipient().HoldServer(0);
    EXPECT_EQ(held.ok(), pid != getpid()) << held;
  }
}

}  // namespace
}  // namespace graft
