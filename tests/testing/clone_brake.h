// Makes a clone last long enough to look at it.
#pragma once

#include "absl/status/status.h"
#include "testing/mysql_sandbox.h"

namespace graft {

// A clone into `recipient` takes about a minute from now on, at 1 MiB/s, unless the brake is let
// go, which also speeds up the one that runs. Gone after a restart.
absl::Status BrakeClone(MysqlSandbox& recipient, int mib_per_second = 1);
absl::Status ReleaseClone(MysqlSandbox& recipient);

// Waits until a clone copies files into `recipient`. DEADLINE_EXCEEDED.
absl::Status AwaitFileCopy(MysqlSandbox& recipient);

}  // namespace graft
