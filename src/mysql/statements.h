// The SQL texts graft sends, by server version; those that only look around: survey_statements.h.
// Pure functions.
//
// Text is quoted for a session whose sql_mode is NO_BACKSLASH_ESCAPES, which SessionSetup() makes:
// there a quote is doubled and nothing else is special, whatever the server's own default is.
#ifndef GRAFT_MYSQL_STATEMENTS_H_
#define GRAFT_MYSQL_STATEMENTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/server_version.h"
#include "graft/mysql_server.h"

namespace graft {

// kMask writes <secret> for a password: for logs and error texts.
enum class Secrets { kReveal, kMask };

std::string QuoteText(absl::string_view text);  // 'it''s'

// Times in UTC, and no wait for a metadata lock that outlasts `lock_wait` (MySQL's own default is a
// year; at least one second).
std::string SessionSetup(absl::Duration lock_wait);

// One row: version, server_uuid, now, lower_case_table_names, read_only, super_read_only,
// gtid_mode, gtid_executed, gtid_purged, performance_schema, clone_plugin_status.
std::string DescribeStatement();
// now, uptime: in seconds, by one clock.
std::string UptimeStatement();
// pid of the server; no row if performance_schema is OFF.
std::string MainThreadStatement();
std::string GrantsStatement();
std::string UserSchemasStatement();

// name, value, persisted, source, set_user, set_host, set_time. INVALID_ARGUMENT: a name has other
// characters than [a-z0-9_.].
absl::StatusOr<std::string> ReadVariablesStatement(const std::vector<std::string>& names);
// INVALID_ARGUMENT as above.
absl::StatusOr<std::string> SetVariableStatement(const VariableChange& change);

// clone_valid_donor_list is matched as text and allows no blank. INVALID_ARGUMENT.
absl::StatusOr<std::string> DonorListStatement(const HostPort& donor);
// INVALID_ARGUMENT: no host, port or user.
absl::StatusOr<std::string> CloneStatement(const CloneRequest& request, Secrets secrets);
std::string CloneStatusStatement();
std::string CloneProgressStatement();
std::string KillQueryStatement(int64_t connection_id);
std::string KillConnectionStatement(int64_t connection_id);
std::string InstallClonePluginStatement();

// STOP/START/RESET/SHOW REPLICA from 8.0.22 on, SLAVE before; CHANGE REPLICATION SOURCE
// from 8.0.23.
std::string ShowReplicaStatement(const ServerVersion& version);
// channel, part ("worker", "coordinator", "receiver"), state ("ON", "OFF"), current, last: the
// GTIDs of the transaction the thread is at and of the one before.
std::string ReplicationWorkStatement();
std::string StopReplicaStatement(const ServerVersion& version);
std::string ForgetReplicaStatement(const ServerVersion& version);
std::string StartReplicaStatement(const ServerVersion& version);
// The default channel alone.
std::string StopDefaultChannelStatement(const ServerVersion& version);
std::string StartDefaultChannelStatement(const ServerVersion& version);
// GTID auto-position, retried every 10 s. INVALID_ARGUMENT: no host, port or user.
absl::StatusOr<std::string> ChangeSourceStatement(const ServerVersion& version,
                                                  const ReplicationSource& source, Secrets secrets);

}  // namespace graft

#endif  // GRAFT_MYSQL_STATEMENTS_H_
