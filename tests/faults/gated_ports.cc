#include "gated_ports.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace graft {
namespace {

// Passes a call through the gate.
template <typename Call>
auto Through(Gate& gate, const std::string& name, Call call) -> decltype(call()) {
  if (absl::Status refused = gate.Enter(name); !refused.ok()) return refused;
  auto answer = call();
  if (absl::Status lost = gate.Leave(name); !lost.ok()) return lost;
  return answer;
}

class GatedServer : public MysqlServer {
 public:
  GatedServer(Gate& gate, std::string name, MysqlServer& server)
      : gate_(gate), name_(std::move(name)), server_(server) {}

  absl::StatusOr<ServerFacts> Describe() override {
    return Pass("Describe", [&] { return server_.Describe(); });
  }
  absl::StatusOr<ServerSurvey> Survey(const std::string& agent_user) override {
    return Pass("Survey", [&] { return server_.Survey(agent_user); });
  }
  absl::StatusOr<std::vector<Variable>> ReadVariables(
      const std::vector<std::string>& names) override {
    return Pass("ReadVariables", [&] { return server_.ReadVariables(names); });
  }
  absl::Status SetVariables(const std::vector<VariableChange>& changes) override {
    return Pass("SetVariables", [&] { return server_.SetVariables(changes); });
  }
  absl::StatusOr<int64_t> StartClone(const CloneRequest& request,
                                     std::function<void(absl::Status)> on_end) override {
    return Pass("StartClone", [&] { return server_.StartClone(request, on_end); });
  }
  absl::StatusOr<CloneReport> ReadClone() override {
    return Pass("ReadClone", [&] { return server_.ReadClone(); });
  }
  absl::StatusOr<std::vector<ServerSession>> ReadSessions() override {
    return Pass("ReadSessions", [&] { return server_.ReadSessions(); });
  }
  absl::Status KillQuery(int64_t id) override {
    return Pass("KillQuery", [&] { return server_.KillQuery(id); });
  }
  absl::Status KillConnection(int64_t id) override {
    return Pass("KillConnection", [&] { return server_.KillConnection(id); });
  }
  absl::Status DelayReplication(absl::Duration delay) override {
    return Pass("DelayReplication", [&] { return server_.DelayReplication(delay); });
  }
  absl::StatusOr<DisabledEvents> DisableEvents() override {
    return Pass("DisableEvents", [&] { return server_.DisableEvents(); });
  }
  absl::Status InstallClonePlugin() override {
    return Pass("InstallClonePlugin", [&] { return server_.InstallClonePlugin(); });
  }
  absl::StatusOr<std::vector<ReplicationChannel>> ReadReplication() override {
    return Pass("ReadReplication", [&] { return server_.ReadReplication(); });
  }
  absl::Status StopReplication(bool forget) override {
    return Pass("StopReplication", [&] { return server_.StopReplication(forget); });
  }
  absl::Status StartReplication(const std::optional<ReplicationSource>& source) override {
    return Pass("StartReplication", [&] { return server_.StartReplication(source); });
  }
  absl::Status HoldServer(int64_t own_clone) override {
    return Pass("HoldServer", [&] { return server_.HoldServer(own_clone); });
  }
  void ReleaseServer() override { server_.ReleaseServer(); }

 private:
  template <typename Call>
  auto Pass(const char* method, Call call) -> decltype(call()) {
    return Through(gate_, absl::StrCat(name_, ".", method), call);
  }

  Gate& gate_;
  const std::string name_;
  MysqlServer& server_;
};

class GatedStore : public KeyValueStore {
 public:
  GatedStore(Gate& gate, KeyValueStore& store) : gate_(gate), store_(store) {}

