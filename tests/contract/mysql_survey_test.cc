// The contract of MysqlServer, continued: what a server shows of itself before a clone, who is
// connected to it, and what can be done about that. On the fake and on a real mysqld.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/errors.h"
#include "contract/mysql_backends.h"
#include "graft/mysql_server.h"

namespace graft {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using How = VariableChange::How;

class MysqlSurveyTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!GetParam()) fake_ = MakeFakeBackend();
    backend_ = GetParam() ? &RealBackend() : fake_.get();
  }

  MysqlServer& server() { return backend_->recipient(); }
  // nullopt: it is not connected.
  std::optional<ServerSession> FindSession(int64_t id) {
    const auto sessions = server().ReadSessions();
    EXPECT_TRUE(sessions.ok()) << sessions.status();
    if (!sessions.ok()) return std::nullopt;
    for (const ServerSession& session : *sessions) {
      if (session.connection_id == id) return session;
    }
    return std::nullopt;
  }
  CloneState StateOf(CloneStage stage) {
    const auto report = server().ReadClone();
    if (!report.ok()) return CloneState::kNotStarted;
    for (const CloneStageRow& row : report->stages) {
      if (row.stage == stage) return row.state;
    }
    return CloneState::kNotStarted;
  }
  int64_t Clone(absl::Duration lock_wait_timeout) {
    CloneRequest request = backend_->Request();
    request.lock_wait_timeout = lock_wait_timeout;
    const auto id = server().StartClone(request, [](const absl::Status&) {});
    EXPECT_TRUE(id.ok()) << id.status();
    clone_ = id.value_or(0);
    return clone_;
  }
  // A clone that a failed test leaves behind would take the next one's server down.
  void TearDown() override {
    if (!HasFailure() || clone_ == 0) return;
    backend_->Await([this] { return absl::IsNotFound(server().KillQuery(clone_)); });
  }

  std::unique_ptr<MysqlBackend> fake_;
  MysqlBackend* backend_ = nullptr;
  int64_t clone_ = 0;  // the last one's connection
};

TEST_P(MysqlSurveyTest, HealthyServersShowAllTheirParts) {
  for (MysqlServer* server : {&backend_->recipient(), &backend_->donor()}) {
    const auto survey = server->Survey("vt_dba");
    ASSERT_TRUE(survey.ok()) << survey.status();
    EXPECT_EQ(survey->facts.server_uuid, server->Describe()->server_uuid);
    EXPECT_EQ(survey->account_user, "vt_dba");
    EXPECT_EQ(survey->account_host, "localhost");
    EXPECT_THAT(survey->plugins, Contains(AllOf(Field(&ServerPlugin::name, "clone"),
                                                Field(&ServerPlugin::library, "mysql_clone.so"),
                                                Field(&ServerPlugin::by_statement, false))));
    EXPECT_THAT(survey->plugins, Contains(AllOf(Field(&ServerPlugin::name, "InnoDB"),
                                                Field(&ServerPlugin::library, ""))));
    EXPECT_THAT(survey->collations, Contains("utf8mb4_0900_ai_ci"));
    EXPECT_TRUE(survey->redo_log_enabled);
    EXPECT_FALSE(survey->keyring_active);
    EXPECT_EQ(survey->group_replication.value(), false);
    ASSERT_TRUE(survey->tablespaces.ok()) << survey->tablespaces.status();
    EXPECT_GT(survey->tablespaces->dropped_bytes, 0);
    EXPECT_GT(survey->tablespaces->bytes, survey->tablespaces->dropped_bytes);
    EXPECT_THAT(survey->tablespaces->outside, IsEmpty());
    EXPECT_THAT(survey->tablespaces->encrypted, IsEmpty());
    EXPECT_THAT(survey->non_innodb_tables.value(), IsEmpty());
    EXPECT_TRUE(survey->sessions.ok()) << survey->sessions.status();
    EXPECT_THAT(survey->channels.value(), IsEmpty());
  }
}

