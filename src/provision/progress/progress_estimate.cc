#include "provision/progress/progress_model.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "graft/plan.h"

namespace graft {
namespace {

// No more before the tablet replicates, however sure it looks.
constexpr double kMostPercent = 99;
// A guess must not say that a phase is over.
constexpr double kMostGuessed = 0.95;
// MySQL counts bytes once a second; a rate of less time says nothing.
constexpr absl::Duration kRateNeeds = absl::Seconds(2);
// Bytes that do not move for so long may not move for ever.
constexpr absl::Duration kStandstill = absl::Seconds(10);
constexpr absl::Duration kLongestEta = absl::Hours(24 * 365);
constexpr double kMiB = 1024 * 1024;

bool CountsBytes(Phase phase) {
  return phase == Phase::kRestoreBackup || phase == Phase::kFileCopy || phase == Phase::kPageCopy ||
         phase == Phase::kRedoCopy;
}

// Straight on while there is time, then ever slower.
double Guess(absl::Duration elapsed, absl::Duration likely) {
  const double x = absl::FDivDuration(elapsed, likely);
  constexpr double kStraight = 0.8;
  const double guess = x < kStraight ? x : 1 - 0.2 * std::exp((kStraight - x) / 0.2);
  return std::min(std::max(guess, 0.0), kMostGuessed);
}

// The requested bandwidths bound the copy, even if the model expects a faster copy.
Expectation WithBandwidth(Expectation expected, const CloneSettings& settings, int64_t bytes) {
  for (const auto& limit : {settings.max_data_bandwidth_mib, settings.max_network_bandwidth_mib}) {
    if (limit.value_or(0) <= 0) continue;
    const absl::Duration least =
        absl::Seconds(static_cast<double>(bytes) / (static_cast<double>(*limit) * kMiB));
    expected.likely = std::max(expected.likely, least);
    expected.low = std::max(expected.low, least);
    expected.high = std::max(expected.high, least * 1.25);
  }
  return expected;
}

class Estimator {
 public:
  Estimator(const ProgressView& view, Operation& operation)
      : view_(view), operation_(operation), progress_(operation.progress) {}

  void Run() {
    const int64_t known = FileBytes(progress_);
    const int64_t bytes = known > 0 ? known : progress_.bytes_expected;
    absl::Duration whole;
    for (int i = first_; i < kPhaseCount; ++i) {
      expected_[i] = view_.model.Expect(static_cast<Phase>(i), bytes);
      if (static_cast<Phase>(i) == Phase::kFileCopy) {
        expected_[i] = WithBandwidth(expected_[i], operation_.request.settings, bytes);
      }
      whole += expected_[i].likely;
    }
    progress_.phases.clear();
    double percent = 0;
    for (int i = first_; i < kPhaseCount; ++i) {
      PhaseProgress phase = Look(static_cast<Phase>(i));
      phase.share = absl::FDivDuration(expected_[i].likely, whole);
      percent += 100 * phase.share * phase.done;
      progress_.phases.push_back(phase);
    }
    progress_.percent = std::max(progress_.percent, std::min(percent, kMostPercent));
    progress_.learnt_from = view_.model.learnt_from();
    progress_.recovery_percent =
        view_.running == Phase::kRecovery ? view_.startup.batch_percent : std::nullopt;
    progress_.eta = TimeLeft();
    progress_.sampled = view_.now;
  }

 private:
  absl::Duration Took(Phase phase) const { return view_.took[static_cast<size_t>(phase)]; }
  const Expectation& Expected(Phase phase) const { return expected_[static_cast<size_t>(phase)]; }

  struct Bytes {
    int64_t done = 0;
    int64_t expected = 0;
  };
  Bytes BytesOf(Phase phase) const {
    if (phase == Phase::kRestoreBackup) return {progress_.bytes_done, progress_.bytes_expected};
    const CloneStageRow* row = RowOf(progress_, phase);
    return row == nullptr ? Bytes() : Bytes{row->data_bytes, row->estimate_bytes};
  }

