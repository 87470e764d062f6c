// One run of the bench: what was asked for, one part after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bench/compare.h"
#include "bench/full_report.h"

namespace graft {

struct FullRunOptions {
  std::vector<int64_t> sizes;  // growing
  CompareOptions compare;
  bool only_clones = false;  // of the ways: graft and by hand
  int settings_runs = 0;     // 0: this part is left out, as below
  std::vector<int> watchers;
  absl::Duration watch_window = absl::Seconds(15);
  absl::Duration idle;
  int tablets = 0;
  int tablets_runs = 3;
  std::string buffer_pool;
};

// Tells what it does to `out`, and `on_part` after each part what there is so far, so that nothing
// is lost when a later one fails.
absl::Status RunBench(const FullRunOptions& options, std::ostream& out,
                      const std::function<absl::Status(const FullReport&)>& on_part);

}  // namespace graft
