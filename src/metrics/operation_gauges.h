// What the newest operation looks like at the time of a scrape. Pure functions: what is counted
// from a time on goes on while nothing happens, so that an operation that hangs shows.
#ifndef GRAFT_METRICS_OPERATION_GAUGES_H_
#define GRAFT_METRICS_OPERATION_GAUGES_H_

#include <optional>

#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/preflight.h"
#include "metrics/metrics_page.h"

namespace graft {

// nullopt: there has been none yet.
void WriteOperation(const std::optional<Operation>& newest, absl::Time now, MetricsPage& page);

// What the later of the two preflights found. nullopt: there has been none by itself.
void WriteFindings(const std::optional<Operation>& newest,
                   const std::optional<PreflightReport>& report, MetricsPage& page);

}  // namespace graft

#endif  // GRAFT_METRICS_OPERATION_GAUGES_H_
