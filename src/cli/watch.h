// Follows an operation to its end, over restarts of its agent.
#ifndef GRAFT_CLI_WATCH_H_
#define GRAFT_CLI_WATCH_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/agent_client.h"
#include "graft/clock.h"
#include "graft/v1/operation.pb.h"

namespace graft::cli {

// Looks the agent up anew at each call: it may come back on another port.
using Connect = std::function<absl::StatusOr<std::unique_ptr<AgentClient>>()>;

// Calls `on_update` for each state seen and returns the last one, in which the operation has ended.
// An empty `id` means the newest when the watch begins. UNAVAILABLE: no contact for `patience`
// (the operation goes on). DEADLINE_EXCEEDED: it has not ended by `deadline`; a stream that hangs
// then may hold this up by the agent client's own timeout. Any other error is the agent's.
absl::StatusOr<v1::Operation> WatchToEnd(Clock& clock, const Connect& connect,
                                         const std::string& id, absl::Duration patience,
                                         const std::function<void(const v1::Operation&)>& on_update,
                                         absl::Time deadline = absl::InfiniteFuture());

}  // namespace graft::cli

#endif  // GRAFT_CLI_WATCH_H_