  absl::StatusOr<KeyValue> Get(absl::string_view key) override {
    return Through(gate_, "store.Get", [&] { return store_.Get(key); });
  }
  absl::StatusOr<Version> Create(absl::string_view key, absl::string_view value,
                                 LeaseId lease) override {
    return Through(gate_, "store.Create", [&] { return store_.Create(key, value, lease); });
  }
  absl::StatusOr<Version> Update(absl::string_view key, absl::string_view value,
                                 Version expected) override {
    return Through(gate_, "store.Update", [&] { return store_.Update(key, value, expected); });
  }
  absl::Status Delete(absl::string_view key, Version expected) override {
    return Through(gate_, "store.Delete", [&] { return store_.Delete(key, expected); });
  }
  absl::StatusOr<std::vector<KeyValue>> List(absl::string_view prefix,
                                             absl::string_view suffix) override {
    return Through(gate_, "store.List", [&] { return store_.List(prefix, suffix); });
  }
  absl::StatusOr<std::unique_ptr<Watch>> WatchPrefix(
      absl::string_view /*prefix*/, Version /*after*/,
      std::function<void(const KeyEvent&)> /*on_event*/) override {
    return absl::UnimplementedError("its thread would make each run another one");
  }
  absl::StatusOr<LeaseId> GrantLease(absl::Duration ttl) override {
    return Through(gate_, "store.GrantLease", [&] { return store_.GrantLease(ttl); });
  }
  absl::Status KeepLeaseAlive(LeaseId lease) override {
    return Through(gate_, "store.KeepLeaseAlive", [&] { return store_.KeepLeaseAlive(lease); });
  }
  absl::Status RevokeLease(LeaseId lease) override {
    return Through(gate_, "store.RevokeLease", [&] { return store_.RevokeLease(lease); });
  }

 private:
  Gate& gate_;
  KeyValueStore& store_;
};

class GatedJournal : public Journal {
 public:
  GatedJournal(Gate& gate, Journal& journal) : gate_(gate), journal_(journal) {}

  absl::Status Save(const TabletState& state) override {
    return Through(gate_, "journal.Save", [&] { return journal_.Save(state); });
  }
  absl::StatusOr<LoadedJournal> Load() override {
    return Through(gate_, "journal.Load", [&] { return journal_.Load(); });
  }
  absl::Status SetDamagedAside() override {
    return Through(gate_, "journal.SetDamagedAside", [&] { return journal_.SetDamagedAside(); });
  }

 private:
  Gate& gate_;
  Journal& journal_;
};

class GatedHost : public ServerHost {
 public:
  GatedHost(Gate& gate, ServerHost& host) : gate_(gate), host_(host) {}

  absl::StatusOr<HostFacts> Look(const std::string& data_directory, const std::string& pid_file,
                                 const std::string& plugin_directory) override {
    return Through(gate_, "host.Look",
                   [&] { return host_.Look(data_directory, pid_file, plugin_directory); });
  }
  absl::StatusOr<int64_t> CountFiles(const std::string& data_directory) override {
    return Through(gate_, "host.CountFiles", [&] { return host_.CountFiles(data_directory); });
  }
  absl::StatusOr<std::vector<std::string>> Existing(
      const std::vector<std::string>& paths) override {
    return Through(gate_, "host.Existing", [&] { return host_.Existing(paths); });
  }
  absl::StatusOr<std::string> Activity(const std::string& data_directory,
                                       const std::string& error_log) override {
    return Through(gate_, "host.Activity",
                   [&] { return host_.Activity(data_directory, error_log); });
  }
  absl::StatusOr<StartupSigns> ReadStartup(const std::string& data_directory,
                                           const std::string& error_log) override {
    return Through(gate_, "host.ReadStartup",
                   [&] { return host_.ReadStartup(data_directory, error_log); });
  }

 private:
  Gate& gate_;
  ServerHost& host_;
};

}  // namespace

std::unique_ptr<MysqlServer> MakeGatedServer(Gate& gate, std::string name, MysqlServer& server) {
  return std::make_unique<GatedServer>(gate, std::move(name), server);
}

std::unique_ptr<KeyValueStore> MakeGatedStore(Gate& gate, KeyValueStore& store) {
  return std::make_unique<GatedStore>(gate, store);
}

std::unique_ptr<Journal> MakeGatedJournal(Gate& gate, Journal& journal) {
  return std::make_unique<GatedJournal>(gate, journal);
}

std::unique_ptr<ServerHost> MakeGatedHost(Gate& gate, ServerHost& host) {
  return std::make_unique<GatedHost>(gate, host);
}

}  // namespace graft
