// Follows an operation to its end, over restarts of its agent.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/agent_client.h"
#include "graft/clock.h"
#include "graft/v1/operation.pb.h"

namespace graft::cli {

// Looks the agent up anew at each call: it may come back on another port. Safe for use from several
// threads.
using Connect = std::function<absl::StatusOr<std::unique_ptr<AgentClient>>()>;

struct WatchOptions {
  std::string id;                                  // empty: the newest when the watch begins
  absl::Duration patience;                         // without contact
  absl::Duration min_interval = absl::Seconds(1);  // between two states
  absl::Time deadline = absl::InfiniteFuture();    // of the operation's end
};

struct WatchSink {
  std::function<void(const v1::Operation&)> on_update;  // each state seen
  // The agent does not tell of the operation; it is tried again. Since when, and why.
  std::function<void(absl::Time, const absl::Status&)> on_silence;
};

// The last state, in which the operation has ended. Contact is lost when the stream breaks, or says
// nothing for the agent client's timeout, and a new one does not begin; an agent that says that it
// is starting is not lost. UNAVAILABLE: no contact for `patience` (the operation goes on).
// DEADLINE_EXCEEDED: it has not ended by `deadline`. CANCELLED: stopped. Any other error is the
// agent's.
absl::StatusOr<v1::Operation> WatchToEnd(Clock& clock, const Connect& connect,
                                         const WatchOptions& options, const WatchSink& sink,
                                         WatchStop& stop);

}  // namespace graft::cli
