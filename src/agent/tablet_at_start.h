// The state at an agent's start: its journal and its tablet's record show how the earlier process
// ended. These functions decide the record to register. Pure functions.
#pragma once

#include "agent/tablet_agent.h"
#include "graft/tablet.h"
#include "graft/tablet_state.h"

namespace graft {

// The newest operation was under way.
bool IsUnfinished(const TabletState& state);

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
