// The SQL texts graft sends, by server version; those that only look around: survey_statements.h.
// Pure functions.
//
// Text is quoted for a session whose sql_mode is NO_BACKSLASH_ESCAPES, which SessionSetup() makes:
// there a quote is doubled and nothing else is special. The server's own default does not matter.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/server_version.h"
#include "graft/mysql_server.h"
#include "mysql/row_set.h"

namespace graft {

// kMask writes <secret> for a password: for logs and error texts.
enum class Secrets { kReveal, kMask };

std::string QuoteText(absl::string_view text);  // 'it''s'

// Times in UTC, and no wait for a metadata lock that outlasts `lock_wait` (MySQL's own default is a
// year; at least one second).
std::string SessionSetup(absl::Duration lock_wait);

// One row: version, server_uuid, now, lower_case_table_names, read_only, super_read_only,
// gtid_mode, gtid_executed, gtid_purged, performance_schema, clone_plugin_status.
inline constexpr char kDescribeStatement[] =
    "SELECT @@version AS version, @@server_uuid AS server_uuid, UTC_TIMESTAMP(3) AS now, "
    "@@lower_case_table_names AS lower_case_table_names, @@GLOBAL.read_only AS read_only, "
    "@@GLOBAL.super_read_only AS super_read_only, @@GLOBAL.gtid_mode AS gtid_mode, "
    "@@GLOBAL.gtid_executed AS gtid_executed, @@GLOBAL.gtid_purged AS gtid_purged, "
    "@@performance_schema AS performance_schema, "
    "MAX(IF(plugin_name='clone',plugin_status,NULL)) AS clone_plugin_status, "
    "SUM(plugin_name LIKE 'rpl^_semi^_sync%' ESCAPE '^') AS semi_sync_plugins "
    "FROM information_schema.plugins";
// now, uptime: in seconds, by one clock.
// Both by the statement's own time, so that their difference is the start of the process as the
// wall clock had it then, and stays so when the clock is set. Works with performance_schema=OFF.
inline constexpr char kUptimeStatement[] =
    "SELECT UNIX_TIMESTAMP() AS now, variable_value AS uptime "
    "FROM performance_schema.global_status WHERE variable_name='Uptime'";
// name, value; none without plugins of semi-synchronous replication. Costs as much as all else.
inline constexpr char kSemiSyncStatement[] =
    "SELECT variable_name AS name, variable_value AS value FROM performance_schema.global_status "
    "WHERE variable_name LIKE 'rpl_semi_sync_%' UNION ALL "
    "SELECT variable_name, variable_value FROM performance_schema.global_variables "
    "WHERE variable_name LIKE 'rpl_semi_sync_%'";
// pid of the server; no row if performance_schema is OFF.
inline constexpr char kMainThreadStatement[] =
    "SELECT thread_os_id AS pid FROM performance_schema.threads WHERE name='thread/sql/main'";
// Counts active roles in; information_schema.user_privileges does not (seen on 9.7.4).
inline constexpr char kGrantsStatement[] = "SHOW GRANTS";
inline constexpr char kUserSchemasStatement[] =
    "SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name NOT IN "
    "('mysql','sys','information_schema','performance_schema') ORDER BY schema_name";

// name, value, persisted, source, set_user, set_host, set_time. INVALID_ARGUMENT: a name has other
// characters than [a-z0-9_.].
absl::StatusOr<std::string> ReadVariablesStatement(const std::vector<std::string>& names);
// INVALID_ARGUMENT as above.
absl::StatusOr<std::string> SetVariableStatement(const VariableChange& change);

// clone_valid_donor_list is matched as text and allows no blank. INVALID_ARGUMENT.
absl::StatusOr<std::string> DonorListStatement(const HostPort& donor);
// INVALID_ARGUMENT: no host, port or user.
absl::StatusOr<std::string> CloneStatement(const CloneRequest& request, Secrets secrets);
inline constexpr char kCloneStatusStatement[] =
    "SELECT pid, state, begin_time, end_time, source, destination, error_no, error_message, "
    "gtid_executed FROM performance_schema.clone_status";
inline constexpr char kCloneProgressStatement[] =
    "SELECT stage, state, begin_time, end_time, estimate, data, network "
    "FROM performance_schema.clone_progress";
// schema, name, definer, sql_mode, time_zone, charset, collation, enabled (1 or 0) of the events
// that are enabled, or were disabled here: ALTER EVENT notes the server's own number.
inline constexpr char kEventsStatement[] =
    "SELECT event_schema AS `schema`, event_name AS name, definer, sql_mode, time_zone, "
    "character_set_client AS charset, collation_connection AS `collation`, "
    "status='ENABLED' AS enabled FROM information_schema.events WHERE status='ENABLED' "
    "OR (status LIKE '%SIDE_DISABLED' AND originator=@@server_id) ORDER BY 1,2";
// For a row of the enabled ones. The statements are sent in the event's character set:
// INVALID_ARGUMENT if its name cannot be written in it.
absl::StatusOr<std::vector<std::string>> DisableEventStatements(const ServerVersion& version,
                                                                const Row& event);
inline constexpr char kUnloggedStatement[] = "SET SESSION sql_log_bin=0";
inline constexpr char kUsualSessionStatement[] =
    "SET NAMES utf8mb4, SESSION sql_mode='NO_BACKSLASH_ESCAPES', SESSION time_zone='+00:00', "
    "SESSION sql_log_bin=1";
inline constexpr char kInstallClonePluginStatement[] =
    "INSTALL PLUGIN clone SONAME 'mysql_clone.so'";

// `sql` says REPLICA; it is SLAVE before 8.0.22.
std::string ReplicaStatement(const ServerVersion& version, absl::string_view sql);
std::string SetFilterStatement(const ReplicationFilter& filter);  // a plain one
std::string DelayStatement(const ServerVersion& version, absl::Duration delay);
// channel, part ("worker", "coordinator", "receiver"), state ("ON", "OFF"), current, last: the
// GTIDs of the transaction the thread is at and of the one before.
inline constexpr char kReplicationWorkStatement[] =
    "SELECT channel_name AS channel, 'worker' AS part, service_state AS state, "
    "applying_transaction AS current, last_applied_transaction AS last, 0 AS heartbeats, "
    "last_error_number AS error, last_error_message AS message "
    "FROM performance_schema.replication_applier_status_by_worker UNION ALL "
    "SELECT channel_name, 'coordinator', service_state, processing_transaction, "
    "last_processed_transaction, 0, last_error_number, last_error_message "
    "FROM performance_schema.replication_applier_status_by_coordinator UNION ALL "
    "SELECT channel_name, 'receiver', service_state, queueing_transaction, "
    "last_queued_transaction, count_received_heartbeats, last_error_number, last_error_message "
    "FROM performance_schema.replication_connection_status";
// CHANGE REPLICATION SOURCE from 8.0.23 on, MASTER before. GTID auto-position, retried every 10 s.
// The default channel alone. INVALID_ARGUMENT: no host, port or user.
absl::StatusOr<std::string> ChangeSourceStatement(const ServerVersion& version,
                                                  const ReplicationSource& source, Secrets secrets);

}  // namespace graft
