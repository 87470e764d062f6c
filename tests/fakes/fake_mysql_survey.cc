// What FakeMysqlServer shows of itself, and who is connected to it.
#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "fakes/fake_mysql_core.h"

namespace graft {
namespace {

std::map<std::string, std::string> HealthyVariables() {
  return {{"binlog_expire_logs_seconds", "2592000"},
          {"character_set_filesystem", "binary"},
          {"character_set_server", "utf8mb4"},
          {"clone_block_ddl", "OFF"},
          {"clone_donor_timeout_after_network_failure", "5"},
          {"clone_enable_compression", "OFF"},
          {"clone_max_concurrency", "16"},
          {"clone_max_data_bandwidth", "0"},
          {"clone_max_network_bandwidth", "0"},
          {"clone_ssl_ca", ""},
          {"clone_valid_donor_list", ""},
          {"collation_server", "utf8mb4_0900_ai_ci"},
          {"datadir", "/var/lib/mysql/"},
          {"enforce_gtid_consistency", "ON"},
          {"event_scheduler", "ON"},
          {"gtid_mode", "ON"},
          {"innodb_data_file_path", "ibdata1:12M:autoextend"},
          {"innodb_data_home_dir", ""},
          {"innodb_directories", ""},
          {"innodb_force_recovery", "0"},
          {"innodb_page_size", "16384"},
          {"innodb_read_only", "OFF"},
          {"innodb_redo_log_capacity", "104857600"},
          {"innodb_redo_log_encrypt", "OFF"},
          {"innodb_undo_directory", "./"},
          {"innodb_undo_log_encrypt", "OFF"},
          {"log_bin", "ON"},
          {"log_error", "/var/log/mysql/error.log"},
          {"lower_case_table_names", "0"},
          {"max_allowed_packet", "67108864"},
          {"max_connections", "151"},
          {"performance_schema", "ON"},
          {"persisted_globals_load", "ON"},
          {"pid_file", "/var/run/mysqld/mysqld.pid"},
          {"plugin_dir", "/usr/lib/mysql/plugin/"},
          {"read_only", "OFF"},
          {"replica_exec_mode", "STRICT"},
          {"replica_skip_errors", "OFF"},
          {"require_secure_transport", "OFF"},
          {"server_id", "1"},
          {"skip_replica_start", "OFF"},
          {"sql_replica_skip_counter", "0"},
          {"ssl_ca", "ca.pem"},
          {"super_read_only", "OFF"},
          {"version_compile_machine", "x86_64"},
          {"version_compile_os", "Linux"}};
}

ServerSurvey HealthySurvey() {
  ServerSurvey survey;
  survey.account_user = "vt_dba";
  survey.account_host = "localhost";
  survey.plugins = {{"InnoDB", "", false}, {"clone", "mysql_clone.so", false}};
  survey.collations = {"binary", "utf8mb4_0900_ai_ci", "utf8mb4_general_ci"};
  TablespaceFacts tablespaces;
  tablespaces.bytes = int64_t{1} << 30;
  tablespaces.dropped_bytes = int64_t{1} << 29;
  survey.tablespaces = std::move(tablespaces);
  survey.non_innodb_tables = std::vector<std::string>{};
  survey.accounts =
      std::vector<ServerAccount>{{"localhost", "caching_sha2_password", "0123456789abcdef"}};
  survey.filters = std::vector<ReplicationFilter>{};
  return survey;
}

std::string Get(const std::map<std::string, std::string>& variables, const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

template <typename T>
void DenyUnless(const absl::Status& allowed, absl::StatusOr<T>* part) {
  if (!allowed.ok()) *part = allowed;
}

}  // namespace

FakeMysqlState FakeMysqlServer::Core::HealthyReplica() {
  FakeMysqlState state;
  state.facts.version = "9.7.4";
  state.facts.server_uuid = "11111111-2222-3333-4444-555555555555";
  state.facts.gtid_executed = "aaaaaaaa-71ca-11e1-9e33-c80aa9429562:1-7";
  state.facts.clone_plugin_status = "ACTIVE";
  state.facts.privileges = {"BACKUP_ADMIN",
                            "CLONE_ADMIN",
                            "CONNECTION_ADMIN",
                            "PERSIST_RO_VARIABLES_ADMIN",
                            "PROCESS",
                            "RELOAD",
                            "REPLICATION CLIENT",
                            "REPLICATION SLAVE",
                            "REPLICATION_SLAVE_ADMIN",
                            "SELECT",
                            "SYSTEM_USER",
                            "SYSTEM_VARIABLES_ADMIN"};
  state.facts.user_schemas = {"old"};
  state.config = state.variables = HealthyVariables();
  state.survey = HealthySurvey();
  return state;
}

absl::Status FakeMysqlServer::Core::Check(absl::string_view privilege) const {
  if (state_.facts.privileges.count(std::string(privilege)) > 0) return absl::OkStatus();
  return WithReason(absl::PermissionDeniedError(absl::StrCat("1227: GRANT ", privilege, " ON *.*")),
                    "PRIVILEGE_MISSING");
}

ServerPlugin& FakeMysqlServer::Core::ClonePlugin() {
  for (ServerPlugin& plugin : state_.survey.plugins) {
    if (plugin.name == "clone") return plugin;
  }
  return state_.survey.plugins.emplace_back(ServerPlugin{"clone", "mysql_clone.so", false});
}

ServerFacts FakeMysqlServer::Core::ShowFacts() const {
  ServerFacts facts = state_.facts;
  const std::map<std::string, std::string>& variables = state_.variables;
  facts.now = NowText();
  facts.process = absl::StrCat("4711@", starts_);
  facts.performance_schema = Get(variables, "performance_schema") != "OFF";
  facts.uptime = absl::Seconds(absl::ToInt64Seconds(clock_.Now() - started_));
  facts.read_only = Get(variables, "read_only") == "ON";
  facts.super_read_only = Get(variables, "super_read_only") == "ON";
  facts.gtid_mode = Get(variables, "gtid_mode");
  if (!absl::SimpleAtoi(Get(variables, "lower_case_table_names"), &facts.lower_case_table_names)) {
    facts.lower_case_table_names = -1;
  }
  return facts;
}

absl::StatusOr<std::vector<ServerSession>> FakeMysqlServer::Core::ShowSessions() const {
  GRAFT_RETURN_IF_ERROR(Check("PROCESS"));
  GRAFT_RETURN_IF_ERROR(Check("SELECT"));  // on performance_schema
  std::vector<ServerSession> sessions = state_.sessions;
  if (running_) {
    ServerSession clone;
    clone.connection_id = statement_;
    clone.user = state_.survey.account_user;
    clone.host = state_.survey.account_host;
    clone.command = "Query";
    if (blocked_) {
      clone.state = "Waiting for table metadata lock";
      clone.statement = absl::StrCat("DROP TABLE `", state_.facts.user_schemas.back(), "`.`t`");
      clone.waits_for = {*script_.blocked_by};
    }
    sessions.push_back(std::move(clone));
  }
  std::sort(sessions.begin(), sessions.end(), [](const ServerSession& a, const ServerSession& b) {
    return a.connection_id < b.connection_id;
  });
  return sessions;
}

ServerSurvey FakeMysqlServer::Core::ShowSurvey(const std::string& agent_user) const {
  ServerSurvey survey = state_.survey;
  survey.facts = ShowFacts();
  for (const std::string& name : SurveyedVariables()) {
    const auto found = state_.variables.find(name);
    if (found != state_.variables.end()) survey.variables.insert(*found);
  }
  if (state_.facts.clone_plugin_status != "ACTIVE") {
    auto& plugins = survey.plugins;
    plugins.erase(std::remove_if(plugins.begin(), plugins.end(),
                                 [](const ServerPlugin& plugin) { return plugin.name == "clone"; }),
                  plugins.end());
  }
  survey.sessions = ShowSessions();
  survey.channels = ShowChannels();
  if (agent_user != survey.account_user && survey.accounts.ok()) survey.accounts->clear();
  if (survey.accounts.ok()) {
    for (ServerAccount& account : *survey.accounts) {
      account.privileges = account.with_all_roles = state_.facts.privileges;
    }
  }
  DenyUnless(Check("PROCESS"), &survey.tablespaces);
  DenyUnless(Check("REPLICATION CLIENT"), &survey.channels);
  DenyUnless(Check("SELECT"), &survey.non_innodb_tables);
  DenyUnless(Check("SELECT"), &survey.accounts);
  DenyUnless(Check("SELECT"), &survey.group_replication);
  return survey;
}

bool FakeMysqlServer::Core::IsCloneStatement(int64_t connection_id) const {
  return running_ && connection_id == statement_;
}

void FakeMysqlServer::Core::KillClone() {
  if (copied_) return;  // too late: the server is restarting, and goes on to
  CloneStage stage = CloneStage::kDropData;
  for (const CloneStageRow& row : state_.clone.stages) {
    if (row.state == CloneState::kInProgress) stage = row.stage;
  }
  Fail(stage, 1317,
       WithReason(absl::CancelledError("1317: the CLONE statement was killed"), "CLONE_KILLED"));
}

absl::Status FakeMysqlServer::Core::KillQuery(int64_t connection_id) {
  if (IsCloneStatement(connection_id)) {
    KillClone();
    return absl::OkStatus();
  }
  for (const ServerSession& session : state_.sessions) {
    if (session.connection_id == connection_id) return Check("CONNECTION_ADMIN");
  }
  return WithReason(
      absl::NotFoundError(absl::StrCat("1094: there is no connection ", connection_id)),
      "NO_SUCH_CONNECTION");
}

absl::Status FakeMysqlServer::Core::KillConnection(int64_t connection_id) {
  if (IsCloneStatement(connection_id)) {
    CutStatement();  // before the server has an answer for it
    return KillQuery(connection_id);
  }
  GRAFT_RETURN_IF_ERROR(KillQuery(connection_id));
  auto& sessions = state_.sessions;
  sessions.erase(std::remove_if(sessions.begin(), sessions.end(),
                                [connection_id](const ServerSession& session) {
                                  return session.connection_id == connection_id;
                                }),
                 sessions.end());
  if (running_ && blocked_ && connection_id == *script_.blocked_by) {
    blocked_ = false;
    Later(script_.drop, &Core::EndStage, CloneStage::kDropData);
  }
  return absl::OkStatus();
}

absl::Status FakeMysqlServer::Core::InstallClonePlugin() {
  if (state_.facts.clone_plugin_status == "ACTIVE") return absl::OkStatus();
  if (!state_.facts.clone_plugin_status.empty()) {
    return WithReason(
        absl::FailedPreconditionError("the clone plugin is installed, but not active"),
        "CLONE_PLUGIN_MISSING");
  }
  state_.facts.clone_plugin_status = "ACTIVE";
  ClonePlugin().by_statement = true;
  return absl::OkStatus();
}

absl::StatusOr<DisabledEvents> FakeMysqlServer::DisableEvents() {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("DisableEvents"));
  std::vector<std::string>& enabled = core_->state_.enabled_events;
  std::vector<std::string>& disabled = core_->state_.disabled_events;
  const bool lost = std::exchange(core_->state_.lost_in_events, false);
  while (!enabled.empty()) {
    disabled.push_back(enabled.front());
    enabled.erase(enabled.begin());
    if (lost) break;
  }
  if (lost) {
    core_->state_.variables["super_read_only"] = "OFF";
    return WithReason(absl::UnavailableError("lost"), Reason::kMysqlGone);
  }
  DisabledEvents done{disabled, {}};
  for (const std::string& name : core_->state_.stubborn_events) {
    done.refused.push_back(name + " (it refuses)");
  }
  return done;
}

absl::StatusOr<ServerSurvey> FakeMysqlServer::Survey(const std::string& agent_user) {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("Survey"));
  return core_->ShowSurvey(agent_user);
}

absl::StatusOr<std::vector<ServerSession>> FakeMysqlServer::ReadSessions() {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("ReadSessions"));
  return core_->ShowSessions();
}

absl::Status FakeMysqlServer::KillQuery(int64_t connection_id) {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("KillQuery"));
  return core_->KillQuery(connection_id);
}

absl::Status FakeMysqlServer::KillConnection(int64_t connection_id) {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("KillConnection"));
  return core_->KillConnection(connection_id);
}

absl::Status FakeMysqlServer::InstallClonePlugin() {
  absl::MutexLock lock(&core_->mutex_);
  GRAFT_RETURN_IF_ERROR(core_->Enter("InstallClonePlugin"));
  return core_->InstallClonePlugin();
}

}  // namespace graft
