// ProvisionWorld: a shard of two, or three, on fakes, with a provisioner for the replica.
// Everything moves by one simulated clock, so an operation of minutes takes a millisecond, on one
// thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fakes/fake_journal.h"
#include "fakes/fake_mysql_server.h"
#include "fakes/fake_server_host.h"
#include "fakes/fake_store.h"
#include "fakes/simulated_clock.h"
#include "gtest/gtest.h"
#include "provision/provisioner.h"
#include "topo/queue_locks.h"
#include "topo/vitess_topology.h"

namespace graft {

// Hands every call on to a server that outlives it.
class BorrowedServer : public MysqlServer {
 public:
  explicit BorrowedServer(MysqlServer& server) : server_(server) {}
  absl::StatusOr<ServerFacts> Describe() override { return server_.Describe(); }
  absl::StatusOr<ServerSurvey> Survey(const std::string& agent_user) override {
    return server_.Survey(agent_user);
  }
  absl::StatusOr<std::vector<Variable>> ReadVariables(
      const std::vector<std::string>& names) override {
    return server_.ReadVariables(names);
  }
  absl::Status SetVariables(const std::vector<VariableChange>& changes) override {
    return server_.SetVariables(changes);
  }
  absl::StatusOr<int64_t> StartClone(const CloneRequest& request,
                                     std::function<void(absl::Status)> on_end) override {
    return server_.StartClone(request, std::move(on_end));
  }
  absl::StatusOr<CloneReport> ReadClone() override { return server_.ReadClone(); }
  absl::StatusOr<std::vector<ServerSession>> ReadSessions() override {
    return server_.ReadSessions();
  }
  absl::Status KillQuery(int64_t id) override { return server_.KillQuery(id); }
  absl::Status KillConnection(int64_t id) override { return server_.KillConnection(id); }
  absl::Status InstallClonePlugin() override { return server_.InstallClonePlugin(); }
  absl::Status DelayReplication(absl::Duration delay) override {
    return server_.DelayReplication(delay);
  }
  absl::StatusOr<DisabledEvents> DisableEvents() override { return server_.DisableEvents(); }
  absl::StatusOr<std::vector<ReplicationChannel>> ReadReplication() override {
    return server_.ReadReplication();
  }
  absl::Status StopReplication(bool forget) override { return server_.StopReplication(forget); }
  absl::Status StartReplication(const std::optional<ReplicationSource>& source) override {
    return server_.StartReplication(source);
  }
  absl::Status HoldServer(int64_t own_clone) override { return server_.HoldServer(own_clone); }
  void ReleaseServer() override { server_.ReleaseServer(); }

 private:
  MysqlServer& server_;
};

// Keeps what it was told.
class RecordingObserver : public Observer {
 public:
  void OnStep(const Operation& operation) override {
    steps.push_back(operation.step);
    if (on_step) on_step(operation);
  }
  void OnProgress(const Operation& operation) override { progress.push_back(operation.progress); }
  void OnEnd(const Operation&) override { ++ends; }

  std::function<void(const Operation&)> on_step;  // the step is journalled and has not acted
  std::vector<Step> steps;
  std::vector<Progress> progress;
  int ends = 0;
};

// The supervisor of mysqld; starts mysqld by `on_ask`.
class FakeServerStarter : public ServerStarter {
 public:
  absl::Status Ask() override {
    ++asked;
    if (on_ask) on_ask();
    return absl::OkStatus();
  }
  std::optional<absl::Status> End() override { return end; }

  std::function<void()> on_ask;
  std::optional<absl::Status> end = absl::OkStatus();
  int asked = 0;
};

inline const DonorChoice kAny{DonorChoice::Kind::kAny, {}};

class ProvisionWorld {
 public:
  const TabletAlias primary{"zone1", 100};
  const TabletAlias replica{"zone1", 101};
  const TabletAlias other{"zone1", 102};

  ProvisionWorld();

  // A third tablet, a replica that is as good a donor as the primary.
  void AddOther();
  // A new request for the replica, by default from the primary.
  Operation Request(DonorChoice donor = {}) const;
  // An operator's word that the data is good; `data_is_good` also of what was dropped.
  Operation Release(bool data_is_good) const;
  // Runs it on the calling thread to its end, as a process of its own that has taken up what the
  // journal holds, with the claim kept alive meanwhile. `state` is then what is true of the tablet.
  void Run(Operation& operation);
  // The API's cancel of the operation that runs.
  absl::Status Cancel(CancelWish wish);
  // The queue of a donor.
  std::vector<QueueEntry> Queue(const TabletAlias& donor);
  Tablet Record(const TabletAlias& alias);
  Provisioner MakeProvisioner();

  SimulatedClock clock;
  FakeStore store{clock};
  VitessTopology topology;
  FakeMysqlServer recipient{clock};
  FakeMysqlServer donor{clock};
  FakeMysqlServer other_server{clock};
  FakeServerHost host;
  VitessQueueLocks locks{{clock, store, "/vitess/global"}, {"127.0.0.1", "graft"}};
  ClaimKeeper claims{locks};
  ClaimKeeper line{locks};
  bool keep_claims = true;  // false: as if the thread that keeps them alive hung
  ServerStarter* start_server = nullptr;
  AskAll ask_all;  // nullptr: one after the other
  std::function<absl::Status(const Operation&)> may_fence;
  OpenPeer open_peer;              // nullptr: as the addresses say
  OpenPeer open_as_replica;        // the same
  std::vector<Operation> history;  // newest first
  FakeJournal journal;
  std::unique_ptr<TabletOwner> owner;
  TabletRecord record{topology, replica};
  TabletState state;
  RecordingObserver observer;
  ProvisionerOptions options;
  std::shared_ptr<OperationControl> control = std::make_shared<OperationControl>();

 private:
  void KeepClaimsAlive(const std::shared_ptr<bool>& running);
};

// Changes a tablet's record in the world's topology.
void EditRecord(ProvisionWorld& world, const TabletAlias& alias,
                const std::function<void(Tablet&)>& edit);

}  // namespace graft
