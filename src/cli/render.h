// Operations, preflights and tablets as lines of text. Pure functions of the operation and the
// time.
#ifndef GRAFT_CLI_RENDER_H_
#define GRAFT_CLI_RENDER_H_

#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "graft/v1/operation.pb.h"
#include "graft/v1/preflight.pb.h"
#include "graft/v1/provisioner.pb.h"

namespace graft::cli {

// What plain output has told so far.
struct PlainState {
  int steps_told = 0;
  std::string phase_told;
  std::string progress_told;
  absl::Time last_progress = absl::InfinitePast();
  std::set<std::string> events_told;
  std::string waiting_told;
  absl::Time last_waiting = absl::InfinitePast();
};

// The lines by which `operation` differs from what was told: one for each step and phase begun, for
// each failed attempt, finding and the like, and at most one of progress, and one of what it waits
// for, a second; after the first minute one of progress in ten seconds.
std::vector<std::string> RenderPlain(const v1::Operation& operation, absl::Time now,
                                     PlainState& state);

// How it ended, what happened on the way, what the new data cost, and how long each step took. Also
// for one that still runs.
std::vector<std::string> RenderVerdict(const v1::Operation& operation, absl::Time now);

// What a cancel came to, of an operation that has ended.
std::vector<std::string> RenderCancelled(const v1::Operation& operation, absl::Time now);

// The change that was asked for: "data at most 10 MiB/s, network as it was".
std::string RenderBandwidths(const v1::CloneSettings& settings);

// All that is known of one operation, and nothing is cut: what was asked for, each step with its
// times and its share of the whole, the clone's stages with their bytes, how far it is, what
// happened on the way, what was proved, and the error with where to read about it.
std::vector<std::string> RenderDescription(const v1::Operation& operation, absl::Time now);

// A table of operations, a line each.
std::vector<std::string> RenderOperations(const v1::ListOperationsResponse& list, absl::Time now);

// The agent's tablet, its server and its replication.
std::vector<std::string> RenderTablet(const v1::GetTabletResponse& tablet);

// Each check of a preflight as a row of a table, what to do about those that did not pass, and
// whether CLONE `may_be_tried`.
std::vector<std::string> RenderPreflight(const v1::PreflightReport& report, bool may_be_tried);

}  // namespace graft::cli

#endif  // GRAFT_CLI_RENDER_H_
