// All ways of getting the donor's data to the recipient that are measured, one row each.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/bench_shard.h"
#include "bench/rebuild.h"
#include "graft/clock.h"

namespace graft {

struct Way {
  const char* name;
  // A slow one gives up after `limit`, and says so; the others do not look at it.
  absl::StatusOr<Rebuild> (*run)(Clock& clock, BenchShard& shard, absl::Duration limit);
  bool slow;           // takes minutes: fewer rounds, and no warming up
  bool makes_replica;  // which can be looked at afterwards
};

// graft's is the first.
const std::vector<Way>& AllWays();

}  // namespace graft
