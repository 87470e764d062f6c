#include "bench/idle.h"

#include "base/errors.h"
#include "bench/process_cost.h"
#include "graft/clock.h"

namespace graft {

absl::StatusOr<IdleReport> MeasureIdle(Clock& clock, BenchShard& shard, absl::Duration settle,
                                       absl::Duration watched) {
  const pid_t pid = shard.agent().pid();
  Cancellation never;
  never.WaitFor(clock, settle);
  GRAFT_ASSIGN_OR_RETURN(const ProcessCost before, ReadCost(pid));
  const absl::Time begin = clock.Now();
  never.WaitFor(clock, watched);
  GRAFT_ASSIGN_OR_RETURN(const ProcessCost after, ReadCost(pid));
  const absl::Duration passed = clock.Now() - begin;
  IdleReport report;
  report.seconds = absl::ToDoubleSeconds(passed);
  report.cpu_tick_percent = 100 * absl::FDivDuration(ProcessorTick(), passed);
  report.cpu_percent = 100 * absl::FDivDuration(after.processor - before.processor, passed);
  report.resident_mb = after.resident_mb;
  report.anonymous_mb = after.anonymous_mb;
  report.threads = after.threads;
  return report;
}

}  // namespace graft
