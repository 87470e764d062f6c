#include "metrics/backup_gauges.h"

#include "metrics/metrics_page.h"

namespace graft {

std::string BackupMetrics(const BackupGauges& gauges) {
  MetricsPage page;
  page.Gauge("graft_backup_phase", "1: the phase that graft-backup is in.")
      .SetOneOf("phase", gauges.phases, gauges.phase);
  auto took = page.Gauge("graft_backup_phase_seconds", "How long the present phase has taken.");
  if (gauges.phase_took.has_value()) took.Set(absl::ToDoubleSeconds(*gauges.phase_took));
  auto percent = page.Gauge("graft_backup_percent", "Percent of the present work, if known.");
  if (gauges.percent.has_value()) percent.Set(*gauges.percent);
  page.Gauge("graft_backup_bytes_done", "Bytes of the present work that are done.")
      .Set(static_cast<double>(gauges.bytes_done));
  page.Gauge("graft_backup_bytes_expected", "Bytes of the present work; 0: not known.")
      .Set(static_cast<double>(gauges.bytes_expected));
  page.Gauge("graft_backup_bytes_per_second", "Speed of the present work.")
      .Set(gauges.bytes_per_second);
  auto eta = page.Gauge("graft_backup_eta_seconds", "Until the end of the present work, if known.");
  if (gauges.eta.has_value()) eta.Set(absl::ToDoubleSeconds(*gauges.eta));
  WriteProcess(page);
  return page.Text();
}

}  // namespace graft
