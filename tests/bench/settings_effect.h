// The effect of clone_max_concurrency, clone_autotune_concurrency and clone_enable_compression on
// the time of a rebuild through graftd.
#pragma once

#include <ostream>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/bench_shard.h"
#include "bench/report.h"
#include "graft/clock.h"

namespace graft {

// Uses the data that the donor has. Each round runs every setting once, and begins with another
// setting.
absl::StatusOr<std::vector<SettingTimes>> MeasureSettings(Clock& clock, BenchShard& shard, int runs,
                                                          std::ostream& out);

}  // namespace graft
