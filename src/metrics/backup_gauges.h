// The metrics of graft-backup: docs/reference/metrics.md. A pure function of plain values, but for
// what it reads of this process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace graft {

struct BackupGauges {
  std::vector<std::string> phases;  // all of them
  std::string phase;                // the present one; empty: none
  std::optional<absl::Duration> phase_took;
  std::optional<double> percent;  // this and what follows: of the present work
  int64_t bytes_done = 0;
  int64_t bytes_expected = 0;
  double bytes_per_second = 0;
  std::optional<absl::Duration> eta;
};

// In Prometheus's text format.
std::string BackupMetrics(const BackupGauges& gauges);

}  // namespace graft
