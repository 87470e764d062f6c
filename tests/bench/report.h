// The results of the smaller measurements, as text. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/target.h"

namespace graft {

// One process that has nothing to do.
struct IdleReport {
  double resident_mb = 0;       // VmRSS, in 2^20 bytes: also counts pages of shared libraries
  double anonymous_mb = 0;      // RssAnon: its own alone
  double cpu_percent = 0;       // of one core
  double cpu_tick_percent = 0;  // what one tick of the kernel's clock makes of that
  double seconds = 0;           // watched
  int threads = 0;
};
std::string ToText(const IdleReport& report);

// Rebuilds with one choice of the clone_* variables.
struct SettingTimes {
  struct Run {
    double seconds = 0;
    double file_copy_seconds = 0;  // CLONE's stage alone
  };
  std::string setting;
  std::vector<Run> runs;

  // Times of the runs over those of `base`, round by round.
  std::vector<double> Ratios(const SettingTimes& base) const;
};
// The first one is what the others are compared with, round by round.
std::string ToText(const std::vector<SettingTimes>& settings);

// An agent in the middle of a copy, with so many open WatchOperation streams.
struct WatchCost {
  int watchers = 0;
  double cpu_percent = 0;  // of one core
  double resident_mb = 0;
  double messages_per_second = 0;  // to all of them together
};
// The first one has no watchers; what the others take is what they take beyond it.
std::string ToText(const std::vector<WatchCost>& costs);
std::vector<Target> TargetsOf(const std::vector<WatchCost>& costs);

// An agent beside so many tablets in the same etcd.
struct TopologyTimes {
  int64_t tablets = 0;                   // in all
  int shard_tablets = 0;                 // in the agent's own shard
  std::vector<double> register_seconds;  // from its start to the line "tablet registered"
  std::vector<double> primary_seconds;   // the step resolve_donor, the donor being the primary
  std::vector<double> any_seconds;       // the same, the best of the shard
};
std::string ToText(const std::vector<TopologyTimes>& times);

}  // namespace graft
