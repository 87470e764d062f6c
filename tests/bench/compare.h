// Measures the ways of rebuilding against each other, in turn on the same servers and data.
#pragma once

#include <cstdint>
#include <ostream>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/bench_shard.h"
#include "bench/comparison.h"
#include "bench/ways.h"

namespace graft {

struct CompareOptions {
  int runs = 5;
  int slow_runs = 1;        // of these, how many with the slow ways
  double slow_limit = 30;   // times graft's time in that round: a slow way is given up then
  bool keep_going = false;  // a way that fails is left out of that round, not the end
};

// The donor's data is as large as asked for, and is not changed but for one small transaction per
// rebuild. Each round runs every way once, in RoundOrder(); a round of the fast ones to warm up
// comes before and is not counted. Tells each run to `out`.
absl::StatusOr<Comparison> Compare(Clock& clock, BenchShard& shard, int64_t size_bytes,
                                   const std::vector<Way>& ways, const CompareOptions& options,
                                   std::ostream& out);

}  // namespace graft
