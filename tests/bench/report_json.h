// All that one run of scripts/bench has measured, for programs. Pure.
#pragma once

#include <string>

#include "bench/full_report.h"

namespace graft {

// On top are the ratio and the times of graft and by hand, for the size nearest to 1 GB:
// {"overhead_ratio": {"median", "min", "max", "runs"}, "graft_seconds", "by_hand_seconds",
// "size_bytes", ...}. Figures have four digits behind the point at most.
std::string ToJson(const FullReport& report);

}  // namespace graft