TEST_P(MysqlSurveyTest, VariablesAreTheServersOwn) {
  const ServerSurvey recipient = server().Survey("vt_dba").value();
  const ServerSurvey donor = backend_->donor().Survey("vt_dba").value();
  for (const char* name :
       {"version_compile_os", "version_compile_machine", "innodb_page_size",
        "innodb_data_file_path", "character_set_server", "collation_server",
        "character_set_filesystem", "innodb_force_recovery", "innodb_read_only",
        "innodb_redo_log_encrypt", "innodb_undo_log_encrypt", "max_allowed_packet",
        "max_connections", "clone_max_concurrency", "clone_donor_timeout_after_network_failure",
        "log_bin", "require_secure_transport", "persisted_globals_load"}) {
    ASSERT_EQ(recipient.variables.count(name), 1u) << name;
    EXPECT_NE(recipient.variables.at(name), "") << name;
    EXPECT_EQ(recipient.variables.at(name), donor.variables.at(name)) << name;
  }
  for (const char* name :
       {"datadir", "plugin_dir", "pid_file", "server_id", "log_error", "innodb_directories"}) {
    EXPECT_EQ(recipient.variables.count(name), 1u) << name;
  }
  EXPECT_EQ(recipient.variables.at("datadir").back(), '/');
  EXPECT_EQ(recipient.variables.count("innodb_log_file_size"), 0u) << "gone since 8.4";
}

