#include "faults/real_fault_suite.h"

#include <filesystem>
#include <iostream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "base/files.h"
#include "graft/clock.h"
#include "testing/clone_brake.h"
#include "testing/privilege.h"

namespace graft {

namespace {

namespace fs = std::filesystem;

constexpr char kClaims[] = "/vitess/global/internal/named_locks/";
constexpr absl::Duration kLeaseTime = absl::Seconds(40);  // 30 s, and until etcd has seen to it

// Of all channels of the default name's kind: source's port, receiver and applier "ON" or not.
SqlRows Channels(const MiniTablet& tablet) {
  return tablet.mysql
      ->Sql(
          "SELECT channel_name, port, r.service_state, a.service_state "
          "FROM performance_schema.replication_connection_configuration "
          "JOIN performance_schema.replication_connection_status r USING (channel_name) "
          "JOIN performance_schema.replication_applier_status a USING (channel_name)")
      .value_or(SqlRows());
}

bool FollowsSomebody(const MiniTablet& tablet) {
  const SqlRows channels = Channels(tablet);
  return channels.size() == 1 && channels[0][2] == "ON" && channels[0][3] == "ON";
}

std::string HoldFile(const MiniShard& shard) {
  return shard.folder() + "/hold";
}

// What the tablet's record says; empty if it cannot be read.
std::string Tag(const topodata::Tablet& record, const std::string& name) {
  const auto tag = record.tags().find(name);
  return tag == record.tags().end() ? "" : tag->second;
}

}  // namespace

void RealFaultSuite::SetUp() {
  if (shard_ == nullptr) {
    auto shard = MakeShard();
    GRAFT_NEEDS_RIGHT(shard.status());
    ASSERT_THAT(shard, IsOk());
    shard_ = *std::move(shard);
  }
  clones_before_ = recipient().CloneStatements();
}

void RealFaultSuite::TearDown() {
  if (HasFailure()) shard_.reset();
}

MysqlSandboxOptions RealFaultSuite::PatientServer() {
  MysqlSandboxOptions options;
  options.run_flags = {"--max-crashes", "1000", "--restart-backoff", "10ms"};
  return options;
}

absl::Status RealFaultSuite::HoldBefore(const std::string& step) {
  const std::string file = HoldFile(shard());
  const std::vector<std::string> flags = {"--hold-before-step", absl::StrCat(step, "=", file)};
  if (recipient().agent == nullptr || recipient().agent_flags != flags) {
    MiniShard::KillAgent(recipient());
    GRAFT_RETURN_IF_ERROR(shard().StartAgent(recipient(), flags));
  }
  std::error_code error;
  fs::remove(file + ".reached", error);
  return WriteFile(file, "");
}

absl::Status RealFaultSuite::AwaitHeld() {
  const std::string reached = HoldFile(shard()) + ".reached";
  if (Eventually(absl::Seconds(60), [&] { return fs::exists(reached); })) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat("the step was not reached: ",
                   shard().NewestOperation(recipient()).value_or(v1::Operation()).DebugString()));
}

void RealFaultSuite::Release() {
  std::error_code error;
  fs::remove(HoldFile(shard()), error);
}

absl::Status RealFaultSuite::Drift() {
  return recipient()
      .mysql
      ->Sql(
          "SET sql_log_bin = 0; SET GLOBAL super_read_only = OFF; "
          "DELETE FROM shop.customers WHERE id = 1; SET GLOBAL super_read_only = ON")
      .status();
}

bool RealFaultSuite::HasDrifted(const MiniTablet& tablet) {
  return tablet.Value("SELECT COUNT(*) FROM shop.customers WHERE id = 1") == "0";
}

absl::Status RealFaultSuite::StartOperation(const std::vector<std::string>& flags) {
  clones_before_ = recipient().CloneStatements();
  std::vector<std::string> command = {"reprovision", recipient().alias};
  command.insert(command.end(), flags.begin(), flags.end());
  const CommandResult started = shard().Graftctl(command);
  if (started.code == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("reprovision: ", started.err));
}

