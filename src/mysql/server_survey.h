// Reads the facts that preflight needs of a server, part by part.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "graft/server_facts.h"
#include "mysql/session.h"

namespace graft {

// Runs its argument with a session; SessionPool::Run.
using WithSession = std::function<absl::Status(const std::function<absl::Status(Session&)>& work)>;

// The same with so much more time for each statement.
using WithMoreTime = std::function<absl::Status(absl::Duration more,
                                                const std::function<absl::Status(Session&)>& work)>;

absl::StatusOr<ServerFacts> ReadFacts(Session& session);
absl::StatusOr<std::string> CurrentAccount(Session& session);  // "vt_dba@localhost"
absl::StatusOr<std::vector<ServerSession>> ReadUserSessions(Session& session);

// Each part is read by itself, so that a slow part delays no other part. Fails only if the server
// cannot be reached at all; codes as of MysqlServer. The parts that look at each table have more
// time the more tables there are.
absl::StatusOr<ServerSurvey> TakeSurvey(const WithSession& with_session,
                                        const WithMoreTime& with_more_time,
                                        const std::string& agent_user);

}  // namespace graft
