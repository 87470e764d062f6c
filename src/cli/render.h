// Operations, preflights and tablets as lines of text, and tablets as JSON. Pure functions.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/agent_client.h"
#include "cli/text.h"
#include "graft/tablet.h"
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

struct Layout {
  int columns = 0;  // below 1: as wide as it gets
  int rows = 0;     // below 1: as long as it gets
  bool utf8 = false;
};

// A running operation for a terminal: how far it is, what it waits for, each phase, and what
// happened on the way. Right at any size: with less room it says less, how far it is last of all.
// `now` is the agent's present; `notices` are what the watcher itself has to say.
std::vector<Line> RenderLive(const v1::Operation& operation, absl::Time now, const Layout& layout,
                             const std::vector<std::string>& notices = {});

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

// The records of the topology alone, with their tags.
std::vector<std::string> RenderTablets(const std::vector<Tablet>& tablets);

// The shard as it is: lag, data state, and the operation that runs. `answers` go with `tablets`;
// of an agent that does not answer the record's tags are shown, and why it does not.
std::vector<std::string> RenderShard(const std::vector<Tablet>& tablets,
                                     const std::vector<absl::StatusOr<AgentAnswer>>& answers);

// "12.0s", "stopped", "error 1062", "unknown"; "-" for a tablet that follows nobody or is down.
std::string LagText(const v1::GetTabletResponse& tablet);

// One line of JSON, as Vitess's own tools print the record.
std::string TabletJson(const Tablet& tablet);
// The same with a member "agent": whether it answers, and what, or why not.
std::string TabletJson(const Tablet& tablet, const absl::StatusOr<AgentAnswer>& answer);

}  // namespace graft::cli
