// Readiness: may this tablet be used? A pure function of facts in memory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/provisioning.h"

namespace graft {

// A snapshot older than this says nothing about the server's present state.
inline constexpr absl::Duration kStaleAfter = absl::Seconds(30);

// Every reason why the tablet is not ready, one sentence each; empty: it is ready. `newest` is the
// newest operation.
//
// A primary is ready when its server answers. Lag does not count: the caller decides how much lag
// is too much. An operation that has changed nothing yet does not count: it may wait in a donor's
// queue for an hour while the tablet serves as before.
std::vector<std::string> WhyNotReady(const TabletSnapshot& tablet,
                                     const std::optional<Operation>& newest, absl::Time now);

// For people and programs, beside the reasons: "replication lag: 3s"; empty if the lag is not
// known.
std::string LagLine(const TabletSnapshot& tablet);

}  // namespace graft
