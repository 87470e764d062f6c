// MetricsPage: the answer to one scrape, made family by family.
//
// Not safe for use from several threads. A Family is valid as long as its page.
#pragma once

#include <prometheus/metric_family.h>

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "metrics/metered.h"

namespace graft {

class MetricsPage {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  // Without a sample it still shows its name, type and help.
  class Family {
   public:
    explicit Family(prometheus::MetricFamily& family) : family_(family) {}
    void Set(double value, const Labels& labels = {});
    void Set(const Histogram& histogram, const Labels& labels);
    // 1 for the one that is `present`, 0 for the other names; all 0 if it is none of them.
    void SetOneOf(const std::string& label, const std::vector<std::string>& names,
                  absl::string_view present);

   private:
    prometheus::MetricFamily& family_;
  };

  Family Gauge(const std::string& name, const std::string& help);
  Family Counter(const std::string& name, const std::string& help);
  Family HistogramOf(const std::string& name, const std::string& help);

  // In Prometheus's text format, version 0.0.4.
  std::string Text() const;

 private:
  Family Add(const std::string& name, const std::string& help, prometheus::MetricType type);

  std::deque<prometheus::MetricFamily> families_;
};

}  // namespace graft
