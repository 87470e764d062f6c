// ServerHold: the lock that lets only one agent use a mysqld: GET_LOCK on a connection of its own.
// The server releases the lock when the connection ends, so a dead agent holds no lock.
//
// Safe for use from several threads. `clock` must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/mysql_server.h"
#include "mysql/session.h"

namespace graft {

// `options` for a connection that takes the lock: others can see whose it is.
ConnectionOptions HoldingOptions(const Clock& clock, ConnectionOptions options);

// Takes the lock for `session`, until the session ends; waits up to `wait` while another connection
// holds it. `is_own` names connections that may hold the lock instead. FAILED_PRECONDITION with
// SERVER_HELD.
absl::Status TakeServerLock(Session& session, absl::Duration wait,
                            const std::function<bool(int64_t holder)>& is_own, bool* taken);

class ServerHold {
 public:
  ServerHold(Clock& clock, ConnectionOptions options)
      : clock_(clock), options_(std::move(options)) {}

  // As MysqlServer::HoldServer.
  absl::Status Take(const std::function<bool(int64_t holder)>& is_own);
  void Release() {
    absl::MutexLock lock(&mutex_);
    session_.reset();
  }

 private:
  Clock& clock_;
  const ConnectionOptions options_;
  absl::Mutex mutex_;
  std::unique_ptr<Session> session_ ABSL_GUARDED_BY(mutex_);  // holds the lock; or there is none
};

// The CLONE statement, on a connection and a thread of its own.
//
// The thread is detached, against the house rule: it blocks in the server's answer for as long as a
// clone takes, nothing can interrupt it there, and the server goes on without its client anyway. It
// shares only the CloneSession with the rest of the program.
class CloneSession {
 public:
  // Connects and sends CLONE; codes as of MysqlServer::StartClone. `is_own`: a connection whose
  // lock on the server does not matter.
  static absl::StatusOr<std::shared_ptr<CloneSession>> Start(
      const ConnectionOptions& options, const CloneRequest& request,
      const std::function<bool(int64_t holder)>& is_own, std::function<void(absl::Status)> on_end);

  int64_t connection_id() const { return connection_id_; }
  // `on_end` has returned.
  bool ended() const {
    absl::MutexLock lock(&mutex_);
    return ended_;
  }

  // Afterwards `on_end` is not called; waits for a call under way.
  void Abandon();

 private:
  CloneSession(int64_t connection_id, std::function<void(absl::Status)> on_end)
      : connection_id_(connection_id), on_end_(std::move(on_end)) {}

  void End(const absl::Status& status);

  const int64_t connection_id_;
  const std::function<void(absl::Status)> on_end_;
  mutable absl::Mutex mutex_;
  bool abandoned_ ABSL_GUARDED_BY(mutex_) = false;
  bool calling_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace graft
