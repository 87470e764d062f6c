// Where tablets' agents are, and what many of them answer, some asked at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/agent_client.h"
#include "graft/clock.h"
#include "graft/tablet.h"
#include "graft/topology.h"

namespace graft::cli {

// "host:port" by its record. UNAVAILABLE: its agent has stopped; FAILED_PRECONDITION: a tablet
// without a graft agent.
absl::StatusOr<std::string> AgentAddress(const Tablet& tablet);

// The same by its alias. NOT_FOUND as of Topology::GetTablet.
absl::StatusOr<std::string> FindAgent(Topology& topology, const TabletAlias& alias);

inline constexpr int kMostAskedAtOnce = 64;
// Of all of them, unless the caller has more time.
inline constexpr absl::Duration kAskTimeout = absl::Milliseconds(1500);

struct AgentAnswer {
  v1::GetTabletResponse tablet;
  std::optional<v1::Operation> operation;  // the newest; nullopt: none yet
};

// One agent by its address, "host:port", within the timeout. Safe for use from several threads.
using AskAgent =
    std::function<absl::StatusOr<AgentAnswer>(const std::string& address, absl::Duration timeout)>;
AskAgent MakeAskAgent();

// How long one agent's earlier rebuilds took that ended well, in the same way.
using AskTimes = std::function<absl::StatusOr<std::vector<absl::Duration>>(
    const std::string& address, absl::Duration timeout)>;
AskTimes MakeAskTimes();

// An answer for each tablet, in order. UNAVAILABLE: its agent was stopped; FAILED_PRECONDITION: it
// has no graft agent; DEADLINE_EXCEEDED: it was not asked before `deadline`; else what asking said.
// Returns soon after `deadline` at the latest.
std::vector<absl::StatusOr<AgentAnswer>> AskAgents(Clock& clock, const AskAgent& ask,
                                                   const std::vector<Tablet>& tablets,
                                                   absl::Time deadline);

}  // namespace graft::cli
