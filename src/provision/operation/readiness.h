// Readiness: may this tablet be used? A pure function of what is known in memory.
#ifndef GRAFT_PROVISION_OPERATION_READINESS_H_
#define GRAFT_PROVISION_OPERATION_READINESS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/provisioning.h"

namespace graft {

// A snapshot of the server that is older than this says nothing about it any more.
inline constexpr absl::Duration kStaleAfter = absl::Seconds(30);

// Every reason against it, one sentence each; none: it is ready. `newest` is the newest operation.
//
// A primary is ready when its server answers. Lag is no reason, since only who asks knows how much
// of it he can bear. Nor is an operation that has touched nothing yet: it may stand in a donor's
// queue for an hour while the tablet serves as before.
std::vector<std::string> WhyNotReady(const TabletSnapshot& tablet,
                                     const std::optional<Operation>& newest, absl::Time now);

// For people and programs beside the verdict: "replication lag: 3s"; empty where none is known.
std::string LagLine(const TabletSnapshot& tablet);

}  // namespace graft

#endif  // GRAFT_PROVISION_OPERATION_READINESS_H_
