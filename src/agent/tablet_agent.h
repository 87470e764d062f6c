// TabletAgent: the agent without network and threads. It resumes the operation of the process
// before it, keeps the tablet's record, and runs operations.
//
// graftd's composition root (agent.h) gives it threads and the real ports; the fault tests give it
// fakes and a simulated clock, on one thread. Its arguments must outlive it.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/tablet_keeper.h"
#include "graft/operation.h"
#include "graft/server_host.h"
#include "graft/tablet.h"
#include "graft/tablet_state.h"
#include "log/log.h"
#include "provision/donor/claim_keeper.h"
#include "provision/donor/peers.h"
#include "provision/operation/operations.h"
#include "provision/operation/tablet_owner.h"
#include "provision/operation/tablet_record.h"
#include "provision/preflight/preflight_desk.h"
#include "provision/provisioner.h"
#include "topo/vitess_topology.h"

namespace graft {

class TabletAgent {
 public:
  struct Ports {
    Clock& clock;
    Journal& journal;
    VitessTopology& topology;
    QueueLocks& locks;
    ServerHost& host;
    Log& log;
    // Of the tablet's own mysqld: a connection for an operation, and one that watches and keeps no
    // session open.
    std::function<std::unique_ptr<MysqlServer>()> open_local;
    std::function<std::unique_ptr<MysqlServer>()> open_watching;
    OpenPeer open_peer;        // as the clone user
    OpenPeer open_as_replica;  // as the replication user
    AskAll ask_all;
    ServerStarter* start_server;             // nullptr: nobody can be asked
    std::vector<Observer*> first_observers;  // told before the agent's own
    std::vector<Observer*> last_observers;
    std::function<absl::Status(const Operation&)> may_fence;  // as of ProvisionerDeps
    // Whether another agent of this tablet answers at an address; nullptr: none ever does.
    std::function<bool(const std::string& address)> other_agent_answers;
    BackupDonor* backups = nullptr;  // as of ProvisionerDeps
  };
  struct Options {
    ProvisionerOptions provisioner;
    Operations::Defaults defaults;
    HostPort advertised_mysql;  // where others reach the tablet's mysqld; port 0: the server's own
    bool restore_with_clone = false;  // at start, if the tablet holds no data
    absl::Duration init_timeout = absl::Minutes(1);
    std::string hostname;              // under which others reach this machine
    bool restore_from_backup = false;  // instead of restore_with_clone
    bool fallback_to_backup = false;   // with restore_with_clone, if no tablet can be the donor
  };
  struct ApiPorts {
    int http = 0;  // 0: none is served
    int grpc = 0;
  };

  TabletAgent(Ports ports, Options options);

  // Loads the journal. The first call.
  void Load(LoadedJournal journal);

  // Registers the tablet, once no other agent works on its server or under its alias (SERVER_HELD,
  // TABLET_HELD after a few seconds; nothing was written), again and again while the topology is
  // away: for the init timeout, or for as long as it takes if an operation is unfinished.
  // UNAVAILABLE, CANCELLED, others as of VitessTopology::RegisterTablet.
  absl::Status Register(const ApiPorts& ports, Cancellation& interrupt);

  // Queues an unfinished operation, and then accepts requests. Otherwise decides on
  // --restore-with-clone, once the server answers. After Load(); an unfinished operation need not
  // wait for Register().
  void TakeUp();
  bool has_unfinished() const;

  // One operation's run, and a preflight, on the calling thread.
  void Run(TabletState& state, const std::shared_ptr<OperationControl>& control);
  absl::StatusOr<PreflightReport> Preflight(Operation draft);

  // Ends every wait of operations, claims, preflights and keeper, in this order.
  void Stop();

  TabletOwner& owner() { return owner_; }
  TabletKeeper& keeper() { return keeper_; }
  Operations& operations() { return operations_; }
  ClaimKeeper& claims() { return claims_; }
  ClaimKeeper& line() { return line_; }
  PreflightDesk& preflights() { return preflights_; }
  const Tablet& registered() const { return registered_; }

 private:
  absl::Status AwaitOthersEnd(Cancellation& interrupt);
  absl::Status CheckOwner(const Tablet& record) const;
  absl::Status RegisterOnce();
  void NoteRegistered();
  void LeaveRestore();
  Provisioner MakeProvisioner(MysqlServer& server);
  void DecideOnRestore(const ServerFacts& facts);

  const Ports ports_;
  const Options options_;
  std::vector<DamagedRecord> damaged_;
  Tablet announced_;
  Tablet registered_;
  const std::unique_ptr<MysqlServer> watched_server_;  // the keeper's
  const std::unique_ptr<MysqlServer> holder_;
  TabletOwner owner_;
  TabletRecord record_;
  ClaimKeeper claims_;
  ClaimKeeper line_;
  PreflightDesk preflights_;
  const std::shared_ptr<OperationControl> preflight_control_{new OperationControl};
  TabletKeeper keeper_;
  Operations operations_;
};

// The state at an agent's start: its journal and its tablet's record show how the earlier process
// ended. These functions decide the record to register. Pure functions.

bool IsUnfinished(const TabletState& state);  // the newest operation was under way
// True if the newest operation left, or still has, data that must not be served. A record that
// somebody removed or changed meanwhile does not change that.
bool MustNotServe(const TabletState& state);

// As MustNotServe, and the operation has ended.
bool EndedBadly(const TabletState& state);

// True if the journal is lost, and the record alone still says that the tablet's data is dropped.
bool RecordSaysDropped(const TabletState& state, const Tablet& record);

// The type of a tablet whose record says RESTORE although no operation runs.
// If an operation found RESTORE and did not end well, it leaves RESTORE.
TabletType TypeWithoutOperation(const TabletState& state, TabletType init_type);

// The record to register.
Tablet AnnouncedTablet(const TabletAgent::Options& options, const TabletState& state,
                       const TabletAgent::ApiPorts& ports);

}  // namespace graft
