// What graft-backup does in the storage before and after it makes a backup.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "backup/make_backup.h"
#include "base/errors.h"

namespace graft {

std::string ShardOf(const BackupOptions& options) {
  const ProvisionerOptions& identity = options.agent.tablet.provisioner;
  return absl::StrCat(identity.keyspace, "/", identity.shard);
}

absl::StatusOr<std::optional<std::vector<Backup>>> FindDueBackup(const BackupOptions& options,
                                                                 BackupStorage& storage,
                                                                 absl::Time now) {
  const std::string shard = ShardOf(options);
  GRAFT_ASSIGN_OR_RETURN(std::vector<Backup> known, ListBackups(storage, shard));
  const absl::StatusOr<Backup> newest = ChooseBackup(known, {});
  if (!newest.ok() && !options.allow_first) {
    return absl::FailedPreconditionError(
        absl::StrCat(shard, " has no complete backup in ", NameOf(options.storage),
                     ": is that the right storage? --allow-first-backup makes the first one"));
  }
  if (!newest.ok() && !options.clones) {
    return absl::FailedPreconditionError(
        absl::StrCat(shard, " has no complete backup to begin with: use --restore-with-clone"));
  }
  if (!newest.ok()) return known;
  if (newest->name.time > now) {
    return absl::FailedPreconditionError(
        absl::StrCat("the backup ", newest->name.ToString(),
                     " is from the future: this machine's clock, or the one that made it, is off"));
  }
  if (now - newest->name.time < options.min_interval) return std::nullopt;
  return known;
}

TemporaryMysqld::Fill FillFromNewest(const BackupOptions& options, const std::vector<Backup>& known,
                                     BackupStorage& storage) {
  if (options.clones) return nullptr;
  return [&](const std::string& data_directory,
             const std::function<bool()>& interrupted) -> absl::Status {
    GRAFT_ASSIGN_OR_RETURN(const Backup newest, ChooseBackup(known, {}));
    BackupProgress progress;
    progress.interrupted = interrupted;
    storage.InterruptBy(interrupted);
    return Annotate(RestoreFiles(storage, newest, data_directory, options.take.threads, progress),
                    "the backup " + newest.name.ToString());
  };
}

absl::Status PruneBackups(const BackupOptions& options, BackupStorage& storage, Clock& clock,
                          Log& log) {
  if (!options.prunes) return absl::OkStatus();
  GRAFT_ASSIGN_OR_RETURN(const auto backups, ListBackups(storage, ShardOf(options)));
  GRAFT_ASSIGN_OR_RETURN(const auto pruned, ChoosePruned(backups, options.retention, clock.Now()));
  for (const Backup& backup : pruned) {
    GRAFT_RETURN_IF_ERROR(RemoveBackup(storage, backup));
    log.Info("removed a backup", {{"backup", backup.folder()}});
  }
  return absl::OkStatus();
}

absl::Status TryStorage(const BackupOptions& options, BackupStorage& storage) {
  const std::string path = absl::StrCat(ShardOf(options), "/",
                                        options.agent.tablet.provisioner.alias.ToString(), ".try");
  GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSink> file, storage.Create(path));
  GRAFT_RETURN_IF_ERROR(file->Append("can be written"));
  GRAFT_RETURN_IF_ERROR(file->Finish());
  return storage.RemoveFile(path);
}

absl::Status RemoveLeftBackup(BackupStorage& storage, WorkFolder& work, Log& log) {
  const std::string& folder = work.left_backup();
  if (folder.empty()) return absl::OkStatus();
  GRAFT_ASSIGN_OR_RETURN(const std::vector<StoredFile> files, storage.ListFiles(folder));
  const bool complete = std::any_of(files.begin(), files.end(), [](const StoredFile& file) {
    return file.name == kManifestName;
  });
  if (!complete) {
    log.Info("removing what a graft-backup that was killed had begun", {{"backup", folder}});
    GRAFT_RETURN_IF_ERROR(storage.RemoveFolder(folder));
  }
  work.ForgetLeftBackup();
  return absl::OkStatus();
}

}  // namespace graft