TEST_P(MysqlSurveyTest, AccountsAreThoseOfTheGivenName) {
  const auto mine = server().Survey("vt_dba")->accounts;
  ASSERT_THAT(mine.value(), SizeIs(1));
  EXPECT_EQ(mine->at(0).host, "localhost");
  EXPECT_EQ(mine->at(0).plugin, "caching_sha2_password");
  EXPECT_THAT(mine->at(0).fingerprint, ::testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(mine->at(0).fingerprint,
            backend_->donor().Survey("vt_dba")->accounts->at(0).fingerprint);
  EXPECT_THAT(server().Survey("nobody")->accounts.value(), IsEmpty());
}

TEST_P(MysqlSurveyTest, WhatAnAccountMayNotSeeIsDeniedAndNotEmpty) {
  const auto survey = backend_->without_privileges().Survey("vt_dba");
  ASSERT_TRUE(survey.ok()) << survey.status();
  for (const absl::Status& part :
       {survey->group_replication.status(), survey->tablespaces.status(),
        survey->non_innodb_tables.status(), survey->sessions.status(), survey->channels.status(),
        survey->accounts.status(), backend_->without_privileges().ReadSessions().status()}) {
    EXPECT_TRUE(absl::IsPermissionDenied(part)) << part;
    EXPECT_EQ(ReasonOf(part), "PRIVILEGE_MISSING") << part;
  }
  EXPECT_THAT(std::string(survey->non_innodb_tables.status().message()),
              ::testing::HasSubstr("GRANT SELECT ON *.*"));
  EXPECT_THAT(std::string(survey->sessions.status().message()),
              ::testing::HasSubstr("GRANT PROCESS ON *.*"));
  EXPECT_THAT(survey->plugins, Contains(Field(&ServerPlugin::name, "clone")));
}

TEST_P(MysqlSurveyTest, ConnectionsAreShownAndCanBeEnded) {
  const int64_t other = backend_->OtherSession();
  const int64_t idle = backend_->IdleTransaction();
  ASSERT_TRUE(FindSession(other).has_value());
  EXPECT_FALSE(FindSession(other)->in_transaction);
  ASSERT_TRUE(FindSession(idle).has_value());
  EXPECT_EQ(FindSession(idle)->user, "app");
  EXPECT_EQ(FindSession(idle)->command, "Sleep");
  EXPECT_TRUE(FindSession(idle)->in_transaction);
  EXPECT_THAT(FindSession(idle)->waits_for, IsEmpty());
  EXPECT_THAT(server().Survey("vt_dba")->sessions.value(),
              Contains(Field(&ServerSession::connection_id, idle)));

  ASSERT_TRUE(server().KillConnection(idle).ok());
  EXPECT_TRUE(backend_->Await([&] { return !FindSession(idle).has_value(); }));
  EXPECT_TRUE(FindSession(other).has_value());
  const absl::Status again = server().KillConnection(idle);
  EXPECT_TRUE(absl::IsNotFound(again)) << again;
  EXPECT_TRUE(absl::IsNotFound(server().KillConnection(99999999)));
}

TEST_P(MysqlSurveyTest, CloneWaitsForATransactionUntilItIsEnded) {
  ASSERT_TRUE(server().SetVariables({{How::kGlobal, "clone_max_data_bandwidth", "1"}}).ok());
  const int64_t idle = backend_->IdleTransaction();
  const int64_t clone = Clone(absl::Minutes(1));
  ASSERT_TRUE(backend_->Await([&] {
    const auto session = FindSession(clone);
    return session.has_value() && !session->waits_for.empty();
  }));
  EXPECT_THAT(FindSession(clone)->waits_for, ElementsAre(idle));
  EXPECT_EQ(StateOf(CloneStage::kDropData), CloneState::kInProgress);
  EXPECT_THAT(server().Describe()->user_schemas, ElementsAre("old"));

  ASSERT_TRUE(server().KillConnection(idle).ok());
  ASSERT_TRUE(
      backend_->Await([&] { return StateOf(CloneStage::kFileCopy) == CloneState::kInProgress; }));
  EXPECT_THAT(FindSession(clone)->waits_for, IsEmpty());
  KillClone(server(), clone);
  EXPECT_TRUE(backend_->Await([&] { return absl::IsNotFound(server().KillQuery(clone)); }));
}

TEST_P(MysqlSurveyTest, CloneGivesUpWaitingForATransaction) {
  backend_->IdleTransaction();
  Clone(absl::Seconds(1));
  ASSERT_TRUE(
      backend_->Await([&] { return StateOf(CloneStage::kDropData) == CloneState::kFailed; }));
  const CloneStatus status = server().ReadClone()->status.value();
  EXPECT_EQ(status.state, CloneState::kFailed);
  EXPECT_EQ(status.error_no, 1205);
  EXPECT_TRUE(absl::IsUnavailable(status.failure)) << status.failure;
  EXPECT_EQ(ReasonOf(status.failure), "LOCK_WAIT");
  EXPECT_THAT(server().Describe()->user_schemas, ElementsAre("old"));
}

TEST_P(MysqlSurveyTest, KilledWhileItWaitsTheCloneIsFailedInDropData) {
  const int64_t idle = backend_->IdleTransaction();
  const int64_t clone = Clone(absl::Minutes(1));
  ASSERT_TRUE(backend_->Await([&] {
    const auto session = FindSession(clone);
    return session.has_value() && !session->waits_for.empty();
  }));
  KillClone(server(), clone);
  ASSERT_TRUE(
      backend_->Await([&] { return StateOf(CloneStage::kDropData) == CloneState::kFailed; }));
  EXPECT_EQ(server().ReadClone()->status->error_no, 1317);
  EXPECT_THAT(server().Describe()->user_schemas, ElementsAre("old"));
  EXPECT_TRUE(FindSession(idle).has_value());
}

TEST_P(MysqlSurveyTest, ClonePluginIsInstalledAndReadOnlyStaysAsItWas) {
  for (const char* super_read_only : {"OFF", "ON"}) {
    backend_->RemoveClonePlugin();
    EXPECT_EQ(server().Describe()->clone_plugin_status, "");
    EXPECT_EQ(ReasonOf(server().ReadClone().status()), "CLONE_PLUGIN_MISSING");
    ASSERT_TRUE(server()
                    .SetVariables({{How::kGlobal, "read_only", "ON"},
                                   {How::kGlobal, "super_read_only", super_read_only}})
                    .ok());
    const ServerFacts before = server().Describe().value();

    const absl::Status installed = server().InstallClonePlugin();
    EXPECT_TRUE(installed.ok()) << installed;
    const ServerFacts after = server().Describe().value();
    EXPECT_EQ(after.clone_plugin_status, "ACTIVE");
    EXPECT_EQ(after.super_read_only, before.super_read_only);
    EXPECT_TRUE(after.read_only);
    EXPECT_EQ(after.gtid_executed, before.gtid_executed) << "nothing of it is replicated";
    EXPECT_TRUE(server().ReadClone().ok());
    EXPECT_THAT(server().Survey("vt_dba")->plugins,
                Contains(AllOf(Field(&ServerPlugin::name, "clone"),
                               Field(&ServerPlugin::by_statement, true))));
    const absl::Status again = server().InstallClonePlugin();
    EXPECT_TRUE(again.ok()) << again;
    EXPECT_EQ(server().Describe()->super_read_only, before.super_read_only);
  }
  backend_->RestoreClonePlugin();
}

TEST_P(MysqlSurveyTest, DisabledClonePluginCannotBeInstalledAndTheServerStaysReadOnly) {
  backend_->StopRecipient();
  backend_->StartRecipient(/*with_clone_plugin=*/false);
  ASSERT_TRUE(server().SetVariables({{How::kGlobal, "super_read_only", "ON"}}).ok());
  const absl::Status installed = server().InstallClonePlugin();
  EXPECT_TRUE(absl::IsFailedPrecondition(installed)) << installed;
  EXPECT_EQ(ReasonOf(installed), "CLONE_PLUGIN_MISSING");
  EXPECT_TRUE(server().Describe()->super_read_only);
  EXPECT_TRUE(server().Describe()->read_only);
  backend_->StopRecipient();
  backend_->StartRecipient();
}

INSTANTIATE_TEST_SUITE_P(Servers, MysqlSurveyTest, ::testing::Values(false, true),
                         [](const auto& param) { return param.param ? "Real" : "Fake"; });

}  // namespace
}  // namespace graft
