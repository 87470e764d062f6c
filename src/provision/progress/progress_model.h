// ProgressModel: how long each phase of a rebuild is likely to take. Learnt from the operations
// that this tablet went through before, scaled by the size of the data; without any, from typical
// figures. Always an estimate. Plain values; safe to copy and to read from several threads.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/operation.h"
#include "graft/server_host.h"

namespace graft {

using Expectation = Eta;  // of a whole phase

class ProgressModel {
 public:
  ProgressModel() = default;  // typical figures

  // Those of `newest_first` that succeeded, the newest few of them.
  static ProgressModel Learn(const std::vector<Operation>& newest_first);

  // Of a whole phase, when so many bytes of data are to be copied. Never zero.
  Expectation Expect(Phase phase, int64_t bytes) const;

  int learnt_from() const { return learnt_from_; }  // operations; 0: typical figures

 private:
  struct Sample {
    absl::Duration took;
    int64_t bytes = 0;  // of the data that was copied
  };
  std::array<std::vector<Sample>, kPhaseCount> samples_;
  int learnt_from_ = 0;
};

// How long a stage took by the server's own clock; nullopt: it has not ended, or the clock was set
// meanwhile.
std::optional<absl::Duration> StageTook(const CloneStageRow& row);

// "2026-11-20 13:00:00.123", UTC.
std::optional<absl::Time> ParseServerTime(absl::string_view text);

// The row of the stage that is this phase; nullptr: no stage is, or the server does not show it
// yet.
const CloneStageRow* RowOf(const Progress& progress, Phase phase);

// Bytes of FILE COPY as the server estimates them; 0 until it does.
int64_t FileBytes(const Progress& progress);

// How far a whole operation is, and the time left. Pure functions.
//
// The model expects a duration for each phase; that is the phase's share of the operation. The
// percentage is the sum of the done shares. A phase counts by its bytes where the server shows
// bytes, otherwise by the time it has taken. The percentage does not depend on the present speed,
// so a restarted agent shows the same percentage as before. The time left does depend on the
// present speed.

// The phase that `operation` is in.
Phase PhaseOf(const Operation& operation, const StartupSigns& startup);

struct ProgressView {
  const ProgressModel& model;
  Phase running = Phase::kPrepare;
  std::array<absl::Duration, kPhaseCount> took;  // of those before it; of it until now
  StartupSigns startup;
  absl::Time now;
};

// Sets phases, percent, eta and their details. The percentage never falls.
void EstimateProgress(const ProgressView& view, Operation& operation);

// Of an operation that is done: 100 %, and nothing left.
void FinishProgress(Progress& progress);

// ProgressSampler: samples an operation's progress; every reader gets the same sample.
//
// The operation's thread calls it at each wait. If a sample is due, it makes one and says so; log,
// metrics, watchers and tags get this sample. It keeps the time when each phase began, on the
// agent's own clock, which does not change if somebody sets the machine's clock. Lives for one run
// of an operation, on its thread.

// Turns successive clone reports into Progress, with a rate over the last seconds.
class ProgressMeter {
 public:
  // Updates `progress` with what the report shows at `now`; whether bytes or stage moved.
  bool Update(const CloneReport& report, absl::Time now, Progress& progress);

  // Bytes per second, of `bytes` until now.
  double Rate(absl::Time now, int64_t bytes);

 private:
  std::deque<std::pair<absl::Time, int64_t>> samples_;  // of the last kWindow
};

class ProgressSampler {
 public:
  // Twice a second is as often as a person reads, and MySQL counts bytes once a second.
  static constexpr absl::Duration kEvery = absl::Milliseconds(500);

  ProgressSampler(const Clock& clock, ProgressModel model)
      : clock_(clock), model_(std::move(model)) {}

  bool IsDue() const { return clock_.Now() - last_ >= kEvery; }
  void Sample(Operation& operation);

  // Reads the error log while the server is down.
  void NoteStartup(const StartupSigns& startup) { startup_ = startup; }
  // The next sample is of another attempt.
  void BeginAttempt();

 private:
  void Enter(Phase phase, const Operation& operation);
  absl::Time BeganBefore(Phase phase, const Operation& operation) const;

  const Clock& clock_;
  const ProgressModel model_;
  StartupSigns startup_;
  absl::Time last_ = absl::InfinitePast();
  std::optional<Phase> running_;
  bool adopted_ = false;                     // an earlier process saw the copy begin
  absl::Time began_ = absl::InfinitePast();  // the one that runs
  std::array<absl::Duration, kPhaseCount> took_;
};

}  // namespace graft
