// An operation as lines of text. Pure functions of the operation and the time.
#ifndef GRAFT_CLI_RENDER_H_
#define GRAFT_CLI_RENDER_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "graft/v1/operation.pb.h"
#include "graft/v1/provisioner.pb.h"

namespace graft::cli {

// The whole of a running operation, for a terminal: each step, and each CLONE stage with a bar,
// bytes, rate and time.
std::vector<std::string> RenderLive(const v1::Operation& operation, absl::Time now, bool utf8);

// What plain output has told so far.
struct PlainState {
  int steps_told = 0;
  std::string stage_told;
  absl::Time last_line = absl::InfinitePast();
};

// The lines by which `operation` differs from what was told: one for each step and stage begun, and
// at most one of progress a second.
std::vector<std::string> RenderPlain(const v1::Operation& operation, absl::Time now,
                                     PlainState& state);

// How it ended, and how long each step took. Also for one that still runs.
std::vector<std::string> RenderVerdict(const v1::Operation& operation, absl::Time now);

// A table of operations, a line each, and of the agent's tablet.
std::vector<std::string> RenderOperations(const v1::ListOperationsResponse& list, absl::Time now);
std::vector<std::string> RenderTablet(const v1::GetTabletResponse& tablet);

}  // namespace graft::cli

#endif  // GRAFT_CLI_RENDER_H_
