// Tablets as the topology has them, and as their agents say, as lines of text and as JSON. Pure
// functions.
#ifndef GRAFT_CLI_RENDER_TABLETS_H_
#define GRAFT_CLI_RENDER_TABLETS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/agents.h"
#include "graft/tablet.h"

namespace graft::cli {

// The records alone, with their tags.
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

#endif  // GRAFT_CLI_RENDER_TABLETS_H_
