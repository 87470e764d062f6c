// SessionPool: keeps one Session for all statements but CLONE, if the options want one kept, and
// makes it anew when it is lost.
//
// Safe for use from several threads; work is done one after the other. `clock` must outlive it.
#pragma once

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "mysql/session.h"

namespace graft {

class SessionPool {
 public:
  SessionPool(Clock& clock, ConnectionOptions options)
      : clock_(clock), options_(std::move(options)) {}

  // Runs `work` with a session, and a second time with a new one if a kept session turned out dead;
  // so `work` must be safe to repeat.
  absl::Status Run(const std::function<absl::Status(Session&)>& work) {
    return Run(work, options_.keep_session);
  }
  // Runs `work` with a session of its own, whose statements may take so long.
  absl::Status RunSlowly(absl::Duration read_timeout,
                         const std::function<absl::Status(Session&)>& work);
  // Returns the result of `read`, an absl::StatusOr. `close`: leaves no session behind.
  template <typename F>
  std::invoke_result_t<F, Session&> Read(const F& read, bool close = false) {
    std::invoke_result_t<F, Session&> result = absl::UnknownError("not read");
    const absl::Status status = Run(
        [&](Session& session) {
          result = read(session);
          return result.status();
        },
        options_.keep_session && !close);
    if (!status.ok()) return status;
    return result;
  }

  Clock& clock() const { return clock_; }
  const ConnectionOptions& options() const { return options_; }

 private:
  absl::Status Run(const std::function<absl::Status(Session&)>& work, bool keep);
  absl::Status RunOn(std::unique_ptr<Session>& session,
                     const std::function<absl::Status(Session&)>& work);

  Clock& clock_;
  const ConnectionOptions options_;
  absl::Mutex mutex_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<Session> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
