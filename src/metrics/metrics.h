// Metrics: the agent's metrics for a monitoring system, in Prometheus's text format.
// docs/reference/metrics.md lists them all.
//
// Metrics observes the operations, and counts them from its own creation on. At each scrape it
// reads its sources for all else. Safe for use from several threads.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/observer.h"
#include "graft/provisioning.h"
#include "metrics/metered.h"

namespace graft {

// The claim on a donor, or a place in its queue.
struct ClaimLease {
  absl::Duration ttl;
  absl::Time kept_alive;  // the last time that the store agreed
};

// References must outlive the Metrics. The functions are called by each scrape, on its thread, and
// answer from memory.
struct MetricsSources {
  Clock& clock;
  const CallMeters& calls;
  std::function<absl::StatusOr<Operation>()> newest_operation;  // an error: there is none yet
  std::function<TabletSnapshot()> tablet;
  std::function<std::optional<ClaimLease>()> claim;                // nullopt: there is none now
  std::function<std::optional<PreflightReport>()> last_preflight;  // by itself, without operation
  std::string version;                                             // graft's own
};

class Metrics : public Observer {
 public:
  // The page of one scrape, "text/plain; version=0.0.4". Waits neither for MySQL nor for the
  // topology.
  virtual std::string Text() = 0;
};

std::unique_ptr<Metrics> MakeMetrics(MetricsSources sources);

}  // namespace graft
