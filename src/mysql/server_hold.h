// ServerHold: the lock that lets only one agent use a mysqld: GET_LOCK on a connection of its own.
// The server releases the lock when the connection ends, so a dead agent holds no lock.
//
// Safe for use from several threads. `clock` must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
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
  void Release();

 private:
  Clock& clock_;
  const ConnectionOptions options_;
  absl::Mutex mutex_;
  std::unique_ptr<Session> session_ ABSL_GUARDED_BY(mutex_);  // holds the lock; or there is none
};

}  // namespace graft
