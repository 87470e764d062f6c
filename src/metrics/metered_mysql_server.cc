#include "metrics/metered_mysql_server.h"

#include <utility>

namespace graft {
namespace {

class MeteredMysqlServer : public MysqlServer {
 public:
  MeteredMysqlServer(std::unique_ptr<MysqlServer> server, CallMeter& meter)
      : server_(std::move(server)), meter_(meter) {}

  absl::StatusOr<ServerFacts> Describe() override {
    return meter_.Run("Describe", [&] { return server_->Describe(); });
  }
  absl::StatusOr<ServerSurvey> Survey(const std::string& agent_user) override {
    return meter_.Run("Survey", [&] { return server_->Survey(agent_user); });
  }
  absl::StatusOr<std::vector<Variable>> ReadVariables(
      const std::vector<std::string>& names) override {
    return meter_.Run("ReadVariables", [&] { return server_->ReadVariables(names); });
  }
  absl::Status SetVariables(const std::vector<VariableChange>& changes) override {
    return meter_.Run("SetVariables", [&] { return server_->SetVariables(changes); });
  }
  absl::StatusOr<int64_t> StartClone(const CloneRequest& request,
                                     std::function<void(absl::Status)> on_end) override {
    return meter_.Run("StartClone",
                      [&] { return server_->StartClone(request, std::move(on_end)); });
  }
  absl::StatusOr<CloneReport> ReadClone() override {
    return meter_.Run("ReadClone", [&] { return server_->ReadClone(); });
  }
  absl::StatusOr<std::vector<ServerSession>> ReadSessions() override {
    return meter_.Run("ReadSessions", [&] { return server_->ReadSessions(); });
  }
  absl::Status KillQuery(int64_t connection_id) override {
    return meter_.Run("KillQuery", [&] { return server_->KillQuery(connection_id); });
  }
  absl::Status KillConnection(int64_t connection_id) override {
    return meter_.Run("KillConnection", [&] { return server_->KillConnection(connection_id); });
  }
  absl::Status InstallClonePlugin() override {
    return meter_.Run("InstallClonePlugin", [&] { return server_->InstallClonePlugin(); });
  }
  absl::StatusOr<std::vector<ReplicationChannel>> ReadReplication() override {
    return meter_.Run("ReadReplication", [&] { return server_->ReadReplication(); });
  }
  absl::Status StopReplication(bool forget) override {
    return meter_.Run("StopReplication", [&] { return server_->StopReplication(forget); });
  }
  absl::Status StartReplication(const std::optional<ReplicationSource>& source) override {
    return meter_.Run("StartReplication", [&] { return server_->StartReplication(source); });
  }
  absl::Status HoldServer(int64_t own_clone) override {
    return meter_.Run("HoldServer", [&] { return server_->HoldServer(own_clone); });
  }
  void ReleaseServer() override { server_->ReleaseServer(); }

 private:
  const std::unique_ptr<MysqlServer> server_;
  CallMeter& meter_;
};

}  // namespace

std::unique_ptr<MysqlServer> MakeMeteredMysqlServer(std::unique_ptr<MysqlServer> server,
                                                    CallMeter& meter) {
  return std::make_unique<MeteredMysqlServer>(std::move(server), meter);
}

}  // namespace graft
