// ProgressLog: logs how far a part of the work on a backup is, every five seconds, for as long as
// it lives, and tells the status. Its arguments must outlive it.
#pragma once

#include <string>
#include <thread>

#include "backup/backup_status.h"
#include "backups/backups.h"
#include "graft/clock.h"
#include "log/log.h"

namespace graft {

class ProgressLog {
 public:
  // `expected`: bytes.
  ProgressLog(Log& log, Clock& clock, std::string message, const BackupProgress& progress,
              int64_t expected, BackupStatus& status);
  ~ProgressLog();

 private:
  void Tell() const;

  Log& log_;
  BackupStatus& status_;
  Clock& clock_;
  const std::string message_;
  const BackupProgress& progress_;
  const int64_t expected_;
  const absl::Time began_;
  Cancellation ended_;
  std::thread thread_;
};

}  // namespace graft
