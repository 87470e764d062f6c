// Session: one connection to a mysqld. Catches every exception of Connector/C++.
//
// For one thread at a time. `clock` must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/server_version.h"
#include "graft/clock.h"
#include "graft/secret.h"
#include "mysql/connector_server.h"
#include "mysql/row_set.h"

namespace graft {

class Session {
 public:
  // Connects and prepares the session (statements.h, SessionSetup). `lock_wait` bounds each wait
  // for a metadata lock. A `read_timeout` of InfiniteDuration() is none. Codes as of MysqlServer;
  // UNAVAILABLE also if the server does not answer while connecting.
  static absl::StatusOr<std::unique_ptr<Session>> Open(Clock& clock,
                                                       const ConnectionOptions& options,
                                                       absl::Duration read_timeout,
                                                       absl::Duration lock_wait);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // `doing` opens the text of an error ("read clone_status"). DEADLINE_EXCEEDED: no answer within
  // the read timeout.
  absl::StatusOr<RowSet> Query(const std::string& sql, absl::string_view doing);
  absl::Status Execute(const std::string& sql, absl::string_view doing);
  // As Execute, for a statement with `secret` in it, which no error text shows.
  absl::Status ExecuteSecret(const std::string& sql, absl::string_view doing, const Secret& secret);

  int64_t id() const { return id_; }  // the server's CONNECTION_ID()
  const ServerVersion& version() const { return version_; }
  // The connection is of no more use.
  bool lost() const { return lost_; }

 private:
  class Link;  // uses Connector/C++
  Session(Clock& clock, std::unique_ptr<Link> link, absl::Duration read_timeout);

  absl::Status Prepare(absl::Duration lock_wait);
  absl::Status Run(const std::string& sql, absl::string_view doing, const Secret& secret,
                   RowSet* rows);

  Clock& clock_;
  const std::unique_ptr<Link> link_;
  const absl::Duration read_timeout_;
  int64_t id_ = 0;
  ServerVersion version_;
  bool lost_ = false;
};

// SessionPool: keeps one Session for all statements but CLONE, if the options want one kept, and
// makes it anew when it is lost.
//
// Safe for use from several threads; work is done one after the other. `clock` must outlive it.
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
