// An operation as lines of text. Pure functions of the operation and the time.
#ifndef GRAFT_CLI_RENDER_H_
#define GRAFT_CLI_RENDER_H_

#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "graft/v1/operation.pb.h"
#include "graft/v1/provisioner.pb.h"

namespace graft::cli {

// The whole of a running operation, for a terminal: what it waits for, each step, each CLONE stage
// with a bar, bytes, rate and time, and what happened on the way.
std::vector<std::string> RenderLive(const v1::Operation& operation, absl::Time now, bool utf8);

// What plain output has told so far.
struct PlainState {
  int steps_told = 0;
  std::string stage_told;
  absl::Time last_line = absl::InfinitePast();
  std::set<std::string> history_told;
  std::string waiting_told;
  absl::Time last_waiting = absl::InfinitePast();
};

// The lines by which `operation` differs from what was told: one for each step and stage begun, for
// each failed attempt, finding and the like, and at most one of progress, and one of what it waits
// for, a second.
std::vector<std::string> RenderPlain(const v1::Operation& operation, absl::Time now,
                                     PlainState& state);

// How it ended, what happened on the way, what the new data cost, and how long each step took. Also
// for one that still runs.
std::vector<std::string> RenderVerdict(const v1::Operation& operation, absl::Time now);

// What a cancel came to, of an operation that has ended.
std::vector<std::string> RenderCancelled(const v1::Operation& operation, absl::Time now);

// The change that was asked for: "data at most 10 MiB/s, network as it was".
std::string RenderBandwidths(const v1::CloneSettings& settings);

// A table of operations, a line each, and of the agent's tablet.
std::vector<std::string> RenderOperations(const v1::ListOperationsResponse& list, absl::Time now);
std::vector<std::string> RenderTablet(const v1::GetTabletResponse& tablet);

}  // namespace graft::cli

#endif  // GRAFT_CLI_RENDER_H_
