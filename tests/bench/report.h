// What a bench has measured: in figures, as JSON, as text. Pure functions.
#ifndef GRAFT_BENCH_REPORT_H_
#define GRAFT_BENCH_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

namespace graft {

struct Spread {
  double min = 0;
  double median = 0;  // of an even number of values: the mean of the middle two
  double max = 0;
};

// Of at least one value.
Spread SpreadOf(std::vector<double> values);

// Times from the request to a replica that has caught up.
struct OverheadReport {
  int64_t size_bytes = 0;  // of the donor's table, on disk
  // Pair by pair, both of the same length.
  std::vector<double> graft_seconds;
  std::vector<double> by_hand_seconds;

  // graft over by hand, pair by pair.
  std::vector<double> Ratios() const;
};

// Of at least one pair.
std::string ToJson(const OverheadReport& report);
std::string ToText(const OverheadReport& report);

// One process that has nothing to do.
struct IdleReport {
  double resident_mb = 0;       // VmRSS, in 2^20 bytes: also counts pages of shared libraries
  double anonymous_mb = 0;      // RssAnon: its own alone
  double cpu_percent = 0;       // of one core
  double cpu_tick_percent = 0;  // what one tick of the kernel's clock makes of that
  double seconds = 0;           // watched
  int threads = 0;
};

std::string ToJson(const IdleReport& report);
std::string ToText(const IdleReport& report);

}  // namespace graft

#endif  // GRAFT_BENCH_REPORT_H_
