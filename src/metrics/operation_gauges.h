// Gauges of the newest operation at the time of a scrape. Pure functions. Ages and times grow
// although nothing happens, so that an operation that hangs is visible.
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

// The findings of the later of the two preflights. nullopt: there was no preflight without an
// operation.
void WriteFindings(const std::optional<Operation>& newest,
                   const std::optional<PreflightReport>& report, MetricsPage& page);

}  // namespace graft

#endif  // GRAFT_METRICS_OPERATION_GAUGES_H_
