#include <CLI/CLI.hpp>
#include <cstring>
#include <string>

#include "absl/strings/match.h"
#include "agent/options.h"
#include "backups/storage_flags.h"
#include "command_line/command_line.h"
#include "topo_open/topo_flags.h"

namespace graft {
namespace {

constexpr char kExitCodes[] =
    "Exit status:\n"
    "  0  stopped by SIGTERM or SIGINT\n"
    "  1  it could not start; its log says why\n"
    "  2  usage error, or options that do not fit together\n";

// The value's kind is a word for people, "DURATION", or the list of its values, "donor|primary".
// CheckFlags() judges the values, so that all faults are reported at once.
template <typename T>
CLI::Option* Add(CLI::App& app, const std::string& name, T& target, const std::string& kind,
                 const std::string& text) {
  return app.add_option("--" + name, target, text)->capture_default_str()->type_name(kind);
}

void AddTabletFlags(CLI::App& app, AgentFlags& flags) {
  app.option_defaults()->group("Tablet");
  AgentOptions& options = flags.options;
  ProvisionerOptions& tablet = options.tablet.provisioner;
  Add(app, "tablet-path", flags.tablet_path, "ALIAS", "alias of this tablet, <cell>-<uid>");
  Add(app, "tablet-hostname", options.tablet.hostname, "HOST",
      "name others reach it by; default: FQDN");
  Add(app, "init-keyspace", tablet.keyspace, "KEYSPACE", "keyspace of the tablet");
  Add(app, "init-shard", tablet.shard, "SHARD", "shard of the tablet");
  Add(app, "init-tablet-type", flags.init_tablet_type, "replica|rdonly|experimental|spare",
      "its type in the topology while it serves");
  Add(app, "init-timeout", flags.init_timeout, "DURATION", "how long to try to register at start");
  Add(app, "bind-address", options.bind_address, "ADDRESS",
      "address the ports listen on; default: all");
  Add(app, "port", options.port, "PORT", "port of HTTP: metrics and status; 0: any free one");
  Add(app, "grpc-port", options.grpc_port, "PORT", "port of the API; 0: any free one");
  Add(app, "state-dir", options.state_dir, "DIR",
      "where the journal lives, outside of mysqld's data directory; default: "
      "$VTDATAROOT/vt_<uid>/graft");
}

void AddAccount(CLI::App& app, const std::string& name, AgentFlags::Account& account,
                const std::string& role) {
  Add(app, "db-" + name + "-user", account.user, "USER", role);
  Add(app, "db-" + name + "-password", account.password, "PASSWORD",
      "its password; prefer a file, a command line can be read by others");
  Add(app, "db-" + name + "-password-file", account.password_file, "FILE",
      "file with its password");
  AddSwitch(app, "db-" + name + "-use-ssl", account.use_ssl, "TLS for it");
}

void AddMysqlFlags(CLI::App& app, AgentFlags& flags) {
  app.option_defaults()->group("MySQL");
  ConnectionOptions& mysql = flags.options.mysql;
  Add(app, "db-socket", mysql.socket, "FILE",
      "socket of the local mysqld; default: $VTDATAROOT/vt_<uid>/mysql.sock");
  Add(app, "db-host", mysql.address.host, "HOST", "host of the local mysqld, if not by socket");
  app.add_option("--db-port", mysql.address.port, "its port")->type_name("PORT");
  Add(app, "db-ssl-ca", mysql.ssl_ca, "FILE", "CA that must have signed the servers' certificates");
  Add(app, "db-credentials-file", flags.db_credentials_file, "FILE",
      "JSON file {\"user\": [\"password\"]}, as Vitess's");
  AddAccount(app, "dba", flags.dba, "account on the local mysqld");
  AddAccount(app, "repl", flags.repl, "account on the replication source");
  AddAccount(app, "clone", flags.clone, "account on the donor");
}

void AddDonorFlags(CLI::App& app, AgentFlags& flags) {
  app.option_defaults()->group("Donor");
  AddSwitch(app, "clone-from-primary", flags.clone_from_primary, "donor: the shard's primary");
  Add(app, "clone-from-tablet", flags.clone_from_tablet, "ALIAS", "donor: this tablet");
  AddSwitch(app, "clone-from-any", flags.clone_from_any,
            "donor: the best of the shard's tablets; the primary if nobody else can be");
  Add(app, "donors", flags.donors, "KINDS",
      "with --clone-from-any: primary,replica counts the primary among the others; replica never "
      "copies it");
  Add(app, "primary-donor-after", flags.primary_donor_after, "DURATION",
      "with --clone-from-any: after so long in line the primary counts among the others; 0: never");
  Add(app, "replicate-from", flags.replicate_from, "donor|primary|primary-or-donor",
      "replication source after the clone; else the donor, or with a donor that was found for it "
      "the primary, if there is one that answers");
  Add(app, "clone-donor-wait-timeout", flags.clone_donor_wait_timeout, "DURATION",
      "how long to stand in line for a donor without getting nearer to one");
}

void AddCloneFlags(CLI::App& app, AgentFlags& flags) {
  app.option_defaults()->group("Clone");
  AddSwitch(app, "mysql-clone-enabled", flags.mysql_clone_enabled, "CLONE may be used");
  AddSwitch(app, "restore-with-clone", flags.options.tablet.restore_with_clone,
            "at start, provision this tablet by CLONE if it holds no data");
  Add(app, "clone-restart-wait-timeout", flags.clone_restart_wait_timeout, "DURATION",
      "bound on mysqld's restart after the copy");
  Add(app, "clone-max-attempts", flags.options.tablet.provisioner.max_attempts, "N",
      "attempts of one operation, with the next donor if the request allows one");
  Add(app, "clone-stall-timeout", flags.clone_stall_timeout, "DURATION",
      "end a copy that gets no byte for so long; 0: never");
  Add(app, "clone-donor-gone-timeout", flags.clone_donor_gone_timeout, "DURATION",
      "end a copy whose donor is unreachable for so long; 0: when MySQL itself gives up");
  Add(app, "clone-catch-up-stall-timeout", flags.clone_catch_up_stall_timeout, "DURATION",
      "catching up is given up when nothing moves for so long, and no transaction is being "
      "applied; "
      "0: never");
  Add(app, "mysqld-start-command", flags.options.start_command, "COMMAND",
      "shell command that starts mysqld if no supervisor restarts it after the copy");
}

void AddCloneSettings(CLI::App& app, AgentFlags& flags) {
  CloneSettings& settings = flags.options.tablet.defaults.settings;
  Allowances& allow = flags.options.tablet.defaults.allow;
  app.add_option("--clone-max-data-bandwidth", settings.max_data_bandwidth_mib,
                 "MiB/s of every clone, 0: without bound; default: as the server has it")
      ->type_name("MIB");
  app.add_option("--clone-max-network-bandwidth", settings.max_network_bandwidth_mib,
                 "MiB/s of every clone on the network, as above")
      ->type_name("MIB");
  app.add_option("--clone-max-concurrency", settings.max_concurrency,
                 "threads of every clone, 1 to 128; default: as the server has it")
      ->type_name("N");
  AddSwitch(app, "clone-enable-compression", flags.clone_enable_compression,
            "compress every clone on the network");
  AddSwitch(app, "clone-block-ddl", flags.clone_block_ddl,
            "block DDL on the donor for as long as it copies");
  AddSwitch(app, "allow-non-innodb", allow.non_innodb,
            "clone though tables of other engines arrive empty");
  app.add_option("--allow-unchecked", flags.allow_unchecked,
                 "clone though the facts of these checks cannot be read: DISK_SPACE,…, or all")
      ->delimiter(',')
      ->type_name("CHECKS");
}

void AddRepairFlags(CLI::App& app, AgentFlags& flags) {
  app.option_defaults()->group("Repair");
  app.add_option("--reprovision-on-replication-error", flags.reprovision_on_replication_error,
                 "rebuild this tablet when its replication stops with one of these MySQL errors, "
                 "e.g. 1032,1062; default: never")
      ->delimiter(',')
      ->type_name("ERRORS");
  Add(app, "reprovision-delay", flags.reprovision_delay, "DURATION",
      "how long the error must last before the rebuild");
  Add(app, "reprovision-daily-limit", flags.options.repair.daily_limit, "N",
      "rebuilds of this kind within 24 hours");
}

void AddBackupFlags(CLI::App& app, AgentFlags& flags) {
  app.option_defaults()->group("Backups");
  TabletAgent::Options& tablet = flags.options.tablet;
  RestoreOptions& restore = flags.options.restore;
  AddSwitch(app, "restore-from-backup", tablet.restore_from_backup,
            "at start, provision this tablet from the newest backup if it holds no data");
  Add(app, "restore-from-backup-ts", flags.restore_from_backup_ts, "TIME",
      "take the newest backup of that time or before, e.g. 2026-11-28.113000");
  Add(app, "restore-from-backup-max-age", flags.restore_from_backup_max_age, "DURATION",
      "take no backup that is older; default: of any age");
  AddSwitch(app, "fallback-to-backup", tablet.fallback_to_backup,
            "with --restore-with-clone: restore a backup if no tablet can be the donor");
  Add(app, "restore-concurrency", restore.threads, "N", "files at the same time");
  Add(app, "restore-dir", flags.restore_dir, "DIR",
      "where a backup is restored to before it is copied, with room for all of it; default: "
      "--state-dir");
  Add(app, "mysqld", restore.mysqld, "FILE",
      "mysqld that serves a restored backup; default: $GRAFT_MYSQL_HOME/bin/mysqld or "
      "sbin/mysqld, else of PATH");
  AddStorageFlags(app, flags.storage);
}

// Taken so that a vttablet's command line is understood, and refused with the reason.
void AddRefusedFlags(CLI::App& app, AgentFlags& flags) {
  app.option_defaults()->group("Refused: graft restores full backups of the engine builtin");
  Add(app, "restore-to-pos", flags.restore_to_pos, "GTIDS", "not with graft");
  Add(app, "restore-to-timestamp", flags.restore_to_timestamp, "TIME", "not with graft");
  Add(app, "restore-from-backup-allowed-engines", flags.restore_from_backup_allowed_engines,
      "ENGINES", "not with graft");
}

void AddOtherFlags(CLI::App& app, AgentFlags& flags) {
  app.option_defaults()->group("Log and rehearsals");
  Add(app, "log-level", flags.log_level, "debug|info|warning|error", "lines below are not written");
  Add(app, "log-format", flags.log_format, "text|json", "text is logfmt");
  Add(app, "hold-before-step", flags.hold_before_step, "STEP=FILE",
      "for rehearsals: holds an operation before that step while the file exists");
}

// Other users can read a process's arguments, so each password there becomes x's.
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

void AddFlags(CLI::App& app, AgentFlags& flags) {
  app.set_config("--config-file", "", "file with flags, name = value a line; a flag wins")
      ->type_name("FILE");
  app.footer(kExitCodes);
  AddTabletFlags(app, flags);
  AddTopoFlags(app, flags.options.topo);
  AddMysqlFlags(app, flags);
  AddDonorFlags(app, flags);
  AddCloneFlags(app, flags);
  AddCloneSettings(app, flags);
  AddBackupFlags(app, flags);
  AddRepairFlags(app, flags);
  AddOtherFlags(app, flags);
  AddRefusedFlags(app, flags);
  app.option_defaults()->group("Options");
  NameVariables(app);
  AddDocuments(app);
}

}  // namespace

ParsedFlags ParseFlags(int argc, char** argv) {
  ParsedFlags parsed;
  CLI::App app{"graftd: registers this machine's tablet and rebuilds it with MySQL's CLONE",
               "graftd"};
  AddFlags(app, parsed.flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? 0 : 2;
  }
  if (!parsed.exit_code.has_value()) parsed.given = GivenOptions(app, argc, argv);
  ScrubPasswords(argc, argv);
  return parsed;
}

}  // namespace graft
