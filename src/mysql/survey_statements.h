// The SQL texts of Survey() and ReadSessions(). Pure functions; how text is quoted: statements.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace graft {

// Longer lists are cut: nobody reads more names.
inline constexpr int kLongestList = 1000;

// `account`: CURRENT_USER().
// Names are quoted where MySQL might make a word of them: 9.2 did of LIBRARY.
inline constexpr char kCurrentAccountStatement[] = "SELECT CURRENT_USER() AS `account`";
// name, value; of those of `names` that the server has. They are ours, so nothing is checked.
std::string SurveyVariablesStatement(const std::vector<std::string>& names);
// name, type, library of the ACTIVE ones.
inline constexpr char kActivePluginsStatement[] =
    "SELECT plugin_name AS `name`, plugin_type AS `type`, plugin_library AS `library` "
    "FROM information_schema.plugins WHERE plugin_status='ACTIVE'";
// name, source.
inline constexpr char kVariableSourcesStatement[] =
    "SELECT variable_name AS `name`, variable_source AS `source` "
    "FROM performance_schema.variables_info";
// count: 0 if mysqld knows no named time zone.
inline constexpr char kTimeZonesStatement[] =
    "SELECT EXISTS(SELECT 1 FROM mysql.time_zone_name) AS `count`";
// name of those that INSTALL PLUGIN has made.
inline constexpr char kInstalledPluginsStatement[] = "SELECT name FROM mysql.plugin";
inline constexpr char kCollationsStatement[] =
    "SELECT collation_name AS `name` FROM information_schema.collations";
// Nothing before 8.0.21, where the redo log cannot be switched off.
inline constexpr char kRedoLogStatement[] = "SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'";
// count of the active ones. From 8.0.24 on.
inline constexpr char kKeyringComponentsStatement[] =
    "SELECT COUNT(*) AS `count` FROM performance_schema.keyring_component_status "
    "WHERE status_key='Component_status' AND status_value='Active'";
// count: 1 if this server is in a group.
inline constexpr char kGroupMemberStatement[] =
    "SELECT COUNT(*) AS `count` FROM performance_schema.replication_group_members "
    "WHERE member_id=@@server_uuid AND member_state<>'OFFLINE'";

// space, path of files outside of the data directory, except undo: CLONE puts undo files into the
// recipient's innodb_undo_directory. PATH is relative for files inside. The system tablespace's
// place is the recipient's own innodb_data_file_path.
inline constexpr char kOutsideFilesStatement[] =
    "SELECT space, path FROM information_schema.innodb_datafiles WHERE path LIKE '/%' "
    "AND LEFT(path,CHAR_LENGTH(@@datadir))<>@@datadir AND space<>'0' AND space NOT IN "
    "(SELECT space FROM information_schema.innodb_tablespaces WHERE space_type='Undo')";
// path of the undo files.
inline constexpr char kUndoFilesStatement[] =
    "SELECT path FROM information_schema.innodb_datafiles WHERE space IN "
    "(SELECT space FROM information_schema.innodb_tablespaces WHERE space_type='Undo')";
// folder, count of the data files in each database's folder. Opens no file.
inline constexpr char kFilesInFoldersStatement[] =
    "SELECT SUBSTRING_INDEX(SUBSTRING(path,3),'/',1) AS `folder`, COUNT(*) AS `count` "
    "FROM information_schema.innodb_tablespaces_brief WHERE path LIKE './%/%' GROUP BY 1";
// bytes, dropped_bytes of all tablespaces but the system's and the temporary one, which CLONE does
// not copy. `outside`: the spaces that are not in the data directory.
std::string TablespaceSizesStatement(const std::vector<int64_t>& outside);
// bytes of the system tablespace, which is not among the others.
inline constexpr char kSystemTablespaceStatement[] =
    "SELECT SUM(GREATEST(total_extents*extent_size,initial_size)) AS `bytes` "
    "FROM information_schema.files WHERE tablespace_name='innodb_system'";
