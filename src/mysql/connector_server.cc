#include "mysql/connector_server.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"
#include "mysql/clone_plugin.h"
#include "mysql/clone_session.h"
#include "mysql/clone_tables.h"
#include "mysql/replication.h"
#include "mysql/server_hold.h"
#include "mysql/server_survey.h"
#include "mysql/server_tables.h"
#include "mysql/session_pool.h"
#include "mysql/statements.h"

namespace graft {
namespace {

absl::StatusOr<CloneReport> ReadReport(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const RowSet status,
                         session.Query(kCloneStatusStatement, "read clone_status"));
  GRAFT_ASSIGN_OR_RETURN(const RowSet progress,
                         session.Query(kCloneProgressStatement, "read clone_progress"));
  return ReadCloneTables(status, progress);
}

class ConnectorServer : public MysqlServer {
 public:
  ConnectorServer(Clock& clock, const ConnectionOptions& options)
      : pool_(clock, options), hold_(clock, options) {}
  ~ConnectorServer() override {
    std::vector<std::shared_ptr<CloneSession>> clones;
    {
      absl::MutexLock lock(&mutex_);
      clones.swap(clones_);
    }
    for (const auto& clone : clones) clone->Abandon();
  }

  absl::StatusOr<ServerFacts> Describe() override;
  absl::StatusOr<ServerSurvey> Survey(const std::string& agent_user) override;
  absl::StatusOr<std::vector<Variable>> ReadVariables(
      const std::vector<std::string>& names) override;
  absl::Status SetVariables(const std::vector<VariableChange>& changes) override;
  absl::StatusOr<int64_t> StartClone(const CloneRequest& request,
                                     std::function<void(absl::Status)> on_end) override;
  absl::StatusOr<CloneReport> ReadClone() override;
  absl::StatusOr<std::vector<ServerSession>> ReadSessions() override;
  absl::Status KillQuery(int64_t connection_id) override;
  absl::Status KillConnection(int64_t connection_id) override;
  absl::Status InstallClonePlugin() override;
  absl::StatusOr<std::vector<ReplicationChannel>> ReadReplication() override;
  absl::Status StopReplication(bool forget) override;
  absl::Status StartReplication(const std::optional<ReplicationSource>& source) override;
  absl::Status HoldServer(int64_t own_clone) override;
  void ReleaseServer() override;

 private:
  // It runs a CLONE that this object sent.
  bool IsCloning(int64_t connection_id);

  SessionPool pool_;
  ServerHold hold_;
  absl::Mutex mutex_;
  std::vector<std::shared_ptr<CloneSession>> clones_ ABSL_GUARDED_BY(mutex_);
};

absl::StatusOr<ServerFacts> ConnectorServer::Describe() {
  return pool_.Read(ReadFacts);
}

absl::StatusOr<std::vector<Variable>> ConnectorServer::ReadVariables(
    const std::vector<std::string>& names) {
  GRAFT_ASSIGN_OR_RETURN(const std::string sql, ReadVariablesStatement(names));
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows, pool_.Read([&sql](Session& session) {
    return session.Query(sql, "read variables");
  }));
  return OrderVariables(names, rows);
}

absl::Status ConnectorServer::SetVariables(const std::vector<VariableChange>& changes) {
  std::vector<std::string> statements;
  for (const VariableChange& change : changes) {
    GRAFT_ASSIGN_OR_RETURN(std::string sql, SetVariableStatement(change));
    statements.push_back(std::move(sql));
  }
  return pool_.Run([&statements](Session& session) -> absl::Status {
    for (const std::string& sql : statements) GRAFT_RETURN_IF_ERROR(session.Execute(sql, sql));
    return absl::OkStatus();
  });
}

absl::StatusOr<int64_t> ConnectorServer::StartClone(const CloneRequest& request,
                                                    std::function<void(absl::Status)> on_end) {
  GRAFT_ASSIGN_OR_RETURN(const std::string list, DonorListStatement(request.donor));
  GRAFT_RETURN_IF_ERROR(
      pool_.Run([&list](Session& session) { return session.Execute(list, list); }));
  if (request.hold) hold_.Release();
  const auto is_own = [this](int64_t holder) { return IsCloning(holder); };
  GRAFT_ASSIGN_OR_RETURN(std::shared_ptr<CloneSession> clone,
                         CloneSession::Start(pool_.options(), request, is_own, std::move(on_end)));
  const int64_t id = clone->connection_id();
  absl::MutexLock lock(&mutex_);
  clones_.erase(std::remove_if(clones_.begin(), clones_.end(),
                               [](const auto& other) { return other->ended(); }),
                clones_.end());
  clones_.push_back(std::move(clone));
  return id;
}

absl::StatusOr<CloneReport> ConnectorServer::ReadClone() {
  // The reader waits for a copy. The copy ends with a restart, and no session should hold up that
  // restart.
  return pool_.Read(ReadReport, /*close=*/true);
}

absl::Status ConnectorServer::KillQuery(int64_t connection_id) {
  const std::string sql = KillQueryStatement(connection_id);
  return pool_.Run([&sql](Session& session) { return session.Execute(sql, sql); });
}

absl::Status ConnectorServer::KillConnection(int64_t connection_id) {
  const std::string sql = KillConnectionStatement(connection_id);
  return pool_.Run([&sql](Session& session) { return session.Execute(sql, sql); });
}

absl::StatusOr<ServerSurvey> ConnectorServer::Survey(const std::string& agent_user) {
  return TakeSurvey([this](const auto& work) { return pool_.Run(work); }, agent_user);
}

absl::StatusOr<std::vector<ServerSession>> ConnectorServer::ReadSessions() {
  // Closed for the reason that ReadClone() has: it is asked why a copy does not get on.
  return pool_.Read(ReadUserSessions, /*close=*/true);
}

absl::Status ConnectorServer::InstallClonePlugin() {
  return InstallClonePluginBy([this](const auto& work) { return pool_.Run(work); });
}

absl::StatusOr<std::vector<ReplicationChannel>> ConnectorServer::ReadReplication() {
  return pool_.Read(ReadChannels);
}

absl::Status ConnectorServer::StopReplication(bool forget) {
  return StopChannels(pool_, forget);
}

absl::Status ConnectorServer::StartReplication(const std::optional<ReplicationSource>& source) {
  return StartChannels(pool_, source);
}

absl::Status ConnectorServer::HoldServer(int64_t own_clone) {
  return hold_.Take([&](int64_t holder) { return holder == own_clone || IsCloning(holder); });
}

void ConnectorServer::ReleaseServer() {
  hold_.Release();
}

bool ConnectorServer::IsCloning(int64_t connection_id) {
  absl::MutexLock lock(&mutex_);
  return std::any_of(clones_.begin(), clones_.end(), [connection_id](const auto& clone) {
    return clone->connection_id() == connection_id && !clone->ended();
  });
}

}  // namespace

std::unique_ptr<MysqlServer> MakeConnectorServer(Clock& clock, ConnectionOptions options) {
  return std::make_unique<ConnectorServer>(clock, options);
}

}  // namespace graft
