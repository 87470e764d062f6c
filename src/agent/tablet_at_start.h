// What an agent finds when it starts: what its journal and its tablet's record tell of the
// processes before it, and what follows for the record. Pure functions.
#ifndef GRAFT_AGENT_TABLET_AT_START_H_
#define GRAFT_AGENT_TABLET_AT_START_H_

#include "agent/options.h"
#include "graft/tablet.h"
#include "graft/tablet_state.h"

namespace graft {

// The newest operation was under way.
bool IsUnfinished(const TabletState& state);

// The newest operation left, or works on, data that must not be served from; whoever removed or
// changed the record meanwhile does not make that good.
bool MustNotServe(const TabletState& state);

// The same, of an operation that has ended.
bool EndedBadly(const TabletState& state);

// That data must not be served from, as the record alone still tells it, of an agent whose journal
// is gone.
bool RecordSaysDropped(const TabletState& state, const Tablet& record);

// Of a tablet whose record says RESTORE though nothing is being restored. An operation that found
// it so and did not get it well leaves it so.
TabletType TypeWithoutOperation(const TabletState& state, TabletType init_type);

struct AgentPorts {
  int http = 0;  // 0: none is served
  int grpc = 0;
};

// The record to register.
Tablet AnnouncedTablet(const AgentOptions& options, const TabletState& state,
                       const AgentPorts& ports);

// Where others reach the tablet's mysqld; port 0: the server itself has to be asked.
HostPort AdvertisedMysql(const AgentOptions& options);

}  // namespace graft

#endif  // GRAFT_AGENT_TABLET_AT_START_H_
