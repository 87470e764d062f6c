// Starting, stopping and reading replication. Functions of one MysqlServer's SessionPool; codes as
// of the port.
//
// STOP REPLICA waits until the present transaction is applied, for a year by default
// (rpl_stop_replica_timeout). The STOP goes on when its client has gone, and a KILL does not end
// it. rpl_stop_replica_timeout ends only the statement (1875): the threads still stop later, and
// undo a START that came in between. So graft sends STOP on a connection that it soon gives up, and
// looks for a pending STOP among the server's sessions and workers (seen on 9.7.4).
#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "graft/mysql_server.h"
#include "mysql/session.h"

namespace graft {

absl::StatusOr<std::vector<ReplicationChannel>> ReadChannels(Session& session);

absl::Status StopChannels(SessionPool& pool, bool forget);
// As MysqlServer::DelayReplication.
absl::Status DelayChannel(SessionPool& pool, absl::Duration delay);

absl::Status StartChannels(SessionPool& pool, const std::optional<ReplicationSource>& source);

}  // namespace graft
