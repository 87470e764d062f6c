// ProgressModel: how long each phase of a rebuild is likely to take. Learnt from the operations
// that this tablet went through before, scaled by the size of the data; without any, from typical
// figures. Always an estimate. Plain values; safe to copy and to read from several threads.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/operation.h"

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

}  // namespace graft
