// What an agent finds when it starts: what its journal and its tablet's record tell of the
// processes before it, and what follows for the record. Pure functions; `history` is oldest first.
#ifndef GRAFT_AGENT_TABLET_AT_START_H_
#define GRAFT_AGENT_TABLET_AT_START_H_

#include <vector>

#include "agent/options.h"
#include "graft/operation.h"
#include "graft/tablet.h"

namespace graft {

// The last operation was under way.
bool IsUnfinished(const std::vector<Operation>& history);

// The last operation left data that must not be served from; whoever removed or changed the record
// meanwhile does not make that good.
bool EndedBadly(const std::vector<Operation>& history);

// The same, as the record alone still tells it, of an agent whose journal is gone.
bool RecordSaysDropped(const std::vector<Operation>& history, const Tablet& record);

// Of a tablet whose record says RESTORE though nothing is being restored.
TabletType TypeWithoutOperation(const std::vector<Operation>& history, TabletType init_type);

struct AgentPorts {
  int http = 0;  // 0: none is served
  int grpc = 0;
};

// The record to register.
Tablet AnnouncedTablet(const AgentOptions& options, const std::vector<Operation>& history,
                       const AgentPorts& ports);

// Where others reach the tablet's mysqld; port 0: the server itself has to be asked.
HostPort AdvertisedMysql(const AgentOptions& options);

}  // namespace graft

#endif  // GRAFT_AGENT_TABLET_AT_START_H_
