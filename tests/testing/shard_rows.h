// Loads, replicates, breaks and compares the rows of two servers.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "testing/mysql_sandbox.h"

namespace graft {

// Of what LoadRows makes.
struct RowsSize {
  int megabytes = 4;  // of rows
  // Of a table without any: a clone's brake bites after a tenth of a second only, by which time a
  // light server has been copied. 0, or a multiple of 4.
  int ballast_megabytes = 512;
};

// Makes shop.orders, shop.customers and shop.ballast.
absl::Status LoadRows(MysqlSandbox& server, const RowsSize& size);

// Makes `replica` follow `source` as vt_repl, by GTID, and starts that.
absl::Status Follow(MysqlSandbox& replica, MysqlSandbox& source, const std::string& repl_password);

// Until `replica` has executed what `source` has executed now. DEADLINE_EXCEEDED.
absl::Status AwaitCaughtUp(MysqlSandbox& replica, MysqlSandbox& source);

// Removes an order from `replica` behind replication's back and changes it on `primary`. Returns
// once replication has stopped there with 1032, HA_ERR_KEY_NOT_FOUND.
absl::Status BreakReplica(MysqlSandbox& replica, MysqlSandbox& primary);

// CHECKSUM TABLE of every table that is not MySQL's own, with the tables' names.
absl::StatusOr<SqlRows> Checksums(MysqlSandbox& server);

}  // namespace graft
