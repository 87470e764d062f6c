// ProgressSampler: samples an operation's progress; every reader gets the same sample.
//
// The operation's thread calls it at each wait. If a sample is due, it makes one and says so; log,
// metrics, watchers and tags get this sample. It keeps the time when each phase began, on the
// agent's own clock, which does not change if somebody sets the machine's clock. Lives for one run
// of an operation, on its thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/operation.h"
#include "graft/server_host.h"
#include "provision/progress/progress_model.h"

namespace graft {

// Turns successive clone reports into Progress, with a rate over the last seconds.
class ProgressMeter {
 public:
  // Updates `progress` with what the report shows at `now`; whether bytes or stage moved.
  bool Update(const CloneReport& report, absl::Time now, Progress& progress);

 private:
  double Rate(absl::Time now, int64_t bytes);

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
