// The tablet's registration at the agent's start, for which the topology may be away a while.
#ifndef GRAFT_AGENT_REGISTER_TABLET_H_
#define GRAFT_AGENT_REGISTER_TABLET_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "graft/cancellation.h"
#include "graft/clock.h"
#include "graft/tablet.h"
#include "log/log.h"
#include "topo/vitess_topology.h"

namespace graft {

struct Registrar {
  Clock& clock;
  VitessTopology& topology;
  Log& log;
};

// Tries for `patience`, until it works or `interrupt` is cancelled; the record as it is then.
// UNAVAILABLE: the topology stayed away; CANCELLED; others at once, as of Topology.
absl::StatusOr<Tablet> RegisterTablet(const Registrar& registrar, const Tablet& announced,
                                      absl::Duration patience, Cancellation& interrupt);

}  // namespace graft

#endif  // GRAFT_AGENT_REGISTER_TABLET_H_
