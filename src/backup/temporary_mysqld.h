// The temporary mysqld that graft-backup fills and backs up, and the folder that it lies in.
//
//   <work>/graft-backup.lock   held while a graft-backup works here; says that the folder is ours
//   <work>/server/             a tablet's directory, as of graft-mysqld
//   <work>/journal/            of the clone
//   <work>/storing             the backup's folder in the storage, while it is written
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/files.h"
#include "graft/clock.h"
#include "mysqld/commands.h"

namespace graft {

// The work folder, empty but for its lock. What a graft-backup that was killed has left there is
// removed first; a mysqld of it is killed. The destructor removes all that
// was made.
class WorkFolder {
 public:
  // FAILED_PRECONDITION: another graft-backup works there, a mysqld of an earlier one does not end,
  // or there is something that no graft-backup has made. UNAVAILABLE: it cannot be used.
  static absl::StatusOr<std::unique_ptr<WorkFolder>> Open(Clock& clock, const std::string& path);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  std::string server() const { return path_ + "/server"; }
  std::string journal() const { return path_ + "/journal"; }

  // Whether a graft-backup that was killed had left something, which is removed.
  bool cleaned() const { return cleaned_; }

  // Remembers a backup's folder in the storage, so that the next graft-backup can remove it if this
  // one is killed before the backup is complete.
  absl::Status NoteBackup(const std::string& folder) const;
  // What a killed one has noted, until it is forgotten; empty: nothing.
  const std::string& left_backup() const { return left_backup_; }
  void ForgetLeftBackup() { left_backup_.clear(); }

 private:
  WorkFolder(std::string path, std::string made) : path_(std::move(path)), made_(std::move(made)) {}

  const std::string path_;
  // The highest folder that was made for it, by this graft-backup or by one that was killed; empty:
  // the folder was there.
  const std::string made_;
  bool cleaned_ = false;
  std::optional<FileLock> lock_;
  std::string left_backup_;
};

// mysqld with its parent, graft-mysqld's code, in a process of their own. They end when this
// process ends, however that happens.
class TemporaryMysqld {
 public:
  // Fills the data directory instead of what mysqld has initialised there; nullptr: that stays.
  // `interrupted` may be asked from several threads: whether to give up.
  using Fill = std::function<absl::Status(const std::string& data_directory,
                                          const std::function<bool()>& interrupted)>;

  // Makes the tablet's directory `options.my_cnf.paths.dir`, then runs mysqld on it. Forks, so no
  // other thread may have been started before; `fill` is called in the child. Returns at once.
  // UNAVAILABLE: it cannot fork.
  static absl::StatusOr<std::unique_ptr<TemporaryMysqld>> Start(const InitOptions& options,
                                                                const Fill& fill);
  ~TemporaryMysqld();

  // UNAVAILABLE: it has ended by itself; its last error lines. Else why it could not begin, as
  // `fill` and graft-mysqld say.
  absl::Status CheckRuns();
  // Asks mysqld to end and waits until it has; kills it after `patience`. UNAVAILABLE: it did not
  // end cleanly.
  absl::Status Stop(absl::Duration patience);

 private:
  TemporaryMysqld(pid_t pid, TabletPaths paths) : pid_(pid), paths_(std::move(paths)) {}
  bool HasEnded();
  absl::Status Ended(int wait_status);

  pid_t pid_;
  const TabletPaths paths_;
  absl::Status end_;
};

}  // namespace graft
