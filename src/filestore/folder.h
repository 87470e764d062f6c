// Folder: the SQLite file of a folder store; StoreSession: one transaction on it. Private to
// src/filestore. A Folder is safe for use from several threads, a StoreSession is not; it is short:
// everybody else waits. `clock` must outlive both.
//
// Every failure names the file and says what to do: DATA_LOSS, the file is damaged or not graft's;
// PERMISSION_DENIED; UNAVAILABLE, the disk is full, or another process keeps the file locked.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/key_value_store.h"

namespace graft {

// Its end undoes all writes since the last Commit().
class StoreSession {
 public:
  using Value = std::variant<int64_t, absl::string_view>;  // a string is bound as a blob

  // Runs the statements of `sql`, each with `values` as ?1, ?2, …
  absl::Status Run(const char* sql, std::initializer_list<Value> values = {},
                   const std::function<void(sqlite3_stmt* row)>& on_row = nullptr);
  // Of "SELECT * FROM changes …".
  absl::StatusOr<std::vector<KeyEvent>> Changes(const char* sql,
                                                std::initializer_list<Value> values);
  absl::Status Commit() { return Run("COMMIT"); }

  int changed_rows() const { return sqlite3_changes(file_.get()); }
  int64_t inserted_row() const { return sqlite3_last_insert_rowid(file_.get()); }

 private:
  friend class Folder;
  struct Close {
    void operator()(sqlite3* file) const { sqlite3_close_v2(file); }
  };

  StoreSession(Clock& clock, const std::string& path, absl::Time deadline)
      : clock_(clock), path_(path), deadline_(deadline) {}
  static int AwaitOthers(void* self, int attempt);
  absl::Status Error() const;

  Clock& clock_;
  const std::string& path_;
  const absl::Time deadline_;
  std::unique_ptr<sqlite3, Close> file_;
};

class Folder {
 public:
  static absl::StatusOr<std::unique_ptr<Folder>> Open(Clock& clock, const std::string& root);

  // Begins a transaction and ends overdue leases.
  absl::StatusOr<std::unique_ptr<StoreSession>> Enter();

  void EndCallsBy(absl::Time when) {
    absl::MutexLock lock(&mutex_);
    end_calls_by_ = when;
  }
  Clock& clock() const { return clock_; }
  const std::string& path() const { return path_; }  // of the file
  const std::string& boot_id() const { return boot_id_; }

 private:
  Folder(Clock& clock, std::string path, std::string boot_id)
      : clock_(clock), path_(std::move(path)), boot_id_(std::move(boot_id)) {}
  absl::StatusOr<std::unique_ptr<StoreSession>> Begin();
  absl::Status Prepare();

  Clock& clock_;
  const std::string path_;
  const std::string boot_id_;  // tells this boot of the machine from others
  absl::Mutex mutex_;
  absl::Time end_calls_by_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
};

// On the clock that leases end by, the same for all processes of the machine.
int64_t BootMilliseconds();

}  // namespace graft
