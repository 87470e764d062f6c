// Converts the rows about a server's replication into ReplicationChannels. Pure functions.
#ifndef GRAFT_MYSQL_REPLICATION_TABLES_H_
#define GRAFT_MYSQL_REPLICATION_TABLES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "graft/server_facts.h"
#include "mysql/row_set.h"

namespace graft {

// SHOW REPLICA STATUS, or SHOW SLAVE STATUS of a server before 8.0.22; kReplicationWorkStatement,
// which has no rows if performance_schema is OFF: then a backlog has to do for `applying`, and
// `receiving` and `stopping` are not known.
absl::StatusOr<std::vector<ReplicationChannel>> ReadReplicationRows(const RowSet& status,
                                                                    const RowSet& work);

// The session that waits in STOP REPLICA, "connection 12 of 'root'", by the rows of
// kProcesslistStatement; empty: none.
std::string PendingStop(const RowSet& processlist);

}  // namespace graft

#endif  // GRAFT_MYSQL_REPLICATION_TABLES_H_
