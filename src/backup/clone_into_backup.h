// CLONE into graft-backup's temporary mysqld: the operation that rebuilds a replica, with a record
// that nobody sees.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "agent/options.h"
#include "graft/clock.h"
#include "graft/mysql_server.h"
#include "graft/tablet_state.h"
#include "log/log.h"
#include "topo_open/topo_open.h"

namespace graft {

// What it works with. Referred-to things outlive the call.
struct CloneTools {
  const AgentOptions& options;  // its tablet is the backup's own; the donor is set
  Log& log;
  OpenedTopology& opened;
  MysqlServer& server;  // the temporary mysqld
  Journal& journal;
  // Asked now and then, from another thread: an error ends the operation, whose status it becomes.
  std::function<absl::Status()> check_mysqld;
  Observer& observer;  // beside the log
};

// Stands in the shard's line and claims its donor like any recipient, makes every check, clones,
// and follows the primary. OK: the copy is verified and replicates. CANCELLED: `interrupt`. Others:
// why the operation failed.
absl::Status CloneIntoBackup(const CloneTools& tools, Cancellation& interrupt);

}  // namespace graft
