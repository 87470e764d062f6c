// What a scrape says of the tablet, of its newest operation and of this process at that time. What
// is counted from a time on goes on while nothing happens, so that an operation that hangs shows.
#pragma once

#include <optional>

#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/preflight.h"
#include "graft/provisioning.h"
#include "metrics/metrics_page.h"

namespace graft {

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
