// Decisions about operations: whether an agent with --restore-with-clone clones at its start, when
// an attempt that ended badly is followed by another, and whether an operator's word is enough to
// release a tablet. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "graft/operation.h"
#include "graft/provisioning.h"
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

// Readiness: may this tablet be used? A pure function of facts in memory.

// A snapshot older than this says nothing about the server's present state.
inline constexpr absl::Duration kStaleAfter = absl::Seconds(30);

// Every reason why the tablet is not ready, one sentence each; empty: it is ready. `newest` is the
// newest operation.
//
// A primary is ready when its server answers. Lag does not count: the caller decides how much lag
// is too much. An operation that has changed nothing yet does not count: it may wait in a donor's
// queue for an hour while the tablet serves as before.
std::vector<std::string> WhyNotReady(const TabletSnapshot& tablet,
                                     const std::optional<Operation>& newest, absl::Time now);

// For people and programs, beside the reasons: "replication lag: 3s"; empty if the lag is not
// known.
std::string LagLine(const TabletSnapshot& tablet);

}  // namespace graft
