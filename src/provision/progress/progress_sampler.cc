#include "provision/progress/progress_sampler.h"

#include <algorithm>

#include "graft/plan.h"
#include "provision/progress/progress_estimate.h"

namespace graft {
namespace {

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

const CloneStageRow* RowOf(const Operation& operation, Phase phase) {
  for (const CloneStageRow& row : operation.progress.stages) {
    if (static_cast<int>(row.stage) + 1 == static_cast<int>(phase)) return &row;
  }
  return nullptr;
}

}  // namespace

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
    const size_t stage = static_cast<size_t>(row.stage) + 1;
    const auto took = StageTook(row);
    if (stage < static_cast<size_t>(*running_) && took.has_value()) took_[stage] = *took;
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
  const CloneStageRow* row = RowOf(operation, phase);
  const auto began = row == nullptr ? std::nullopt : ParseServerTime(row->begin_time);
  const auto not_before = ParseServerTime(operation.progress.clone_sent);
  if (!began.has_value() || !not_before.has_value()) return now;
  return std::max(sent, sent + (*began - *not_before));
}

}  // namespace graft
