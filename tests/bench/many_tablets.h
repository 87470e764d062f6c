// How an agent gets on with an etcd that holds thousands of tablets.
#pragma once

#include <ostream>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/report.h"
#include "graft/clock.h"

namespace graft {

// On a shard of its own, with hardly any data: first with its two tablets alone, then with
// `tablets` in the same cell, a hundred to a shard, the agent's own included. These are records
// only: no mysqld listens at their addresses.
absl::StatusOr<std::vector<TopologyTimes>> MeasureManyTablets(Clock& clock, int tablets, int runs,
                                                              std::ostream& out);

}  // namespace graft