v1::Operation RealFaultSuite::AwaitEnd(absl::Duration timeout) {
  absl::StatusOr<v1::Operation> operation;
  const bool ended = Eventually(timeout, [&] {
    operation = shard().NewestOperation(recipient());
    return operation.ok() && operation->outcome() != v1::RUNNING;
  });
  EXPECT_TRUE(ended) << operation.status() << (operation.ok() ? operation->DebugString() : "");
  if (operation.ok()) {
    RecordProperty("outcome", v1::Outcome_Name(operation->outcome()));
    RecordProperty("data_state", v1::DataState_Name(operation->data_state()));
    RecordProperty("reason", operation->error().reason());
    RecordProperty("attempt", operation->attempt());
  }
  return operation.value_or(v1::Operation());
}

void RealFaultSuite::ExpectSecondRequestSucceeds() {
  clones_before_ = recipient().CloneStatements();
  const CommandResult again = shard().Graftctl(
      {"reprovision", recipient().alias, "--from-tablet", donor().alias, "--watch", "--json"});
  const auto operation = LastOperation(again.out);
  ASSERT_THAT(operation, IsOk()) << again.err;
  EXPECT_EQ(again.code, 0) << operation->error().DebugString();
  ExpectSafe(*operation);
}

void RealFaultSuite::ExpectSafe(const v1::Operation& operation, Claim claim) {
  SCOPED_TRACE(operation.DebugString());
  ASSERT_NE(operation.outcome(), v1::RUNNING);
  ASSERT_THAT(recipient().mysql->AwaitReady(), IsOk());
  EXPECT_LE(recipient().CloneStatements() - clones_before_, operation.attempt());
  const absl::Duration patience = claim == Claim::kGivenUp ? absl::Seconds(3) : kLeaseTime;
  EXPECT_TRUE(Eventually(patience, [] { return ClaimKeys().empty(); }))
      << testing::PrintToString(ClaimKeys());
  if (operation.outcome() == v1::DONE) {
    EXPECT_EQ(operation.data_state(), v1::CLONED);
    for (const MiniTablet* source : {&primary(), &donor()}) {
      if (source->alias == operation.source()) ExpectWhole(*source);
    }
  } else if (operation.data_state() == v1::INTACT) {
    EXPECT_TRUE(HasDrifted(recipient())) << "this is not the old data";
    ExpectServes();
  } else {
    ExpectFencedAndMarked(operation);
  }
}

void RealFaultSuite::ExpectWhole(const MiniTablet& source) {
  ExpectServes();
  EXPECT_FALSE(HasDrifted(recipient())) << "this is the old data";
  EXPECT_EQ(*Checksums(*recipient().mysql), *Checksums(*primary().mysql));
  const SqlRows following = {{"", absl::StrCat(source.mysql->port()), "ON", "ON"}};
  EXPECT_EQ(Channels(recipient()), following);
}

// As a replica does, whatever its rows are; nothing of the fence is left.
void RealFaultSuite::ExpectServes() {
  EXPECT_TRUE(Eventually(absl::Seconds(15), [] { return FollowsSomebody(recipient()); }))
      << testing::PrintToString(Channels(recipient()));
  if (FollowsSomebody(recipient())) {
    ASSERT_THAT(primary().mysql->Sql("INSERT INTO shop.customers (name) VALUES ('a new one')"),
                IsOk());
    EXPECT_THAT(AwaitCaughtUp(*recipient().mysql, *primary().mysql), IsOk());
  }
  EXPECT_EQ(recipient().Value("SELECT @@super_read_only"), "1");
  EXPECT_EQ(recipient().Value("SELECT @@event_scheduler"), "ON");
  EXPECT_EQ(recipient().Value("SELECT COUNT(*) FROM performance_schema.persisted_variables"), "0");
  topodata::Tablet record;
  EXPECT_TRUE(Eventually(absl::Seconds(15), [&record] {
    record = shard().Record(recipient()).value_or(topodata::Tablet());
    return record.type() == topodata::REPLICA && record.tags().count("graft.step") == 0;
  })) << record.DebugString();
}

