// ServerHold: the lock by which one agent has a mysqld to itself: GET_LOCK on a connection of its
// own. The server gives the lock up when the connection ends, so nothing is left of a dead agent.
//
// Safe for use from several threads. `clock` must outlive it.
#ifndef GRAFT_MYSQL_SERVER_HOLD_H_
#define GRAFT_MYSQL_SERVER_HOLD_H_

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

// Takes the lock for `session`, until that ends; waits for `wait` while another has it. `is_own`
// says of a connection that it may have it instead. FAILED_PRECONDITION with SERVER_HELD.
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

#endif  // GRAFT_MYSQL_SERVER_HOLD_H_
