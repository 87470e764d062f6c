// ServerStarter: has mysqld started by its supervisor or a command, and never waits for the start.
// Used on one thread.
#ifndef GRAFT_SERVER_STARTER_H_
#define GRAFT_SERVER_STARTER_H_

#include <optional>

#include "absl/status/status.h"

namespace graft {

class ServerStarter {
 public:
  virtual ~ServerStarter() = default;

  // Asks, unless that is still under way. UNAVAILABLE: it cannot be done.
  virtual absl::Status Ask() = 0;

  // How the last Ask() ended; nullopt: it is under way. FAILED_PRECONDITION: without success;
  // UNAVAILABLE: unknown. OK is no proof that mysqld runs.
  virtual std::optional<absl::Status> End() = 0;
};

}  // namespace graft

#endif  // GRAFT_SERVER_STARTER_H_
