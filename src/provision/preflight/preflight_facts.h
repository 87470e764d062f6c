// Reads what preflight judges: both servers, the source, the primary, the recipient's machine.
#ifndef GRAFT_PROVISION_PREFLIGHT_PREFLIGHT_FACTS_H_
#define GRAFT_PROVISION_PREFLIGHT_PREFLIGHT_FACTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "graft/mysql_server.h"
#include "graft/server_host.h"
#include "graft/tablet_state.h"
#include "graft/topology.h"
#include "provision/donor/peers.h"
#include "provision/preflight/preflight.h"

namespace graft {

// The servers to ask, and the accounts; all references must outlive the call.
struct PreflightSources {
  MysqlServer& recipient;
  ServerHost& host;  // of the recipient's mysqld
  Topology& topology;
  const Peers& peers;
  std::string keyspace;
  std::string shard;
  std::string agent_user;
  std::string clone_user;
  bool clone_use_ssl = true;
  bool agent_starts_mysqld = false;
};

// For an operation whose donor and source are resolved. Only reads. Codes are those of the
// recipient's server and of a topology that is away; CANCELLED. If another server does not answer,
// the facts hold its status.
absl::StatusOr<PreflightFacts> GatherPreflightFacts(const PreflightSources& sources,
                                                    const TabletState& state);

// Copies facts into the operation: the servers' identities, the paths to read while the recipient
// is down, the transactions that the new data will lack, and every result but the passed ones.
void NoteFacts(const PreflightFacts& facts, const std::vector<CheckResult>& results,
               TabletState& state);

}  // namespace graft

#endif  // GRAFT_PROVISION_PREFLIGHT_PREFLIGHT_FACTS_H_
