// Agent: graftd's composition root. Builds every part, owns every thread, starts and stops them in
// order.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "agent/options.h"
#include "graft/clock.h"
#include "log/log.h"

namespace graft {

class Agent {
 public:
  virtual ~Agent() = default;

  // Listens, registers the tablet (again and again for --init-timeout while the topology is away or
  // until `interrupt` is cancelled), takes up an unfinished operation or --restore-with-clone, and
  // returns with everything running. UNAVAILABLE: the topology stayed away; others: as said.
  virtual absl::Status Start(Cancellation& interrupt) = 0;

  // Leaves a running operation as it is, marks the tablet as cleanly stopped, and joins all.
  virtual void Stop() = 0;
};

// Opens the state directory and the topology's stores. FAILED_PRECONDITION: another agent has the
// directory; others: as said. A damaged record of the journal does not keep the agent down.
absl::StatusOr<std::unique_ptr<Agent>> MakeAgent(const AgentOptions& options, Log& log);

}  // namespace graft
