#include "graft/server_facts.h"

namespace graft {

const std::vector<std::string>& SurveyedVariables() {
  static const auto* const names = new std::vector<std::string>{
      "version_compile_os",
      "version_compile_machine",
      "innodb_page_size",
      "innodb_data_file_path",
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
      "clone_ssl_ca",
      "clone_ssl_cert",
      "clone_ssl_key",
      "clone_donor_timeout_after_network_failure",
      "datadir",
      "log_error",
      "pid_file",
      "plugin_dir",
      "log_bin",
      "server_id",
      "require_secure_transport",
      "persisted_globals_load",
      "time_zone",
      "activate_all_roles_on_login",
      "mandatory_roles",
      "performance_schema",
  };
  return *names;
}

}  // namespace graft
