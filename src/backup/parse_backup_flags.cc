#include <CLI/CLI.hpp>

#include "backup/backup_flags.h"
#include "backups/storage_flags.h"
#include "cli/output.h"
#include "command_line/command_line.h"
#include "topo_open/topo_flags.h"

namespace graft {
namespace {

constexpr int kUsageError = 2;

template <typename T>
CLI::Option* AddValue(CLI::App& app, const std::string& name, T& target, const std::string& kind,
                      const std::string& text) {
  return app.add_option("--" + name, target, text)->capture_default_str()->type_name(kind);
}

void AddShardFlags(CLI::App& app, BackupFlags& flags) {
  app.option_defaults()->group("Shard and donor");
  AgentFlags& agent = flags.agent;
  ProvisionerOptions& tablet = agent.options.tablet.provisioner;
  AddValue(app, "init-keyspace", tablet.keyspace, "KEYSPACE", "keyspace of the backup");
  AddValue(app, "init-shard", tablet.shard, "SHARD", "shard of the backup");
  AddSwitch(app, "restore-with-clone", agent.options.tablet.restore_with_clone,
            "begin with a CLONE of a tablet, not with the newest backup");
  AddSwitch(app, "mysql-clone-enabled", agent.mysql_clone_enabled, "CLONE may be used");
  AddSwitch(app, "clone-from-primary", agent.clone_from_primary, "donor: the shard's primary");
  AddValue(app, "clone-from-tablet", agent.clone_from_tablet, "ALIAS", "donor: this tablet");
  AddSwitch(app, "clone-from-any", agent.clone_from_any,
            "donor: the best of the shard's tablets; the primary if nobody else can be");
  AddValue(app, "clone-donor-wait-timeout", agent.clone_donor_wait_timeout, "DURATION",
           "how long to stand in line for a donor without getting nearer to one");
  AddValue(app, "clone-catch-up-stall-timeout", agent.clone_catch_up_stall_timeout, "DURATION",
           "catching up is given up when nothing moves for so long; 0: never");
  app.add_option("--clone-max-network-bandwidth",
                 agent.options.tablet.defaults.settings.max_network_bandwidth_mib,
                 "MiB/s of the clone on the network, 0: without bound")
      ->type_name("MIB");
  AddSwitch(app, "allow-non-innodb", agent.options.tablet.defaults.allow.non_innodb,
            "though tables of other engines arrive empty");
}

void AddBackupAccount(CLI::App& app, const std::string& name, AgentFlags::Account& account,
                      const std::string& role) {
  AddValue(app, "db-" + name + "-user", account.user, "USER", role);
  AddValue(app, "db-" + name + "-password-file", account.password_file, "FILE",
           "file with its password");
  AddSwitch(app, "db-" + name + "-use-ssl", account.use_ssl, "TLS for it");
}

void AddServerFlags(CLI::App& app, BackupFlags& flags) {
  app.option_defaults()->group("Temporary mysqld");
  AddValue(app, "work-dir", flags.options.work_dir, "DIR",
           "where it lies, with room for all of the data; removed at the end; default: "
           "$VTDATAROOT/graft-backup-<keyspace>-<shard>");
  AddValue(app, "mysqld", flags.mysqld, "FILE",
           "path of mysqld; default: $GRAFT_MYSQL_HOME/bin/mysqld or sbin/mysqld, else of PATH");
  app.add_option("--extra-my-cnf", flags.extra_my_cnf,
                 "a file whose text is added to its my.cnf: what the donor's data needs")
      ->type_name("FILE");
  AddValue(app, "db-credentials-file", flags.agent.db_credentials_file, "FILE",
           "JSON file {\"user\": [\"password\"]}, as Vitess's");
  AddBackupAccount(app, "dba", flags.agent.dba, "account on it, which must be on the donor too");
  AddBackupAccount(app, "repl", flags.agent.repl, "account on the replication source");
  AddBackupAccount(app, "clone", flags.agent.clone, "account on the donor");
  AddSwitch(app, "upgrade-safe", flags.options.upgrade_safe,
            "end it with innodb_fast_shutdown=0: a newer MySQL can start on the backup");
  AddSwitch(app, "disable-redo-log", flags.options.disable_redo_log,
            "without InnoDB's redo log while it catches up; enabled again before it ends");
}

void AddTakeFlags(CLI::App& app, BackupFlags& flags) {
  app.option_defaults()->group("Backup");
  BackupOptions& options = flags.options;
  AddStorageFlags(app, options.storage);
  AddValue(app, "compression-engine-name", flags.compression, "zstd|pargzip|lz4|none",
           "what the files are compressed with");
  AddValue(app, "compression-level", options.take.level, "N", "its level")->check(CLI::Range(1, 9));
  AddValue(app, "concurrency", options.take.threads, "N", "files at the same time");
  AddSwitch(app, "allow-first-backup", options.allow_first,
            "make the shard's first backup; without it a storage without any is an error");
  AddValue(app, "min-backup-interval", flags.min_interval, "DURATION",
           "do nothing if the newest complete backup is younger");
  AddValue(app, "min-retention-time", flags.min_retention_time, "DURATION",
           "afterwards remove backups that are older; 0: none");
  AddValue(app, "min-retention-count", options.retention.min_count, "N",
           "but keep so many complete ones");
  AddValue(app, "keep-alive-timeout", flags.keep_alive, "DURATION",
           "after a success wait so long before the end, or until SIGTERM");
}

void AddOtherFlags(CLI::App& app, BackupFlags& flags) {
  app.option_defaults()->group("Log and progress");
  AddSwitch(app, "watch", flags.options.watch,
            "show percent, speed and time left as a terminal's last line");
  app.add_option("--port", flags.options.http_port,
                 "port of HTTP: /metrics, /debug/status, /healthz; 0: any free one; default: none")
      ->type_name("PORT");
  AddValue(app, "bind-address", flags.agent.options.bind_address, "ADDRESS",
           "address that port listens on; default: all");
  AddValue(app, "log-level", flags.agent.log_level, "debug|info|warning|error",
           "lines below are not written");
  AddValue(app, "log-format", flags.agent.log_format, "text|json", "text is logfmt");
}

}  // namespace

ParsedBackupFlags ParseBackupFlags(int argc, char** argv) {
  ParsedBackupFlags parsed;
  BackupFlags& flags = parsed.flags;
  CLI::App app{"graft-backup: makes a fresh backup of a shard by MySQL's CLONE, and ends",
               "graft-backup"};
  app.set_config("--config-file", "", "file with flags, name = value a line; a flag wins")
      ->type_name("FILE");
  app.footer(std::string(cli::ExitCodeHelp()));
  AddShardFlags(app, flags);
  AddTopoFlags(app, flags.agent.options.topo);
  AddServerFlags(app, flags);
  AddTakeFlags(app, flags);
  AddOtherFlags(app, flags);
  app.option_defaults()->group("Options");
  NameVariables(app);
  AddDocuments(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? 0 : kUsageError;
  }
  if (!parsed.exit_code.has_value()) parsed.given = GivenOptions(app, argc, argv);
  return parsed;
}

}  // namespace graft
