// Histogram: how often a value fell between which bounds, as Prometheus counts it. A plain value.
#ifndef GRAFT_METRICS_HISTOGRAM_H_
#define GRAFT_METRICS_HISTOGRAM_H_

#include <cstdint>
#include <utility>
#include <vector>

namespace graft {

struct Histogram {
  // `upper_bounds` ascend; values above the last one count too.
  explicit Histogram(std::vector<double> upper_bounds)
      : bounds(std::move(upper_bounds)), counts(bounds.size() + 1) {}

  void Observe(double value) {
    size_t bucket = 0;
    while (bucket < bounds.size() && value > bounds[bucket]) ++bucket;
    ++counts[bucket];
    sum += value;
  }

  std::vector<double> bounds;
  std::vector<uint64_t> counts;  // one more than bounds
  double sum = 0;
};

}  // namespace graft

#endif  // GRAFT_METRICS_HISTOGRAM_H_
