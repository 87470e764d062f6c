// The flags that speak of backups.
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/flag_faults.h"
#include "agent/options.h"
#include "base/duration_flag.h"
#include "base/errors.h"

namespace graft {
namespace {

constexpr int kMostRestoreThreads = 256;

// As in a backup's name, UTC.
absl::StatusOr<absl::Time> ParseBackupTime(const std::string& text) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime("%Y-%m-%d.%H%M%S", text, absl::UTCTimeZone(), &time, &error)) return time;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no time of a backup, e.g. 2026-11-28.113000"));
}

// Refused as Vitess refuses them.
void CheckRestoreConflicts(const AgentFlags& flags, Faults& faults) {
  const TabletAgent::Options& tablet = flags.options.tablet;
  if (tablet.restore_from_backup && tablet.restore_with_clone) {
    faults.Add("--restore-from-backup and --restore-with-clone are mutually exclusive");
  }
  if (tablet.fallback_to_backup && !tablet.restore_with_clone) {
    faults.Add("--fallback-to-backup goes with --restore-with-clone");
  }
  const bool restores = tablet.restore_from_backup || tablet.fallback_to_backup;
  const std::pair<const char*, const std::string&> backup_only[] = {
      {"--restore-from-backup-ts", flags.restore_from_backup_ts},
      {"--restore-from-backup-max-age", flags.restore_from_backup_max_age}};
  for (const auto& [name, value] : backup_only) {
    if (value.empty() || restores) continue;
    faults.Add(absl::StrCat(name, " goes with --restore-from-backup or --fallback-to-backup"));
  }
  const std::pair<const char*, const std::string&> unknown[] = {
      {"--restore-from-backup-allowed-engines", flags.restore_from_backup_allowed_engines},
      {"--restore-to-pos", flags.restore_to_pos},
      {"--restore-to-timestamp", flags.restore_to_timestamp}};
  for (const auto& [name, value] : unknown) {
    if (value.empty()) continue;
    faults.Add(absl::StrCat(name, ": graft restores full backups of the engine builtin alone"));
  }
}

}  // namespace

void CheckRestore(const AgentFlags& flags, AgentOptions& options, Faults& faults) {
  CheckRestoreConflicts(flags, faults);
  RestoreOptions& restore = options.restore;
  const TabletAgent::Options& tablet = options.tablet;
  restore.shard = absl::StrCat(tablet.provisioner.keyspace, "/", tablet.provisioner.shard);
  const std::string& dir = flags.restore_dir.empty() ? options.state_dir : flags.restore_dir;
  restore.dir = absl::StrCat(dir, "/restored-", tablet.provisioner.alias.ToString());
  if (restore.threads < 1 || restore.threads > kMostRestoreThreads) {
    faults.Add(absl::StrCat("--restore-concurrency: ", restore.threads, " is not 1 to ",
                            kMostRestoreThreads));
  }
  const bool restores = tablet.restore_from_backup || tablet.fallback_to_backup;
  if (restores && !flags.restore_from_backup_ts.empty()) {
    faults.Take("--restore-from-backup-ts", ParseBackupTime(flags.restore_from_backup_ts),
                restore.not_after);
  }
  if (restores && !flags.restore_from_backup_max_age.empty()) {
    faults.Take("--restore-from-backup-max-age", ParseDuration(flags.restore_from_backup_max_age),
                restore.max_age);
  }
  const StorageOptions& storage = flags.storage;
  const bool named = storage.implementation != "file" || !storage.file_root.empty();
  if (!named && !restores) return;
  const absl::Status checked = CheckStorageOptions(storage);
  if (!checked.ok()) faults.Add(checked.message());
  restore.open = [storage] { return OpenStorage(storage); };
}

}  // namespace graft
