// The cost of an idle agent: registered in etcd, its server up.
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/bench_shard.h"
#include "bench/report.h"
#include "graft/clock.h"

namespace graft {

// Lets the recipient's agent be for `settle`, then counts its processor time over `watched`; memory
// is read at the end.
absl::StatusOr<IdleReport> MeasureIdle(Clock& clock, BenchShard& shard, absl::Duration settle,
                                       absl::Duration watched);

}  // namespace graft
