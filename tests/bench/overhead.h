// How much longer a rebuild takes through graftd than the same statements by hand.
#ifndef GRAFT_BENCH_OVERHEAD_H_
#define GRAFT_BENCH_OVERHEAD_H_

#include <cstdint>
#include <ostream>

#include "absl/status/statusor.h"
#include "bench/report.h"

namespace graft {

struct OverheadOptions {
  int64_t size_bytes = 0;
  int runs = 5;
  bool keep_going = false;  // a pair that failed is left out, not the end
};

// Both ways on the same two servers and the same data, in pairs: graft first in one, by hand first
// in the next. A pair to warm up comes before and is not counted. Tells each run to `out`.
absl::StatusOr<OverheadReport> MeasureOverhead(const OverheadOptions& options, std::ostream& out);

}  // namespace graft

#endif  // GRAFT_BENCH_OVERHEAD_H_