  PhaseProgress Look(Phase phase) const {
    PhaseProgress seen;
    seen.phase = phase;
    if (phase > view_.running) return seen;
    seen.took = Took(phase);
    if (phase < view_.running) {
      seen.done = 1;
      seen.measured = true;
      return seen;
    }
    const Bytes bytes = BytesOf(phase);
    if (CountsBytes(phase) && bytes.expected > 0) {
      seen.measured = true;
      seen.done =
          std::min(1.0, static_cast<double>(bytes.done) / static_cast<double>(bytes.expected));
    } else if (phase == Phase::kRecovery && view_.startup.batch == 1 &&
               view_.startup.batch_percent.has_value()) {
      seen.measured = true;
      seen.done = kMostGuessed * *view_.startup.batch_percent / 100;
    } else {
      seen.done = Guess(seen.took, Expected(phase).likely);
    }
    return seen;
  }

  // Of the phase that runs, by its bytes and their speed.
  std::optional<Expectation> LeftByBytes(const PhaseProgress& running) const {
    const Bytes bytes = BytesOf(running.phase);
    if (!running.measured || !CountsBytes(running.phase) || running.took < kRateNeeds) {
      return std::nullopt;
    }
    const double left = static_cast<double>(std::max<int64_t>(0, bytes.expected - bytes.done));
    const double now = progress_.bytes_per_second;
    const double average = static_cast<double>(bytes.done) / absl::ToDoubleSeconds(running.took);
    if (!(now > 0) || !(average > 0)) return std::nullopt;
    return Expectation{absl::Seconds(left / now),
                       absl::Seconds(left / std::max(now, average) * 0.9),
                       absl::Seconds(left / std::min(now, average) * 1.25)};
  }

  // By the expected time. After that time the phase has no known end.
  Expectation LeftByTime(const PhaseProgress& running) const {
    const Expectation& expected = Expected(running.phase);
    if (running.measured) {
      const double left = 1 - running.done;
      return {expected.likely * left, expected.low * left, expected.high * left};
    }
    const absl::Duration late = running.took / 4;
    return {std::max(expected.likely - running.took, expected.likely / 10),
            std::max(expected.low - running.took, absl::ZeroDuration()),
            std::max(expected.high - running.took, expected.likely / 5 + late)};
  }

  bool StandsStill() const {
    return CountsBytes(view_.running) && Took(view_.running) > kStandstill &&
           view_.now - progress_.last_byte > kStandstill;
  }

  std::optional<Eta> TimeLeft() const {
    const bool waits = progress_.waiting_since != absl::InfinitePast();
    if (operation_.queue_place > 0 || waits || StandsStill()) return std::nullopt;
    const PhaseProgress& running = progress_.phases[static_cast<size_t>(view_.running) - first_];
    Expectation left = LeftByBytes(running).value_or(LeftByTime(running));
    for (int i = static_cast<int>(view_.running) + 1; i < kPhaseCount; ++i) {
      left.likely += expected_[i].likely;
      left.low += expected_[i].low;
      left.high += expected_[i].high;
    }
    if (left.likely > kLongestEta) return std::nullopt;
    left.low = std::min(left.low, left.likely);
    left.high = std::min(std::max(left.high, left.likely), 10 * kLongestEta);
    return left;
  }

  const ProgressView& view_;
  const Operation& operation_;
  Progress& progress_;
  // Of this operation: only one from a backup begins with restoring.
  const int first_ =
      static_cast<int>(operation_.from_backup ? Phase::kRestoreBackup : Phase::kPrepare);
  std::array<Expectation, kPhaseCount> expected_;
};

}  // namespace

Phase PhaseOf(const Operation& operation, const StartupSigns& startup) {
  const Zone zone = RowOf(operation).zone;
  if (operation.step == Step::kRestoreBackup) return Phase::kRestoreBackup;
  if (zone == Zone::kBeforeDrop) return Phase::kPrepare;
  if (zone == Zone::kAfterCopy) return Phase::kFinish;
  if (operation.step == Step::kAwaitRestart) {
    return startup.starting ? Phase::kRecovery : Phase::kRestart;
  }
  if (!operation.progress.stage.has_value()) return Phase::kPrepare;
  const Phase phase = PhaseOf(*operation.progress.stage);
  const CloneStageRow* row = RowOf(operation.progress, phase);
  const bool over = row != nullptr && row->state == CloneState::kCompleted;
  return over ? static_cast<Phase>(static_cast<int>(phase) + 1) : phase;
}

void EstimateProgress(const ProgressView& view, Operation& operation) {
  Estimator(view, operation).Run();
}

void FinishProgress(Progress& progress) {
  progress.percent = 100;
  progress.eta.reset();
  progress.recovery_percent.reset();
  for (PhaseProgress& phase : progress.phases) {
    phase.done = 1;
    phase.measured = true;
  }
}

}  // namespace graft
