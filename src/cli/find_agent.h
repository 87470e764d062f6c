// The address of a tablet's agent, from the topology.
#ifndef GRAFT_CLI_FIND_AGENT_H_
#define GRAFT_CLI_FIND_AGENT_H_

#include <string>

#include "absl/status/statusor.h"
#include "graft/tablet.h"
#include "graft/topology.h"

namespace graft::cli {

// "host:port" by its record. UNAVAILABLE: its agent has stopped; FAILED_PRECONDITION: a tablet
// without a graft agent.
absl::StatusOr<std::string> AgentAddress(const Tablet& tablet);

// The same by its alias. NOT_FOUND as of Topology::GetTablet.
absl::StatusOr<std::string> FindAgent(Topology& topology, const TabletAlias& alias);

}  // namespace graft::cli

#endif  // GRAFT_CLI_FIND_AGENT_H_
