#include "provision/progress/progress_sampler.h"

#include <algorithm>

#include "graft/plan.h"
#include "provision/progress/progress_estimate.h"

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

absl::Time AttemptBegan(const Operation& operation) {
  return operation.failed_attempts.empty() ? operation.requested
                                           : operation.failed_attempts.back().ended;
}

// The last time that the operation entered `step`, or one after it.
std::optional<absl::Time> Entered(const Operation& operation, Step step) {
  for (auto time = operation.times.rbegin(); time != operation.times.rend(); ++time) {
    if (time->step == step) return time->started;
  }
  return std::nullopt;
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
  if (expected > 0) progress.bytes_expected = expected;  // until then, what preflight has seen
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

void ProgressSampler::BeginAttempt() {
  running_.reset();
  adopted_ = false;
  startup_ = StartupSigns();
  took_.fill(absl::ZeroDuration());
}

void ProgressSampler::Sample(Operation& operation) {
  const absl::Time now = clock_.Now();
  const Phase phase = PhaseOf(operation, startup_);
  if (!running_.has_value() || phase > *running_) Enter(phase, operation);
  took_[static_cast<size_t>(*running_)] = std::max(now - began_, absl::ZeroDuration());
  for (const CloneStageRow& row : operation.progress.stages) {
    const Phase stage = PhaseOf(row.stage);
    const auto took = StageTook(row);
    if (stage < *running_ && took.has_value()) took_[static_cast<size_t>(stage)] = *took;
  }
  operation.progress.phase_began = began_;
  EstimateProgress({model_, *running_, took_, startup_, now}, operation);
  last_ = now;
}

void ProgressSampler::Enter(Phase phase, const Operation& operation) {
  const absl::Time now = clock_.Now();
  if (!running_.has_value()) {
    // The operation's beginning, or an agent that took it up.
    adopted_ = RowOf(operation).zone != Zone::kBeforeDrop;
    for (const PhaseProgress& known : operation.progress.phases) {
      took_[static_cast<size_t>(known.phase)] = known.took;
    }
    began_ = std::min(BeganBefore(phase, operation), now);
  } else {
    took_[static_cast<size_t>(*running_)] = std::max(now - began_, absl::ZeroDuration());
    began_ = adopted_ ? std::min(BeganBefore(phase, operation), now) : now;
  }
  running_ = phase;
}

// When a phase began that somebody else saw beginning.
absl::Time ProgressSampler::BeganBefore(Phase phase, const Operation& operation) const {
  const absl::Time now = clock_.Now();
  if (phase == Phase::kPrepare) return AttemptBegan(operation);
  if (phase == Phase::kFinish) return Entered(operation, Step::kVerify).value_or(now);
  if (operation.step == Step::kAwaitRestart) {
    return Entered(operation, Step::kAwaitRestart).value_or(now);
  }
  const absl::Time sent = Entered(operation, Step::kClone).value_or(now);
  const CloneStageRow* row = RowOf(operation.progress, phase);
  const auto began = row == nullptr ? std::nullopt : ParseServerTime(row->begin_time);
  const auto not_before = ParseServerTime(operation.progress.clone_sent);
  if (!began.has_value() || !not_before.has_value()) return now;
  return std::max(sent, sent + (*began - *not_before));
}

}  // namespace graft
