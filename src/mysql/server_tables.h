// Converts the rows about a server into the port's plain values. Pure functions.
#ifndef GRAFT_MYSQL_SERVER_TABLES_H_
#define GRAFT_MYSQL_SERVER_TABLES_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "graft/mysql_server.h"
#include "mysql/row_set.h"

namespace graft {

// kDescribeStatement, kUptimeStatement, kMainThreadStatement, which may have no row,
// kGrantsStatement, kUserSchemasStatement.
absl::StatusOr<ServerFacts> ReadServerFacts(const RowSet& facts, const RowSet& uptime,
                                            const RowSet& main_thread, const RowSet& grants,
                                            const RowSet& schemas);

// Global privileges only: of "GRANT SELECT, CLONE_ADMIN ON *.* TO ..." SELECT and CLONE_ADMIN.
std::set<std::string> ReadGrants(const RowSet& grants);

// In the order of `names`. NOT_FOUND: one is not among the rows.
absl::StatusOr<std::vector<Variable>> OrderVariables(const std::vector<std::string>& names,
                                                     const RowSet& rows);

}  // namespace graft

#endif  // GRAFT_MYSQL_SERVER_TABLES_H_
