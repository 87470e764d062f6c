// Provisioner: runs one operation through its plan, from where it stands to its end.
//
// It also runs an operation that an earlier process left unfinished: every step looks before it
// acts. It neither logs nor counts (see Observer) and does not depend on a daemon. One Run at a
// time; its dependencies must outlive it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "graft/backup_donor.h"
#include "graft/clock.h"
#include "graft/mysql_server.h"
#include "graft/operation.h"
#include "graft/secret.h"
#include "graft/server_host.h"
#include "graft/topology.h"
#include "provision/donor/claim_keeper.h"
#include "provision/donor/peers.h"
#include "provision/operation/tablet_owner.h"
#include "provision/operation/tablet_record.h"

namespace graft {

struct MysqlAccount {
  std::string user;
  Secret password;
  bool use_ssl = true;
};

struct ProvisionerOptions {
  TabletAlias alias;  // the recipient: this agent's tablet
  std::string keyspace;
  std::string shard;
  TabletType init_type = TabletType::kReplica;  // of a tablet that served nothing before

  MysqlAccount clone{"vt_clone", {}, true};  // on the donor
  MysqlAccount repl{"vt_repl", {}, true};    // on the source

  // From the end of the CLONE statement until the server answers again.
  absl::Duration restart_wait_timeout = absl::Minutes(5);
  // How long catching up may stand still, with no transaction being applied; zero: for ever.
  absl::Duration catch_up_stall_timeout = absl::Minutes(10);
  // Bounds each wait for a metadata lock while CLONE drops the old data.
  absl::Duration lock_wait_timeout = absl::Seconds(10);

  std::string agent_user = "vt_dba";  // this agent's account on the recipient
  int max_attempts = 3;
  absl::Duration donor_wait_timeout = absl::Hours(1);  // without getting nearer to a donor
  // After so long the primary may be the best donor like the others; zero: never.
  absl::Duration primary_donor_after = absl::ZeroDuration();
  // graft ends a copy that gets no byte for so long; zero: only MySQL ends it.
  absl::Duration stall_timeout = absl::Minutes(10);
  // graft ends a copy whose donor is unreachable for so long; zero: MySQL's own five minutes.
  absl::Duration donor_gone_timeout = absl::ZeroDuration();
};

struct ProvisionerDeps {
  Clock& clock;
  MysqlServer& recipient;
  MysqlServer& holder;  // of the recipient too: holds it for this agent (MysqlServer::HoldServer)
  // A connection to another tablet's server, as the clone user.
  OpenPeer open_peer;
  // The same as the replication user.
  OpenPeer open_as_replica;
  Topology& topology;
  QueueLocks& locks;     // to see the shard's line
  ClaimKeeper& claims;   // on its donor, of the operation that runs
  ClaimKeeper& line;     // its place in the shard's line
  ServerHost& host;      // of the recipient's mysqld
  TabletOwner& owner;    // of the recipient's state
  TabletRecord& record;  // of the recipient in the topology
  std::vector<Observer*> observers;
  // Used after a copy that left mysqld down; may be nullptr.
  ServerStarter* start_server = nullptr;
  // The operations before this one, newest first. Progress is estimated from them. nullptr: none.
  std::function<std::vector<Operation>()> history;
  AskAll ask_all;  // many servers at the same time
  // Asked right before the fence: may the shard be without the tablet now? nullptr: always.
  std::function<absl::Status(const Operation&)> may_fence;
  BackupDonor* backups = nullptr;  // nullptr: no operation restores a backup
};

class Provisioner {
 public:
  Provisioner(ProvisionerDeps deps, ProvisionerOptions options)
      : deps_(std::move(deps)), options_(std::move(options)) {}

  // Runs `state`'s operation. Returns when the operation has ended; or, with the outcome still
  // kRunning, when `control` was stopped. The journal then has everything that the next process
  // needs.
  void Run(TabletState& state, const std::shared_ptr<OperationControl>& control);

  // Finds donor and source for `draft` and judges everything, touching nothing. Codes as of
  // Provisioning::Preflight; CANCELLED: `control` was told to stop.
  absl::StatusOr<PreflightReport> Preflight(Operation draft,
                                            const std::shared_ptr<OperationControl>& control) const;

 private:
  const ProvisionerDeps deps_;
  const ProvisionerOptions options_;
};

}  // namespace graft
