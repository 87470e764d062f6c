#include "metrics/operation_tally.h"

#include <algorithm>

#include "base/errors.h"

namespace graft {
namespace {

// From a step that only looks to a copy of terabytes.
const std::vector<double>& StepBounds() {
  static const auto* const bounds =
      new std::vector<double>{0.1, 1, 5, 30, 120, 600, 3600, 4 * 3600};
  return *bounds;
}

const std::vector<double>& OperationBounds() {
  static const auto* const bounds =
      new std::vector<double>{10, 60, 300, 900, 3600, 4 * 3600, 24 * 3600};
  return *bounds;
}

size_t EndedSteps(const Operation& operation) {
  return static_cast<size_t>(
      std::count_if(operation.times.begin(), operation.times.end(),
                    [](const StepTime& time) { return time.ended != absl::InfinitePast(); }));
}

void WriteCounts(const std::map<std::string, int64_t>& counts, const std::string& label,
                 MetricsPage::Family family) {
  for (const auto& [name, count] : counts) {
    family.Set(static_cast<double>(count), {{label, name}});
  }
}

}  // namespace

std::string ReasonWord(const absl::Status& status) {
  const std::string reason = ReasonOf(status);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

OperationTally::OperationTally() : step_seconds_(kStepCount, Histogram(StepBounds())) {
  // A counter begins at 0, so that increase() sees its first event.
  for (const Outcome outcome : {Outcome::kDone, Outcome::kFailed, Outcome::kCancelled}) {
    const std::string name(OutcomeName(outcome));
    ended_[name] = 0;
    seconds_.emplace(name, Histogram(OperationBounds()));
  }
}

void OperationTally::OnStep(const Operation& operation) {
  absl::MutexLock lock(&mutex_);
  Count(operation);
}

void OperationTally::OnProgress(const Operation& operation) {
  absl::MutexLock lock(&mutex_);
  Count(operation);
}

void OperationTally::OnEnd(const Operation& operation) {
  absl::MutexLock lock(&mutex_);
  Count(operation);
  const std::string outcome(OutcomeName(operation.outcome));
  ++ended_[outcome];
  const absl::Duration took = operation.ended - operation.requested;
  const auto seconds = seconds_.find(outcome);
  if (seconds != seconds_.end()) seconds->second.Observe(absl::ToDoubleSeconds(took));
  if (operation.outcome != Outcome::kFailed) return;
  ++failures_[ReasonWord(operation.error)];
  ++attempt_failures_[ReasonWord(
      operation.error)];  // its last one, which no FailedAttempt speaks of
}

void OperationTally::Count(const Operation& operation) {
  const size_t ended_steps = EndedSteps(operation);
  const size_t failed_attempts = operation.failed_attempts.size();
  const int64_t bytes = operation.progress.bytes_done;
  if (counted_.id != operation.request.id) {
    counted_ = {operation.request.id, ended_steps, failed_attempts, bytes};
    return;
  }
  // Steps end in the order in which they stand.
  for (; counted_.steps < ended_steps; ++counted_.steps) {
    const StepTime& time = operation.times[counted_.steps];
    step_seconds_[static_cast<size_t>(time.step)].Observe(
        absl::ToDoubleSeconds(time.ended - time.started));
  }
  for (; counted_.failed_attempts < failed_attempts; ++counted_.failed_attempts) {
    ++attempt_failures_[ReasonWord(operation.failed_attempts[counted_.failed_attempts].error)];
  }
  // Less than before: another attempt has begun.
  bytes_ += bytes >= counted_.bytes ? bytes - counted_.bytes : bytes;
  counted_.bytes = bytes;
}

void OperationTally::Write(MetricsPage& page) const {
  absl::MutexLock lock(&mutex_);
  WriteCounts(ended_, "outcome",
              page.Counter("graft_operations_total", "Operations that ended, by outcome."));
  WriteCounts(failures_, "reason",
              page.Counter("graft_operation_failures_total", "Operations that failed, by reason."));
  WriteCounts(attempt_failures_, "reason",
              page.Counter("graft_operation_attempt_failures_total",
                           "Attempts of operations that failed, by reason."));
  auto seconds = page.HistogramOf("graft_operation_duration_seconds",
                                  "From the request of an operation to its end.");
  for (const auto& [outcome, histogram] : seconds_) seconds.Set(histogram, {{"outcome", outcome}});
  auto steps = page.HistogramOf("graft_operation_step_duration_seconds",
                                "From the begin of a step of an operation to its end.");
  for (int i = 0; i < kStepCount; ++i) {
    steps.Set(step_seconds_[static_cast<size_t>(i)],
              {{"step", std::string(StepName(static_cast<Step>(i)))}});
  }
  page.Counter("graft_clone_bytes_total", "Bytes that CLONE has copied to this tablet.")
      .Set(static_cast<double>(bytes_));
}

}  // namespace graft
