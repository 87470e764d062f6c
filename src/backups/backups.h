// The backups of one shard: which there are, which to take, whether one is good, which may go.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "backups/backup_storage.h"
#include "backups/manifest.h"

namespace graft {

struct Backup {
  std::string shard;  // "commerce/0"
  BackupName name;
  // OK: complete. NOT_FOUND: no MANIFEST, so it is incomplete, or is being made. Any other: the
  // MANIFEST cannot be read, or graft cannot restore such a backup.
  absl::Status state;
  std::string manifest_sha256;  // of its text
  Manifest manifest;            // as far as it could be read
  int64_t stored_bytes = 0;     // of all its files
  bool proves_content = false;  // it has graft's own hashes of what was compressed

  std::string folder() const { return shard + "/" + name.ToString(); }
};

// Oldest first. Folders whose names are no backup's are passed over. The storage's errors; an
// unreadable backup is in the list, and hides no other.
absl::StatusOr<std::vector<Backup>> ListBackups(BackupStorage& storage, const std::string& shard);

// What to look for in a list.
struct BackupChoice {
  std::string name;  // this one; empty: the newest complete one
  absl::Time not_after = absl::InfiniteFuture();
  absl::Time not_before = absl::InfinitePast();
};

// NOT_FOUND: there is none, and what there is instead; or the named one's own state.
absl::StatusOr<Backup> ChooseBackup(const std::vector<Backup>& backups, const BackupChoice& choice);

// How far the work on a backup is, for several threads.
struct BackupProgress {
  std::atomic<int64_t> bytes = 0;  // read: as stored, or, of a backup that is taken, of the server
  std::atomic<int64_t> files = 0;
  // Asked after each piece, from any thread: true ends the work with CANCELLED. nullptr: never.
  std::function<bool()> interrupted = nullptr;
};

// Passes bytes on, and counts them in `progress`. CANCELLED, see there.
class ProgressSink : public ByteSink {
 public:
  ProgressSink(BackupProgress& progress, ByteSink& next) : progress_(progress), next_(next) {}
  absl::Status Append(absl::string_view bytes) override;
  absl::Status Finish() override { return next_.Finish(); }

 private:
  BackupProgress& progress_;
  ByteSink& next_;
};

// Looks at one stored file: its bytes, uncompressed, go to `to`, which is finished too. `number` is
// its place in the MANIFEST. DATA_LOSS: it is missing or damaged; the text names the file.
absl::Status ReadBackupFile(BackupStorage& storage, const Backup& backup, size_t number,
                            const Contents& contents, ByteSink& to, BackupProgress& progress);

// Of GRAFT; empty if the backup has none. DATA_LOSS: it is damaged.
absl::StatusOr<Contents> ReadContents(BackupStorage& storage, const Backup& backup);

// Runs `work` for the numbers 0 to count-1 on at most `threads` threads; after an error no further
// one begins. The error of the lowest number.
absl::Status ForEachFile(size_t count, int threads,
                         const std::function<absl::Status(size_t)>& work);

// Reads all of a complete backup and compares every hash. Returns the faults, one a file, in the
// order of the files; empty: it is good. The storage's errors; a damaged file is no error.
absl::StatusOr<std::vector<std::string>> VerifyBackup(BackupStorage& storage, const Backup& backup,
                                                      int threads, BackupProgress& progress);

// Writes a complete backup's files into the empty folder `data_directory`, every Base into the same
// one, as my.cnf without innodb_data_home_dir and innodb_log_group_home_dir has it; mode 0640. All
// or nothing: the files come into it when all are whole, ibdata1 last, without which no mysqld
// starts. After a failure the folder is empty again; what a killed restore has left is removed by
// the next one. FAILED_PRECONDITION: it is not empty. RESOURCE_EXHAUSTED: there is not room enough,
// as GRAFT says before anything is written, or as the disk says. DATA_LOSS, and the storage's
// errors.
absl::Status RestoreFiles(BackupStorage& storage, const Backup& backup,
                          const std::string& data_directory, int threads, BackupProgress& progress);

struct Retention {
  absl::Duration min_time;  // what is younger stays
  int min_count = 1;        // so many complete ones stay, at least 1
};

// Those that may go, oldest first: complete ones beyond the newest `min_count` that are older than
// `min_time`; and incomplete ones of that age, if they are older than a day and than the newest
// complete one, since nobody makes those any more. What graft cannot read stays, and so does what
// is from the future, which is not counted either. INVALID_ARGUMENT: a count below 1.
absl::StatusOr<std::vector<Backup>> ChoosePruned(const std::vector<Backup>& backups,
                                                 const Retention& retention, absl::Time now);

// Its MANIFEST first: a backup that is half removed is an incomplete one.
absl::Status RemoveBackup(BackupStorage& storage, const Backup& backup);

}  // namespace graft
