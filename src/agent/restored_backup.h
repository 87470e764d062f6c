// RestoredBackup: a backup restored beside the tablet's data, and the mysqld that serves it on the
// loopback interface. See graft/backup_donor.h.
//
//   <dir>/backup         which backup lies there, once it is whole, and its position
//   <dir>/my.cnf, data/, mysql.sock, mysqld.pid, error.log
//
// The server outlives the agent, so that a copy goes on while the agent is restarted.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "backups/backups.h"
#include "graft/backup_donor.h"
#include "graft/clock.h"
#include "mysqld/tablet_dir.h"

namespace graft {

struct RestoreOptions {
  std::function<absl::StatusOr<std::unique_ptr<BackupStorage>>()> open;  // nullptr: no storage
  std::string shard;                                                     // "commerce/0"
  std::string dir;     // this tablet's alone; made when needed, and removed
  std::string mysqld;  // as of --mysqld
  int threads = 4;
  absl::Time not_after = absl::InfiniteFuture();      // of a backup that is not named
  absl::Duration max_age = absl::InfiniteDuration();  // likewise
};

class RestoredBackup : public BackupDonor {
 public:
  RestoredBackup(Clock& clock, RestoreOptions options);
  ~RestoredBackup() override;

  absl::StatusOr<std::string> Choose(const std::string& name) override;
  void Begin(const std::string& backup,
             const std::map<std::string, std::string>& variables) override;
  BackupDonorState Look() override;
  std::string folder() const override { return paths_.dir; }
  void Stop() override;
  absl::Status Remove() override;

 private:
  absl::Status Run(const std::string& backup, const std::map<std::string, std::string>& variables);
  absl::StatusOr<std::unique_ptr<BackupStorage>> Open() const;
  // Its position.
  absl::StatusOr<std::string> Restore(const std::string& backup);
  absl::StatusOr<Backup> Find(BackupStorage& storage, const BackupChoice& choice);
  absl::Status Serve(const std::string& mysqld,
                     const std::map<std::string, std::string>& variables);
  absl::Status WriteMyCnf(const std::string& mysqld,
                          const std::map<std::string, std::string>& variables) const;
  absl::Status AwaitServer();
  absl::Status KillServer();
  bool HasEnded();
  absl::Status Wait();

  Clock& clock_;
  const RestoreOptions options_;
  const TabletPaths paths_;
  pid_t child_ = 0;  // the server, if this process has started it
  std::unique_ptr<Cancellation> interrupt_;
  BackupProgress progress_;
  std::thread thread_;
  absl::Mutex mutex_;
  bool runs_ ABSL_GUARDED_BY(mutex_) = false;
  BackupDonorState state_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
