// Starting, stopping and reading replication. Functions of one MysqlServer's SessionPool; codes as
// of the port.
//
// STOP REPLICA waits until the transaction that is being applied is done, for a year by default
// (rpl_stop_replica_timeout). It goes on when its client has gone, a KILL does not end it, and
// rpl_stop_replica_timeout ends only the statement (1875): the threads stop all the same, later,
// and undo what a START in between has done. So it is sent on a connection that is given up soon,
// and what is left of it is looked for among the server's sessions and workers (seen on 9.7.4).
#ifndef GRAFT_MYSQL_REPLICATION_H_
#define GRAFT_MYSQL_REPLICATION_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/mysql_server.h"
#include "mysql/session_pool.h"

namespace graft {

absl::StatusOr<std::vector<ReplicationChannel>> ReadChannels(Session& session);

absl::Status StopChannels(SessionPool& pool, bool forget);
absl::Status StartChannels(SessionPool& pool, const std::optional<ReplicationSource>& source);

}  // namespace graft

#endif  // GRAFT_MYSQL_REPLICATION_H_
