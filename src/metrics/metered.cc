#include "metrics/metrics.h"

namespace graft {
namespace {

// From a local socket's answer to the timeouts of etcd (5 s) and of a session's reads.
const std::vector<double>& Bounds() {
  static const auto* const bounds = new std::vector<double>{0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10};
  return *bounds;
}

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
  absl::Status DelayReplication(absl::Duration delay) override {
    return meter_.Run("DelayReplication", [&] { return server_->DelayReplication(delay); });
  }
  absl::StatusOr<DisabledEvents> DisableEvents() override {
    return meter_.Run("DisableEvents", [&] { return server_->DisableEvents(); });
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

class MeteredStore : public KeyValueStore {
 public:
  MeteredStore(std::unique_ptr<KeyValueStore> store, CallMeter& meter)
      : store_(std::move(store)), meter_(meter) {}

  absl::StatusOr<KeyValue> Get(absl::string_view key) override {
    return meter_.Run("Get", [&] { return store_->Get(key); });
  }
  absl::StatusOr<Version> Create(absl::string_view key, absl::string_view value,
                                 LeaseId lease) override {
    return meter_.Run("Create", [&] { return store_->Create(key, value, lease); });
  }
  absl::StatusOr<Version> Update(absl::string_view key, absl::string_view value,
                                 Version expected) override {
    return meter_.Run("Update", [&] { return store_->Update(key, value, expected); });
  }
  absl::Status Delete(absl::string_view key, Version expected) override {
    return meter_.Run("Delete", [&] { return store_->Delete(key, expected); });
  }
  absl::StatusOr<std::vector<KeyValue>> List(absl::string_view prefix,
                                             absl::string_view suffix) override {
    return meter_.Run("List", [&] { return store_->List(prefix, suffix); });
  }
  absl::StatusOr<std::unique_ptr<Watch>> WatchPrefix(
      absl::string_view prefix, Version after,
      std::function<void(const KeyEvent&)> on_event) override {
    return meter_.Run("WatchPrefix",
                      [&] { return store_->WatchPrefix(prefix, after, std::move(on_event)); });
  }
  absl::StatusOr<LeaseId> GrantLease(absl::Duration ttl) override {
    return meter_.Run("GrantLease", [&] { return store_->GrantLease(ttl); });
  }
  void EndCallsBy(absl::Time when) override { store_->EndCallsBy(when); }
  absl::Status KeepLeaseAlive(LeaseId lease) override {
    return meter_.Run("KeepLeaseAlive", [&] { return store_->KeepLeaseAlive(lease); });
  }
  absl::Status RevokeLease(LeaseId lease) override {
    return meter_.Run("RevokeLease", [&] { return store_->RevokeLease(lease); });
  }

 private:
  const std::unique_ptr<KeyValueStore> store_;
  CallMeter& meter_;
};

}  // namespace

void CallMeter::Count(absl::string_view name, absl::Duration took, absl::StatusCode code) {
  absl::MutexLock lock(&mutex_);
  auto call = calls_.find(name);
  if (call == calls_.end()) {
    // The error that matters most begins at 0: the first increase of a series that appears with it
    // would be invisible to rate().
    call = calls_
               .emplace(std::string(name),
                        Call{Histogram(Bounds()), {{absl::StatusCode::kUnavailable, 0}}})
               .first;
  }
  call->second.seconds.Observe(absl::ToDoubleSeconds(took));
  if (code != absl::StatusCode::kOk) ++call->second.errors[code];
}

std::unique_ptr<MysqlServer> MakeMeteredMysqlServer(std::unique_ptr<MysqlServer> server,
                                                    CallMeter& meter) {
  return std::make_unique<MeteredMysqlServer>(std::move(server), meter);
}

std::unique_ptr<KeyValueStore> MakeMeteredStore(std::unique_ptr<KeyValueStore> store,
                                                CallMeter& meter) {
  return std::make_unique<MeteredStore>(std::move(store), meter);
}

}  // namespace graft
