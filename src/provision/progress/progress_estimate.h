// How far a whole operation is, and how long it will go on: pure functions of what is known.
//
// The operation's time is shared out among its phases as the model expects it; the percentage is
// the shares of what is done. A phase counts by its bytes where the server shows them, else by the
// time it has taken. Nothing in it depends on the present speed, so that an agent which comes back
// says the same percentage as the one before; the time left depends on it all the more.
#ifndef GRAFT_PROVISION_PROGRESS_PROGRESS_ESTIMATE_H_
#define GRAFT_PROVISION_PROGRESS_PROGRESS_ESTIMATE_H_

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

// Sets phases, percent, eta and what belongs to them; percent never below what it was.
void EstimateProgress(const ProgressView& view, Operation& operation);

// Of an operation that is done: 100 %, and nothing left.
void FinishProgress(Progress& progress);

}  // namespace graft

#endif  // GRAFT_PROVISION_PROGRESS_PROGRESS_ESTIMATE_H_
