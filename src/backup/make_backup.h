// A fresh backup of a shard: a temporary mysqld gets a clone, or the newest backup; it replicates
// up to where the primary was then; and its files go into the storage.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/options.h"
#include "backup/backup_status.h"
#include "backup/temporary_mysqld.h"
#include "backups/backups.h"
#include "backups/storage_options.h"
#include "backups/take_backup.h"
#include "graft/clock.h"
#include "log/log.h"

namespace graft {

struct BackupOptions {
  AgentOptions agent;  // topology, accounts, donor, limits and log; its tablet is the backup's own
  InitOptions server;  // the temporary mysqld
  bool clones = true;  // else the temporary mysqld begins with the newest backup
  std::string work_dir;
  StorageOptions storage;
  TakeOptions take;
  bool prunes = false;  // by `retention`
  Retention retention;
  absl::Duration min_interval;    // nothing is done while the newest complete backup is younger
  bool allow_first = false;       // the shard may have none yet
  bool upgrade_safe = false;      // end mysqld so that a newer one can start on the data
  bool disable_redo_log = false;  // of the temporary mysqld, while it catches up
  std::optional<int> http_port;   // of /metrics, /debug/status and /healthz; nullopt: none
  bool watch = false;             // the status as a terminal's last line
  absl::Duration keep_alive;      // how long to wait at the end of a success
};

std::string ShardOf(const BackupOptions& options);  // "commerce/0"

// Whether a backup is due: before anything is made. FAILED_PRECONDITION: the shard has none and
// `allow_first` is not set, or there is none to begin with; or a backup's name is from the future.
// Returns the backups there are; nullopt: the newest complete one is younger than `min_interval`.
absl::StatusOr<std::optional<std::vector<Backup>>> FindDueBackup(const BackupOptions& options,
                                                                 BackupStorage& storage,
                                                                 absl::Time now);

// What fills the temporary mysqld before its start; nullptr: CLONE will. For TemporaryMysqld.
TemporaryMysqld::Fill FillFromNewest(const BackupOptions& options, const std::vector<Backup>& known,
                                     BackupStorage& storage);

// Makes the backup, and reads it back before it counts as complete. CANCELLED: `interrupt`.
// FAILED_PRECONDITION: the clone's checks refused it, the server has files elsewhere, or the new
// data lacks transactions of the newest backup; nothing was written. DATA_LOSS or UNAVAILABLE with
// the table's name: it cannot be read; nothing was written. DATA_LOSS: what was written
// does not read back; it is removed. Others as of the clone, the storage and the servers. Whatever
// fails, older backups stay as they are.
absl::StatusOr<Backup> MakeBackup(const BackupOptions& options, BackupStorage& storage,
                                  TemporaryMysqld& mysqld, const WorkFolder& work, Clock& clock,
                                  Log& log, BackupStatus& status, Cancellation& interrupt);

// Removes the backups that may go by now, if that is asked for.
absl::Status PruneBackups(const BackupOptions& options, BackupStorage& storage, Clock& clock,
                          Log& log);

// Whether the storage can be written, before anything else is begun.
absl::Status TryStorage(const BackupOptions& options, BackupStorage& storage);

// What a graft-backup that was killed had begun in the storage; a complete one stays.
absl::Status RemoveLeftBackup(BackupStorage& storage, WorkFolder& work, Log& log);

}  // namespace graft
