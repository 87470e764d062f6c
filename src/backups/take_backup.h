// Writing a new backup of a data directory whose mysqld has been stopped.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "backups/backups.h"
#include "graft/clock.h"

namespace graft {

// A file to back up, with its place on the disk.
struct SourceFile {
  BackupFile file;
  std::string path;
  int64_t bytes = 0;
};

struct SourceFiles {
  std::vector<SourceFile> files;           // the largest first: each takes a thread for longest
  std::vector<std::string> empty_folders;  // see Contents
};

// What of a data directory belongs into a backup, as Vitess chooses: the system tablespaces, the
// undo tablespaces and the redo log of InnoDB, and every database. Not: logs, temporary
// tablespaces, what is this one server's (auto.cnf, mysqld-auto.cnf, keys). FAILED_PRECONDITION: a
// link, whose files would be missed; or no InnoDB data. UNAVAILABLE: it cannot be read.
// `system_files`: the names that innodb_data_file_path has, "ibdata1".
absl::StatusOr<SourceFiles> ListSourceFiles(const std::string& data_directory,
                                            const std::vector<std::string>& system_files);

struct TakeOptions {
  Compression compression = Compression::kZstd;
  int level = 1;  // of the compression
  int threads = 4;
};

// Writes the files, then GRAFT; and MANIFEST once `check` finds all of them good, as of a backup
// that nobody else sees yet. `manifest` has what is known of the server and the
// time; its name, files and compression are set here. A file that fails is tried once more. After
// a failure the folder is removed again. ALREADY_EXISTS: there is a backup of that name. Returns
// the backup as ListBackups would.
absl::StatusOr<Backup> TakeBackup(BackupStorage& storage, const SourceFiles& source,
                                  Manifest manifest, const TakeOptions& options, Clock& clock,
                                  BackupProgress& progress,
                                  const std::function<absl::Status(const Backup&)>& check);

}  // namespace graft
