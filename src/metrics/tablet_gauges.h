// What the agent knows of its tablet, its server and its replication. A pure function.
#ifndef GRAFT_METRICS_TABLET_GAUGES_H_
#define GRAFT_METRICS_TABLET_GAUGES_H_

#include "absl/time/time.h"
#include "graft/provisioning.h"
#include "metrics/metrics_page.h"

namespace graft {

// What MySQL said last is left out while it cannot be reached: it would look like news.
void WriteTablet(const TabletSnapshot& tablet, absl::Time now, MetricsPage& page);

}  // namespace graft

#endif  // GRAFT_METRICS_TABLET_GAUGES_H_
