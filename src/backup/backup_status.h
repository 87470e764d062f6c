// BackupStatus: how far graft-backup is, for the metrics, the status page and the terminal. The
// phases are Vitess's, as vtbackup's metric has them. Safe for use from several threads.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "backups/backups.h"
#include "graft/clock.h"
#include "graft/operation.h"
#include "http/http_server.h"

namespace graft {

enum class BackupPhase { kNone, kRestoreLastBackup, kCatchupReplication, kTakeNewBackup };
inline constexpr int kBackupPhaseCount = 4;
absl::string_view BackupPhaseName(BackupPhase phase);  // "TakeNewBackup"; empty: none yet

class BackupStatus : public Observer {
 public:
  BackupStatus(Clock& clock, std::string shard) : clock_(clock), shard_(std::move(shard)) {}

  // `work`: in words, "reading the backup".
  void Enter(BackupPhase phase, const std::string& work);
  // The present work's bytes; nullptr: no more known. `progress` must live until then.
  void Count(const BackupProgress* progress, int64_t expected);
  void End(const absl::Status& status);

  // Of the clone.
  void OnStep(const Operation& operation) override { Saw(operation); }
  void OnProgress(const Operation& operation) override { Saw(operation); }
  void OnEnd(const Operation& operation) override { Saw(operation); }

  // "RestoreLastBackup: clone, 48.0 %, 1.2 GiB of 2.5 GiB, 300 MiB/s, 4s left".
  std::string Line() const;
  std::string Page() const;     // for people
  std::string Metrics() const;  // in Prometheus's text format

 private:
  struct View {
    BackupPhase phase = BackupPhase::kNone;
    std::string work;
    absl::Time began = absl::InfinitePast();       // of the phase
    absl::Time work_began = absl::InfinitePast();  // of the work
    const BackupProgress* counted = nullptr;
    std::optional<double> percent;
    int64_t bytes_done = 0;
    int64_t bytes_expected = 0;
    double bytes_per_second = 0;
    std::optional<absl::Duration> eta;
  };
  void Saw(const Operation& operation);
  View Look() const;

  Clock& clock_;
  const std::string shard_;
  mutable absl::Mutex mutex_;
  View view_ ABSL_GUARDED_BY(mutex_);
};

// /metrics, /debug/status and /healthz, as graftd has them. Codes as of MakeHttpServer.
absl::StatusOr<std::unique_ptr<HttpServer>> ServeBackupStatus(const BackupStatus& status,
                                                              Clock& clock,
                                                              const HttpOptions& options);

// Keeps the status as the last line of a terminal, until it is destroyed.
class StatusLine {
 public:
  StatusLine(const BackupStatus& status, Clock& clock);
  ~StatusLine();

 private:
  Cancellation ended_;
  std::thread thread_;
};

}  // namespace graft
