// Decisions about operations: whether an agent with --restore-with-clone clones at its start, when
// an attempt that ended badly is followed by another, and whether an operator's word is enough to
// release a tablet. Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/server_facts.h"

namespace graft {

struct StartDecision {
  bool clone = false;
  std::string why;  // for the log
};

// Clones when, and only when, the server holds no data of its own and no earlier operation says
// otherwise: a restart never clones again. `history` is the journal's, newest first;
// all its operations have ended.
StartDecision DecideAtStart(const ServerFacts& server, const std::vector<Operation>& history);

// True if another attempt, perhaps with another donor, can avoid this failure. False if the
// recipient or the request is at fault: another attempt would fail in the same way. Does not count
// attempts.
bool MayTryAgain(const Operation& operation, const absl::Status& failure);

// How long to wait after attempt number `attempt`: 1 s, doubled each time, at most a minute, of
// which `jitter` (0 to 1) decides the last half, so that recipients do not come back all at once.
absl::Duration BackOff(int attempt, double jitter);

// FAILED_PRECONDITION with DATA_NOT_GOOD: the tablet's data was dropped, and the word of `release`
// does not say that it is good.
absl::Status CheckVouched(const Operation& release, DataState data);

}  // namespace graft
