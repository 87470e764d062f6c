#include "provision/progress/progress_model.h"

#include <algorithm>
#include <cmath>

#include "graft/plan.h"

namespace graft {
namespace {

constexpr int kMostLearntFrom = 8;  // older ones speak of another machine load
constexpr absl::Duration kShortest = absl::Milliseconds(10);
constexpr int64_t kGiB = int64_t{1} << 30;

// A phase that lasts longer the more data there is.
bool GrowsWithData(Phase phase) {
  return phase == Phase::kDropData || phase == Phase::kFileCopy || phase == Phase::kFileSync;
}

// Measured on a server of two cores with a solid-state disk, on one machine or over 10 Gbit/s.
Expectation Typical(Phase phase, int64_t bytes) {
  const double gib = static_cast<double>(bytes) / kGiB;
  const auto about = [](double seconds) {
    return Expectation{absl::Seconds(seconds), absl::Seconds(seconds / 3),
                       absl::Seconds(seconds * 3)};
  };
  switch (phase) {
    case Phase::kPrepare:
      return about(0.5);
    case Phase::kDropData:
      return about(0.2 + 0.1 * gib);
    case Phase::kFileCopy:
      return about(0.3 + 5 * gib);
    case Phase::kPageCopy:
    case Phase::kRedoCopy:
      return about(0.2);
    case Phase::kFileSync:
      return about(0.3 + 0.5 * gib);
    case Phase::kRestart:
    case Phase::kRecovery:
      return about(1.5);
    case Phase::kFinish:
      break;
  }
  return about(1);
}

// The time in the plan's rows of a zone, without the wait in the donor's queue, which says nothing
// about speed.
absl::Duration TimeInZone(const Operation& operation, Zone zone) {
  const Plan& plan = PlanOf(operation);
  absl::Duration sum;
  for (const StepTime& time : operation.times) {
    const std::optional<size_t> place = PlaceIn(plan, time.step);
    if (!place.has_value() || plan[*place].zone != zone || time.step == Step::kClaimDonor ||
        time.ended == absl::InfinitePast()) {
      continue;
    }
    sum += std::max(time.ended - time.started, absl::ZeroDuration());
  }
  return sum;
}

// From the sending of CLONE to its first stage.
absl::Duration ChecksOfClone(const Operation& operation) {
  if (operation.progress.stages.empty()) return absl::ZeroDuration();
  const auto sent = ParseServerTime(operation.progress.clone_sent);
  const auto began = ParseServerTime(operation.progress.stages.front().begin_time);
  if (!sent.has_value() || !began.has_value()) return absl::ZeroDuration();
  return std::max(*began - *sent, absl::ZeroDuration());
}

absl::Duration Preparation(const Operation& operation) {
  return TimeInZone(operation, Zone::kBeforeDrop) + ChecksOfClone(operation);
}

// One attempt, from beginning to end, without agents that came and went: its times are the work's.
bool IsExemplary(const Operation& operation) {
  return operation.request.kind == OperationKind::kReprovision &&
         operation.outcome == Outcome::kDone && operation.failed_attempts.empty() &&
         operation.resumptions == 0;
}

absl::Duration Quantile(std::vector<absl::Duration>& sorted, double q) {
  return sorted[static_cast<size_t>(std::lround(q * static_cast<double>(sorted.size() - 1)))];
}

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

std::optional<absl::Time> ParseServerTime(absl::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S", text, absl::UTCTimeZone(), &time, &error)) {
    return std::nullopt;
  }
  return time;
}

std::optional<absl::Duration> StageTook(const CloneStageRow& row) {
  const auto began = ParseServerTime(row.begin_time);
  const auto ended = ParseServerTime(row.end_time);
  if (!began.has_value() || !ended.has_value() || *ended < *began) return std::nullopt;
  return *ended - *began;
}

const CloneStageRow* RowOf(const Progress& progress, Phase phase) {
  for (const CloneStageRow& row : progress.stages) {
    if (PhaseOf(row.stage) == phase) return &row;
  }
  return nullptr;
}

int64_t FileBytes(const Progress& progress) {
  const CloneStageRow* row = RowOf(progress, Phase::kFileCopy);
  return row == nullptr ? 0 : row->estimate_bytes;
}

ProgressModel ProgressModel::Learn(const std::vector<Operation>& newest_first) {
  ProgressModel model;
  for (const Operation& operation : newest_first) {
    const int64_t bytes = FileBytes(operation.progress);
    if (!IsExemplary(operation) || bytes <= 0) continue;
    const auto add = [&](Phase phase, absl::Duration took) {
      model.samples_[static_cast<size_t>(phase)].push_back({std::max(took, kShortest), bytes});
    };
    add(Phase::kPrepare, Preparation(operation));
    for (const CloneStageRow& row : operation.progress.stages) {
      if (const auto took = StageTook(row)) add(PhaseOf(row.stage), *took);
    }
    add(Phase::kFinish, TimeInZone(operation, Zone::kAfterCopy));
    if (++model.learnt_from_ == kMostLearntFrom) break;
  }
  return model;
}

Expectation ProgressModel::Expect(Phase phase, int64_t bytes) const {
  const std::vector<Sample>& samples = samples_[static_cast<size_t>(phase)];
  if (samples.empty()) return Typical(phase, bytes);
  std::vector<absl::Duration> times;
  times.reserve(samples.size());
  for (const Sample& sample : samples) {
    const bool scales = GrowsWithData(phase) && bytes > 0;
    const double factor =
        scales ? static_cast<double>(bytes) / static_cast<double>(sample.bytes) : 1;
    times.push_back(std::max(sample.took * factor, kShortest));
  }
  std::sort(times.begin(), times.end());
  // One sample says little about the next; many say it themselves.
  const double doubt = times.size() == 1 ? 2 : 1.25;
  return {Quantile(times, 0.5), Quantile(times, 0.1) / doubt, Quantile(times, 0.9) * doubt};
}

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
