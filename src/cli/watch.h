// Follows an operation to its end, over restarts of its agent.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/agent_client.h"
#include "cli/output.h"
#include "cli/screen.h"
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

// OperationView: shows an operation while it runs, and its verdict.
//
// On a terminal it redraws in place, and once a second by itself so that times go on; otherwise it
// writes plain lines; as JSON or YAML, one object per state. Safe for use from several threads;
// what it is given must outlive it.
class OperationView {
 public:
  virtual ~OperationView() = default;
  virtual void Show(const v1::Operation& operation) = 0;
  // The agent has not told of the operation since then, and why. Over with the next Show().
  virtual void Silent(absl::Time since, const absl::Status& why) = 0;
  // A line about the watch itself: never among what programs read.
  virtual void Tell(const std::string& line) = 0;
  // The terminal has another size.
  virtual void Resized() = 0;
  // To be called at most once, last, with an operation that has ended. Without it, what was shown
  // last stays.
  virtual void End(const v1::Operation& operation) = 0;
};

struct ViewDeps {
  Clock& clock;
  std::ostream& out;
  std::ostream& err;
};

// What a view says when the agent has not told of the operation for so long, and why; empty while
// that is too short to be worth a word.
std::string SilenceText(absl::Duration silence, const absl::Status& why);

std::unique_ptr<OperationView> MakeTerminalView(const ViewDeps& deps, const Screen& screen);
std::unique_ptr<OperationView> MakeStreamView(const ViewDeps& deps, OutputFormat format);

}  // namespace graft::cli
