#include <CLI/CLI.hpp>

#include "backups/storage_flags.h"
#include "base/duration_flag.h"
#include "cli/graftctl.h"

namespace graft::cli {
namespace {

template <typename T>
CLI::Option* AddValue(CLI::App& command, const char* name, T& target, const char* kind,
                      const std::string& text) {
  return command.add_option(name, target, text)->type_name(kind);
}

// A command on the backups of one shard.
CLI::App* AddBackupCommand(CLI::App& backups, const char* name, const char* help,
                           BackupCall::Kind kind, GraftctlFlags& flags) {
  CLI::App* added = backups.add_subcommand(name, help);
  added->callback([kind, &flags] {
    flags.command = Command::kBackups;
    flags.backups.kind = kind;
  });
  added->add_option("SHARD", flags.backups.shard, "keyspace/shard")->required();
  AddStorageFlags(*added, flags.backups.storage);
  return added;
}

void AddPrune(CLI::App& backups, GraftctlFlags& flags) {
  Retention& retention = flags.backups.retention;
  CLI::App* prune =
      AddBackupCommand(backups, "prune", "remove old backups, but never the newest complete one",
                       BackupCall::Kind::kPrune, flags);
  prune
      ->add_option_function<std::string>(
          "--min-retention-time",
          [&retention](const std::string& text) {
            const absl::StatusOr<absl::Duration> time = ParseDuration(text);
            if (!time.ok()) throw CLI::ValidationError(std::string(time.status().message()));
            retention.min_time = *time;
          },
          "what is younger stays")
      ->required()
      ->type_name("DURATION");
  AddValue(*prune, "--min-retention-count", retention.min_count, "N",
           "so many complete ones stay, whatever their age")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  prune->add_flag("--dry-run", flags.backups.dry_run, "say what would be removed, remove nothing");
}

}  // namespace

void AddBackupCommands(CLI::App& app, GraftctlFlags& flags) {
  using Kind = BackupCall::Kind;
  BackupCall& call = flags.backups;
  CLI::App* backups =
      app.add_subcommand("backups", "look at the backups of a shard, also Vitess's, and use them");
  backups->require_subcommand(1);
  AddBackupCommand(*backups, "list", "the backups, oldest first, and how they are", Kind::kList,
                   flags);
  CLI::App* verify = AddBackupCommand(
      *backups, "verify", "read all of a backup and compare every hash", Kind::kVerify, flags);
  CLI::App* restore =
      AddBackupCommand(*backups, "restore", "write a backup's files into an empty data directory",
                       Kind::kRestore, flags);
  for (CLI::App* command : {verify, restore}) {
    command->add_option("BACKUP", call.name, "without it the newest complete one");
    AddValue(*command, "--concurrency", call.threads, "N", "files at the same time")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
  }
  AddValue(*restore, "--to", call.to, "DIR", "an empty folder: a stopped mysqld's data directory")
      ->required();
  AddBackupCommand(*backups, "remove", "remove one backup", Kind::kRemove, flags)
      ->add_option("BACKUP", call.name, "its name")
      ->required();
  AddPrune(*backups, flags);
}

}  // namespace graft::cli
