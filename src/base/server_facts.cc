#include "graft/server_facts.h"

namespace graft {

const std::vector<std::string>& SurveyedVariables() {
  static const auto* const names = new std::vector<std::string>{
      "version_compile_os",
      "version_compile_machine",
      "innodb_page_size",
      "innodb_data_file_path",
      "lower_case_table_names",
      "character_set_server",
      "collation_server",
      "character_set_filesystem",
      "innodb_force_recovery",
      "innodb_read_only",
      "innodb_redo_log_capacity",
      "innodb_log_file_size",  // with the next one: before 8.0.30
      "innodb_log_files_in_group",
      "innodb_directories",
      "innodb_undo_directory",
      "innodb_data_home_dir",
      "innodb_redo_log_encrypt",
      "innodb_undo_log_encrypt",
      "max_allowed_packet",
      "max_connections",
      "clone_max_concurrency",
      "clone_donor_timeout_after_network_failure",
      "clone_ssl_ca",
      "clone_block_ddl",
      "datadir",
      "log_error",
      "pid_file",
      "plugin_dir",
      "gtid_mode",
      "enforce_gtid_consistency",
      "log_bin",
      "server_id",
      "require_secure_transport",
      "ssl_ca",
      "event_scheduler",
      "persisted_globals_load",
      "skip_replica_start",
      "skip_slave_start",  // its name before 8.0.26
      "binlog_expire_logs_seconds",
      "performance_schema",
  };
  return *names;
}

}  // namespace graft
