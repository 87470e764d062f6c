#include "mysql/survey_statements.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mysql/statements.h"

namespace graft {

// Names are quoted where MySQL might make a word of them: 9.2 did of LIBRARY.
std::string CurrentAccountStatement() {
  return "SELECT CURRENT_USER() AS `account`";
}

std::string ConnectionIdStatement() {
  return "SELECT CONNECTION_ID() AS `id`";
}

std::string SurveyVariablesStatement(const std::vector<std::string>& names) {
  const std::string list = absl::StrJoin(names, ",", [](std::string* out, const std::string& name) {
    absl::StrAppend(out, QuoteText(name));
  });
  return absl::StrCat(
      "SELECT variable_name AS `name`, variable_value AS `value` FROM "
      "performance_schema.global_variables WHERE variable_name IN (",
      list, ")");
}

std::string ActivePluginsStatement() {
  return "SELECT plugin_name AS `name`, plugin_type AS `type`, plugin_library AS `library` "
         "FROM information_schema.plugins WHERE plugin_status='ACTIVE'";
}

std::string InstalledPluginsStatement() {
  return "SELECT name FROM mysql.plugin";
}

std::string CollationsStatement() {
  return "SELECT collation_name AS `name` FROM information_schema.collations";
}

std::string RedoLogStatement() {
  return "SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'";
}

std::string KeyringComponentsStatement() {
  return "SELECT COUNT(*) AS `count` FROM performance_schema.keyring_component_status "
         "WHERE status_key='Component_status' AND status_value='Active'";
}

std::string GroupMemberStatement() {
  return "SELECT COUNT(*) AS `count` FROM performance_schema.replication_group_members "
         "WHERE member_id=@@server_uuid AND member_state<>'OFFLINE'";
}

// PATH is relative for what lies inside. The system tablespace's place is the recipient's own
// innodb_data_file_path.
std::string OutsideFilesStatement() {
  return "SELECT space, path FROM information_schema.innodb_datafiles WHERE path LIKE '/%' "
         "AND LEFT(path,CHAR_LENGTH(@@datadir))<>@@datadir AND space<>'0' AND space NOT IN "
         "(SELECT space FROM information_schema.innodb_tablespaces WHERE space_type='Undo')";
}

// The larger of the two sizes: a sparse or compressed file may be written out in full, and InnoDB
// allocates ahead.
std::string TablespaceSizesStatement(const std::vector<int64_t>& outside) {
  const std::string inside =
      outside.empty() ? "" : absl::StrCat(" AND space NOT IN (", absl::StrJoin(outside, ","), ")");
  return absl::StrCat(
      "SELECT SUM(GREATEST(file_size,allocated_size)) AS `bytes`, SUM(IF(space_type IN "
      "('Single','General') AND name<>'mysql' AND name NOT LIKE 'mysql/%' AND name NOT LIKE "
      "'sys/%'",
      inside,
      ",allocated_size,0)) AS `dropped_bytes` FROM information_schema.innodb_tablespaces "
      "WHERE name<>'innodb_temporary'");
}

std::string SystemTablespaceStatement() {
  return "SELECT SUM(GREATEST(total_extents*extent_size,initial_size)) AS `bytes` "
         "FROM information_schema.files WHERE tablespace_name='innodb_system'";
}

std::string EncryptedTablespacesStatement() {
  return absl::StrCat(
      "SELECT name FROM information_schema.innodb_tablespaces WHERE encryption='Y' "
      "ORDER BY name LIMIT ",
      kLongestList);
}

std::string NonInnodbTablesStatement() {
  return absl::StrCat(
      "SELECT table_schema AS `schema`, table_name AS `name`, engine FROM "
      "information_schema.tables "
      "WHERE table_type='BASE TABLE' AND NOT engine<=>'InnoDB' AND table_schema NOT IN "
      "('mysql','sys','information_schema','performance_schema') ORDER BY 1,2 LIMIT ",
      kLongestList);
}

std::string AccountsStatement(absl::string_view user) {
  return absl::StrCat(
      "SELECT host, plugin, LEFT(SHA2(IFNULL(authentication_string,''),256),16) AS `fingerprint` "
      "FROM mysql.user WHERE user=",
      QuoteText(user), " ORDER BY host");
}

std::string TakeServerLockStatement(absl::Duration wait) {
  return absl::StrCat("SELECT GET_LOCK('graft.agent',", absl::ToInt64Seconds(wait), ") AS `taken`");
}

std::string ServerLockHolderStatement() {
  return "SELECT CONNECTION_ID() AS `id`, IS_USED_LOCK('graft.agent') AS `holder`";
}

std::string HoldingAttributesStatement(int64_t connection_id) {
  const auto attribute = [](absl::string_view name) {
    return absl::StrCat("MAX(IF(attr_name='", name, "',attr_value,NULL))");
  };
  return absl::StrCat("SELECT ", attribute("program_name"), " AS `program`, ",
                      attribute("graft_pid"), " AS `pid`, ", attribute("graft_host"),
                      " AS `host`, ", attribute("graft_pid_namespace"), " AS `pid_namespace`, ",
                      attribute("graft_since"),
                      " AS `since` FROM performance_schema.session_connect_attrs "
                      "WHERE processlist_id=",
                      connection_id, " HAVING `pid` IS NOT NULL");
}

std::string KeepSessionStatement() {
  return "SET SESSION wait_timeout=31536000";
}

std::string ProcesslistStatement() {
  return "SHOW PROCESSLIST";
}

std::string TransactionsStatement() {
  return "SELECT trx_mysql_thread_id AS `id` FROM information_schema.innodb_trx";
}

std::string HeldLocksStatement() {
  return "SELECT DISTINCT t.processlist_id AS `id` FROM performance_schema.metadata_locks l "
         "JOIN performance_schema.threads t ON t.thread_id=l.owner_thread_id "
         "WHERE t.processlist_command='Sleep' AND l.lock_status='GRANTED' "
         "AND l.lock_duration IN ('TRANSACTION','EXPLICIT') "
         "AND l.object_type NOT IN ('USER LEVEL LOCK','LOCKING SERVICE')";
}

std::string LockWaitsStatement() {
  return "SELECT DISTINCT wt.processlist_id AS `waiter`, w.lock_type AS `wanted`, "
         "ht.processlist_id AS `holder`, h.lock_type AS `held` "
         "FROM performance_schema.metadata_locks w JOIN performance_schema.metadata_locks h "
         "ON h.object_type=w.object_type AND h.object_schema<=>w.object_schema "
         "AND h.object_name<=>w.object_name AND h.owner_thread_id<>w.owner_thread_id "
         "JOIN performance_schema.threads wt ON wt.thread_id=w.owner_thread_id "
         "JOIN performance_schema.threads ht ON ht.thread_id=h.owner_thread_id "
         "WHERE w.lock_status='PENDING' AND h.lock_status='GRANTED'";
}

}  // namespace graft
