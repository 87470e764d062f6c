// All that one run of scripts/bench has measured; a part that was not asked for is empty. Pure
// functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/comparison.h"
#include "bench/report.h"
#include "bench/target.h"

namespace graft {

struct FullReport {
  std::string mysql_version;
  std::string buffer_pool;  // of each of the two servers
  double load_average = 0;  // of the machine in the minute before
  std::vector<Comparison> sizes;
  std::vector<SettingTimes> settings;
  std::vector<WatchCost> watchers;
  int64_t settings_bytes = 0;  // the donor's data for these two
  std::vector<TopologyTimes> topology;
  std::optional<IdleReport> idle;
};

// Markdown.
std::string ToText(const FullReport& report);
std::vector<Target> TargetsOf(const FullReport& report);

}  // namespace graft
