// The cost of many watchers for the agent while a clone runs.
#pragma once

#include <cstdint>
#include <ostream>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/bench_shard.h"
#include "bench/report.h"
#include "graft/clock.h"

namespace graft {

// One rebuild of the data that the donor has, `size_bytes`, slow enough to look at the agent's
// process over `window` once without watchers and once with each of `watchers`, which are in
// another process. The copy is let go at the end.
absl::StatusOr<std::vector<WatchCost>> MeasureWatchers(Clock& clock, BenchShard& shard,
                                                       int64_t size_bytes,
                                                       const std::vector<int>& watchers,
                                                       absl::Duration window, std::ostream& out);

}  // namespace graft
