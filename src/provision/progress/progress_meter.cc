#include "provision/progress/progress_meter.h"

#include <optional>

namespace graft {
namespace {

// MySQL refreshes its counters once a second, so a shorter window would show jumps.
constexpr absl::Duration kWindow = absl::Seconds(5);

// The one in progress, else the last that ended.
std::optional<CloneStage> PresentStage(const std::vector<CloneStageRow>& stages) {
  std::optional<CloneStage> stage;
  for (const CloneStageRow& row : stages) {
    if (row.state == CloneState::kInProgress) return row.stage;
    if (row.state != CloneState::kNotStarted) stage = row.stage;
  }
  return stage;
}

}  // namespace

bool ProgressMeter::Update(const CloneReport& report, absl::Time now, Progress& progress) {
  int64_t done = 0;
  int64_t expected = 0;
  for (const CloneStageRow& row : report.stages) {
    done += row.data_bytes;
    expected += row.estimate_bytes;
  }
  const std::optional<CloneStage> stage = PresentStage(report.stages);
  const bool moved = done != progress.bytes_done || stage != progress.stage;
  if (done != progress.bytes_done) progress.last_byte = now;
  progress.stage = stage;
  progress.stages = report.stages;
  progress.bytes_done = done;
  if (expected > 0) progress.bytes_expected = expected;  // until then, as preflight has read it
  progress.bytes_per_second = Rate(now, done);
  return moved;
}

double ProgressMeter::Rate(absl::Time now, int64_t bytes) {
  if (!samples_.empty() && bytes < samples_.back().second) samples_.clear();  // a new attempt
  samples_.emplace_back(now, bytes);
  while (samples_.size() > 2 && now - samples_[1].first >= kWindow) samples_.pop_front();
  const double seconds = absl::ToDoubleSeconds(now - samples_.front().first);
  return seconds > 0 ? static_cast<double>(bytes - samples_.front().second) / seconds : 0;
}

}  // namespace graft
