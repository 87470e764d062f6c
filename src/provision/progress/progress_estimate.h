// How far a whole operation is, and the time left. Pure functions.
//
// The model expects a duration for each phase; that is the phase's share of the operation. The
// percentage is the sum of the done shares. A phase counts by its bytes where the server shows
// bytes, otherwise by the time it has taken. The percentage does not depend on the present speed,
// so a restarted agent shows the same percentage as before. The time left does depend on the
// present speed.
#pragma once

#include <array>

#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/server_host.h"
#include "provision/progress/progress_model.h"

namespace graft {

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

}  // namespace graft
