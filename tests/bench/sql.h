// SQL on the bench's servers, by the connector's sessions: what is timed must not start a client.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/gtid_set.h"
#include "graft/clock.h"
#include "mysql/session.h"
#include "testing/mysql_sandbox.h"

namespace graft {

// As vt_dba over the socket. UNAVAILABLE.
absl::StatusOr<std::unique_ptr<Session>> Connect(Clock& clock, MysqlSandbox& mysql,
                                                 absl::Duration read_timeout = absl::Seconds(10));

// The first cell; "" if there is none.
absl::StatusOr<std::string> Value(Session& session, const std::string& sql);
absl::StatusOr<int64_t> NumberValue(Session& session, const std::string& sql);

absl::StatusOr<GtidSet> Executed(Session& session);

}  // namespace graft
