// Session: one connection to a mysqld. Catches every exception of Connector/C++.
//
// For one thread at a time. `clock` must outlive it.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
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

}  // namespace graft