void RealFaultSuite::ExpectFencedAndMarked(const v1::Operation& operation) {
  EXPECT_EQ(recipient().Value("SELECT @@super_read_only"), "1");
  for (const auto& channel : Channels(recipient())) {
    EXPECT_THAT(channel, testing::ElementsAre(testing::_, testing::_, "OFF", "OFF"));
  }
  const std::string state = v1::DataState_Name(operation.data_state());
  topodata::Tablet record;
  EXPECT_TRUE(Eventually(absl::Seconds(15), [&] {
    record = shard().Record(recipient()).value_or(topodata::Tablet());
    return record.type() == topodata::RESTORE && record.tags().count("graft.step") == 0 &&
           Tag(record, "graft.data_state") == state;
  })) << record.DebugString();
  EXPECT_EQ(Tag(record, "graft.reason"), operation.error().reason());
  EXPECT_NE(operation.error().reason(), "");
  const std::string dropping = recipient().Value(
      "SELECT state FROM performance_schema.clone_progress WHERE stage = 'DROP DATA'");
  const std::string schemas = recipient().Value(
      "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'shop'");
  if (state == "EMPTY") {
    EXPECT_EQ(schemas, "0");
  } else if (state == "PARTIAL") {
    EXPECT_NE(dropping, "Completed");
  } else {
    EXPECT_EQ(state, "CLONED");
    EXPECT_FALSE(HasDrifted(recipient()));
  }
}

std::vector<std::string> RealFaultSuite::ClaimKeys() {
  const auto keys = shard().etcd().Ctl({"get", "--prefix", "--keys-only", kClaims});
  if (!keys.ok()) return {keys.status().ToString()};
  return absl::StrSplit(*keys, '\n', absl::SkipEmpty());
}

absl::Status RealFaultSuite::LoseClaims() {
  for (const std::string& key : ClaimKeys()) {
    int64_t lease = 0;
    if (!absl::SimpleAtoi(key.substr(key.rfind('/') + 1), &lease)) {
      return absl::InternalError(absl::StrCat("no lease in ", key));
    }
    GRAFT_RETURN_IF_ERROR(
        shard().etcd().Ctl({"lease", "revoke", absl::StrCat(absl::Hex(lease))}).status());
  }
  return absl::OkStatus();
}

void RealFaultSuite::Pause(absl::Duration duration) {
  const std::unique_ptr<Clock> clock = MakeRealClock();
  Cancellation nobody_cancels;
  nobody_cancels.WaitFor(*clock, duration);
}

absl::StatusOr<std::unique_ptr<MiniShard>> RealCopyFaultSuite::MakeShard() {
  auto shard = MiniShard::Start(MiniShard::Store::kEtcd);
  if (!shard.ok()) return shard;
  const absl::Status added = (*shard)->AddReplicatedTablets(
      std::vector<MysqlSandboxOptions>(3, PatientServer()), RowsSize());
  if (!added.ok()) return added;
  return shard;
}

void RealCopyFaultSuite::SetUp() {
  RealFaultSuite::SetUp();
  if (HasFatalFailure() || IsSkipped()) return;
  if (recipient().agent == nullptr) ASSERT_THAT(shard().StartAgent(recipient()), IsOk());
  ASSERT_THAT(Drift(), IsOk());
  ASSERT_THAT(BrakeClone(*recipient().mysql), IsOk());
}

void RealCopyFaultSuite::StartSlowOperation(const std::vector<std::string>& flags) {
  ASSERT_THAT(StartOperation(flags), IsOk());
  ASSERT_THAT(AwaitFileCopy(*recipient().mysql), IsOk())
      << shard().NewestOperation(recipient())->DebugString();
}

v1::Operation RealCopyFaultSuite::ExpectDoneAfter(const std::vector<std::string>& failures,
                                                  Claim claim) {
  v1::Operation operation = AwaitEnd();
  EXPECT_EQ(operation.outcome(), v1::DONE) << operation.DebugString();
  std::vector<std::string> reasons;
  for (const v1::FailedAttempt& failed : operation.failed_attempts()) {
    reasons.push_back(failed.error().reason());
  }
  EXPECT_EQ(reasons, failures) << operation.DebugString();
  ExpectSafe(operation, claim);
  return operation;
}

}  // namespace graft
