// MetricsPage: the answer to one scrape, made family by family.
//
// Not safe for use from several threads. A Family is valid as long as its page.
#pragma once

#include <prometheus/metric_family.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/preflight.h"
#include "graft/provisioning.h"
#include "metrics/metrics.h"

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

// What a scrape says of the tablet, of its newest operation and of this process at that time. What
// is counted from a time on goes on while nothing happens, so that an operation that hangs shows.

// The tablet, its server and its replication. What MySQL said last is left out while it cannot be
// reached: it would look like news.
void WriteTablet(const TabletSnapshot& tablet, absl::Time now, MetricsPage& page);

// nullopt: there has been none yet.
void WriteOperation(const std::optional<Operation>& newest, absl::Time now, MetricsPage& page);

// What the later of the two preflights found. nullopt: there has been none by itself.
void WriteFindings(const std::optional<Operation>& newest,
                   const std::optional<PreflightReport>& report, MetricsPage& page);

// What this process uses, from /proc and getrlimit, under the names that every Prometheus client
// gives it. What the system does not say is left out.
void WriteProcess(MetricsPage& page);

}  // namespace graft
