// From the agent's options to those of its parts. Pure.
#ifndef GRAFT_AGENT_OPTIONS_FOR_H_
#define GRAFT_AGENT_OPTIONS_FOR_H_

#include "agent/options.h"
#include "agent/tablet_agent.h"
#include "mysql/connector_server.h"
#include "provision/operation/operations.h"
#include "provision/provisioner.h"
#include "provision/repair/auto_repair.h"

namespace graft {

ConnectionOptions LocalConnection(const AgentOptions& options);
// For now and then, for as long as the agent runs: keeps no session.
ConnectionOptions WatchingConnection(const AgentOptions& options);
// To another tablet's server, as the clone user.
ConnectionOptions PeerConnection(const AgentOptions& options, const HostPort& address);

ProvisionerOptions ForProvisioner(const AgentOptions& options);
TabletAgent::Options ForTabletAgent(const AgentOptions& options);
AutoRepair::Options ForRepair(const AgentOptions& options);
Operations::Defaults ForOperations(const AgentOptions& options);

}  // namespace graft

#endif  // GRAFT_AGENT_OPTIONS_FOR_H_