std::string EncryptedTablespacesStatement();

// schema, name, engine; temporary tables are not among them.
std::string NonInnodbTablesStatement();
// channel, name, rule, configured_by of the appliers' filters that are set; also of those that a
// channel would get that does not exist yet.
inline constexpr char kFiltersStatement[] =
    "SELECT channel_name AS `channel`, filter_name AS `name`, filter_rule AS `rule`, "
    "configured_by FROM performance_schema.replication_applier_filters WHERE filter_rule<>'' "
    "UNION SELECT '', filter_name, filter_rule, configured_by "
    "FROM performance_schema.replication_applier_global_filters WHERE filter_rule<>''";
// host, plugin, fingerprint.
std::string AccountsStatement(absl::string_view user);
// user, host, by_default (1 or 0) of the roles granted to an account.
std::string RolesStatement(absl::string_view user, absl::string_view host);
// `roles`: quoted, "'admin'@'%'"; none: what it was granted itself.
std::string GrantsOfStatement(absl::string_view user, absl::string_view host,
                              const std::vector<std::string>& roles);

// taken: 1, or 0 if another connection has the agent's lock and kept it for `wait`.
std::string TakeServerLockStatement(absl::Duration wait);
// id of this connection, holder: that of the one that has the lock, or NULL.
inline constexpr char kServerLockHolderStatement[] =
    "SELECT CONNECTION_ID() AS `id`, IS_USED_LOCK('graft.agent') AS `holder`";
// program, pid, host, pid_namespace, since: as the connection told them; NULL where it did not.
std::string HoldingAttributesStatement(int64_t connection_id);
// No idle timeout of the server's ends this connection.
inline constexpr char kKeepSessionStatement[] = "SET SESSION wait_timeout=31536000";

// SHOW PROCESSLIST cuts statements at 100 characters, and shows all sessions to PROCESS only.
inline constexpr char kProcesslistStatement[] = "SHOW PROCESSLIST";
// id of the sessions with an InnoDB transaction.
inline constexpr char kTransactionsStatement[] =
    "SELECT trx_mysql_thread_id AS `id` FROM information_schema.innodb_trx";
// id of idle sessions that hold metadata locks: between statements that is a transaction, or LOCK
// TABLES, FLUSH TABLES WITH READ LOCK, LOCK INSTANCE FOR BACKUP.
inline constexpr char kHeldLocksStatement[] =
    "SELECT DISTINCT t.processlist_id AS `id` FROM performance_schema.metadata_locks l "
    "JOIN performance_schema.threads t ON t.thread_id=l.owner_thread_id "
    "WHERE t.processlist_command='Sleep' AND l.lock_status='GRANTED' "
    "AND l.lock_duration IN ('TRANSACTION','EXPLICIT') "
    "AND l.object_type NOT IN ('USER LEVEL LOCK','LOCKING SERVICE')";
// waiter, wanted, holder, held: a pending lock and a granted one on the same object. Whether the
// two conflict, LocksConflict() says.
inline constexpr char kLockWaitsStatement[] =
    "SELECT DISTINCT wt.processlist_id AS `waiter`, w.lock_type AS `wanted`, "
    "ht.processlist_id AS `holder`, h.lock_type AS `held` "
    "FROM performance_schema.metadata_locks w JOIN performance_schema.metadata_locks h "
    "ON h.object_type=w.object_type AND h.object_schema<=>w.object_schema "
    "AND h.object_name<=>w.object_name AND h.owner_thread_id<>w.owner_thread_id "
    "JOIN performance_schema.threads wt ON wt.thread_id=w.owner_thread_id "
    "JOIN performance_schema.threads ht ON ht.thread_id=h.owner_thread_id "
    "WHERE w.lock_status='PENDING' AND h.lock_status='GRANTED'";

}  // namespace graft
