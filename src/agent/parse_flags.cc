#include <CLI/CLI.hpp>
#include <cstring>
#include <string>

#include "absl/strings/match.h"
#include "agent/options.h"
#include "topo_open/topo_flags.h"

namespace graft {
namespace {

CLI::Option* Add(CLI::App& app, const std::string& name, std::string& target,
                 const std::string& text) {
  CLI::Option* option = app.add_option("--" + name, target, text)->capture_default_str();
  std::string env = "GRAFT_" + name;
  for (char& c : env) c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return option->envname(env);
}

void AddTabletFlags(CLI::App& app, AgentFlags& flags) {
  Add(app, "tablet-path", flags.tablet_path, "alias of this tablet, <cell>-<uid>");
  Add(app, "tablet-hostname", flags.tablet_hostname, "name others reach it by; default: FQDN");
  Add(app, "init-keyspace", flags.init_keyspace, "keyspace of the tablet");
  Add(app, "init-shard", flags.init_shard, "shard of the tablet");
  Add(app, "init-tablet-type", flags.init_tablet_type, "replica, rdonly, experimental or spare");
  Add(app, "init-timeout", flags.init_timeout, "how long to try to register at start");
  Add(app, "bind-address", flags.bind_address, "address the gRPC port listens on; default: all");
  app.add_option("--grpc-port", flags.grpc_port, "port of the API; 0: any free one")
      ->capture_default_str()
      ->envname("GRAFT_GRPC_PORT");
  Add(app, "state-dir", flags.state_dir,
      "where the journal lives, outside of mysqld's data directory; default: "
      "$VTDATAROOT/vt_<uid>/graft");
}

void AddAccount(CLI::App& app, const std::string& name, AgentFlags::Account& account,
                const std::string& role) {
  Add(app, "db-" + name + "-user", account.user, role);
  Add(app, "db-" + name + "-password", account.password,
      "its password; prefer a file, a command line can be read by others");
  Add(app, "db-" + name + "-password-file", account.password_file, "file with its password");
  app.add_flag("--db-" + name + "-use-ssl", account.use_ssl, "TLS for it")->capture_default_str();
}

void AddMysqlFlags(CLI::App& app, AgentFlags& flags) {
  Add(app, "db-socket", flags.db_socket,
      "socket of the local mysqld; default: $VTDATAROOT/vt_<uid>/mysql.sock");
  Add(app, "db-host", flags.db_host, "host of the local mysqld, if not by socket");
  app.add_option("--db-port", flags.db_port, "its port")->envname("GRAFT_DB_PORT");
  Add(app, "db-ssl-ca", flags.db_ssl_ca, "CA that must have signed the servers' certificates");
  Add(app, "db-credentials-file", flags.db_credentials_file,
      "JSON file {\"user\": [\"password\"]}, as Vitess's");
  AddAccount(app, "dba", flags.dba, "account on the local mysqld");
  AddAccount(app, "repl", flags.repl, "account on the replication source");
  AddAccount(app, "clone", flags.clone, "account on the donor");
}

void AddCloneBounds(CLI::App& app, AgentFlags& flags) {
  app.add_option("--clone-max-attempts", flags.clone_max_attempts,
                 "attempts of one operation, with the next donor where there is a choice")
      ->capture_default_str();
  Add(app, "clone-donor-wait-timeout", flags.clone_donor_wait_timeout,
      "how long to stand in the queue for a donor that serves another clone");
  Add(app, "clone-stall-timeout", flags.clone_stall_timeout,
      "a copy whose bytes stand still for so long is ended; 0: never");
  Add(app, "clone-donor-gone-timeout", flags.clone_donor_gone_timeout,
      "a copy whose donor cannot be reached for so long is ended; 0: when MySQL itself gives up");
  app.add_option("--clone-max-data-bandwidth", flags.clone_max_data_bandwidth,
                 "MiB/s of every clone, 0: without bound; default: as the server has it");
  app.add_option("--clone-max-network-bandwidth", flags.clone_max_network_bandwidth,
                 "MiB/s of every clone on the network, as above");
  app.add_option("--clone-max-concurrency", flags.clone_max_concurrency,
                 "threads of every clone, 1 to 128; default: as the server has it");
  app.add_flag("--clone-enable-compression", flags.clone_enable_compression,
               "compress every clone on the network");
  app.add_flag("--clone-block-ddl", flags.clone_block_ddl,
               "block DDL on the donor for as long as it copies");
  app.add_flag("--allow-non-innodb", flags.allow_non_innodb,
               "clone though tables of other engines arrive empty");
  app.add_flag("--allow-unchecked", flags.allow_unchecked,
               "clone though a check's facts cannot be read");
  Add(app, "mysqld-start-command", flags.mysqld_start_command,
      "shell command that starts mysqld, for one that nobody restarts after the copy");
}

void AddRepairFlags(CLI::App& app, AgentFlags& flags) {
  app.add_option("--reprovision-on-replication-error", flags.reprovision_on_replication_error,
                 "rebuild this tablet when its replication stops with one of these MySQL errors, "
                 "e.g. 1032,1062; default: never")
      ->delimiter(',');
  Add(app, "reprovision-delay", flags.reprovision_delay, "how long the error must stand");
  app.add_option("--reprovision-daily-limit", flags.reprovision_daily_limit,
                 "rebuilds of this kind within 24 hours")
      ->capture_default_str();
}

void AddRehearsalFlags(CLI::App& app, AgentFlags& flags) {
  Add(app, "hold-before-step", flags.hold_before_step,
      "for rehearsals: <step>=<file> holds an operation before that step while the file exists");
}

void AddCloneFlags(CLI::App& app, AgentFlags& flags) {
  app.add_flag("--mysql-clone-enabled", flags.mysql_clone_enabled, "CLONE may be used")
      ->capture_default_str();
  app.add_flag("--restore-with-clone", flags.restore_with_clone,
               "at start, provision this tablet by CLONE if it holds no data");
  app.add_flag("--clone-from-primary", flags.clone_from_primary, "donor: the shard's primary");
  Add(app, "clone-from-tablet", flags.clone_from_tablet, "donor: this tablet");
  app.add_flag("--clone-from-any", flags.clone_from_any,
               "donor: the best of the shard's tablets, a replica before the primary");
  Add(app, "clone-restart-wait-timeout", flags.clone_restart_wait_timeout,
      "bound on mysqld's restart after the copy");
  Add(app, "replicate-from", flags.replicate_from, "whom to follow afterwards: donor or primary");
  AddCloneBounds(app, flags);
  app.add_flag("--restore-from-backup", flags.restore_from_backup, "not with --restore-with-clone");
  Add(app, "restore-from-backup-ts", flags.restore_from_backup_ts, "not with clone");
  Add(app, "restore-to-pos", flags.restore_to_pos, "not with clone");
  Add(app, "restore-to-timestamp", flags.restore_to_timestamp, "not with clone");
  Add(app, "restore-from-backup-allowed-engines", flags.restore_from_backup_allowed_engines,
      "not with clone");
}

// Other users can read a process's arguments; what was a password there becomes x's.
void ScrubPasswords(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (!absl::StartsWith(argv[i], "--db-") || !absl::StrContains(argv[i], "-password") ||
        absl::StrContains(argv[i], "-password-file")) {
      continue;
    }
    char* value = std::strchr(argv[i], '=');
    if (value != nullptr) {
      ++value;
    } else if (i + 1 < argc) {
      value = argv[i + 1];
    } else {
      continue;
    }
    std::memset(value, 'x', std::strlen(value));
  }
}

}  // namespace

ParsedFlags ParseFlags(int argc, char** argv) {
  ParsedFlags parsed;
  CLI::App app{"graftd: registers this machine's tablet and rebuilds it with MySQL's CLONE"};
  app.set_config("--config-file", "", "file with flags, name = value a line; a flag wins");
  app.set_version_flag("--version", GRAFT_VERSION);
  AddTabletFlags(app, parsed.flags);
  AddMysqlFlags(app, parsed.flags);
  AddCloneFlags(app, parsed.flags);
  AddRepairFlags(app, parsed.flags);
  AddRehearsalFlags(app, parsed.flags);
  AddTopoFlags(app, parsed.flags.topo);
  Add(app, "log-level", parsed.flags.log_level, "debug, info, warning or error");
  Add(app, "log-format", parsed.flags.log_format, "text (logfmt) or json");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? 0 : 2;
  }
  ScrubPasswords(argc, argv);
  return parsed;
}

}  // namespace graft
