// Gauges of the tablet, its server and its replication, as the agent knows them. A pure function.
#ifndef GRAFT_METRICS_TABLET_GAUGES_H_
#define GRAFT_METRICS_TABLET_GAUGES_H_

#include "absl/time/time.h"
#include "graft/provisioning.h"
#include "metrics/metrics_page.h"

namespace graft {

// While MySQL cannot be reached, its last values are left out: they would look like present ones.
void WriteTablet(const TabletSnapshot& tablet, absl::Time now, MetricsPage& page);

}  // namespace graft

#endif  // GRAFT_METRICS_TABLET_GAUGES_H_
