// What a server shows, as rows, into the plain values of graft/server_facts.h and
// graft/progress.h. Pure functions; the columns are those of statements.h and
// survey_statements.h.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "graft/mysql_server.h"
#include "graft/progress.h"
#include "graft/server_facts.h"
#include "mysql/row_set.h"

namespace graft {

// kCloneStatusStatement and kCloneProgressStatement. INTERNAL: a state or
// stage this version of graft does not know.
absl::StatusOr<CloneReport> ReadCloneTables(const RowSet& status, const RowSet& progress);

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

// Of kFiltersStatement.
std::vector<ReplicationFilter> ReadFilters(const RowSet& rows);

// SHOW REPLICA STATUS, or SHOW SLAVE STATUS of a server before 8.0.22; kReplicationWorkStatement,
// which has no rows if performance_schema is OFF: then a backlog has to do for `applying`, and
// `receiving` and `stopping` are not known.
absl::StatusOr<std::vector<ReplicationChannel>> ReadReplicationRows(const RowSet& status,
                                                                    const RowSet& work);

// Who waits in a STOP REPLICA, "connection 12 of 'root'", of kProcesslistStatement; empty: nobody.
std::string PendingStop(const RowSet& processlist);

// Read one after the other, so they need not agree: a session of which only locks are left is gone.
struct SessionRows {
  int64_t own_id = 0;   // the reader's connection
  RowSet processlist;   // kProcesslistStatement
  RowSet transactions;  // kTransactionsStatement
  RowSet held_locks;    // kHeldLocksStatement
  RowSet lock_waits;    // kLockWaitsStatement
};

// Users' connections, by id, without `own_id` and the server's own threads. A lock's holder may be
// such a thread (an event), though; KILL ends it too.
absl::StatusOr<std::vector<ServerSession>> ReadSessionRows(const SessionRows& rows);

// A lock of the type `wanted` must wait for one of the type `held` on the same object. The types
// are those of performance_schema.metadata_locks; unknown ones conflict. The rule is the server's
// own (m_granted_incompatible of both strategies in sql/mdl.cc).
bool LocksConflict(absl::string_view wanted, absl::string_view held);

// User and host of "vt_dba@localhost"; a user's name may hold an @ too.
std::pair<std::string, std::string> SplitAccount(absl::string_view account);

std::map<std::string, std::string> ReadSurveyVariables(const RowSet& rows);

// `installed` is empty if it cannot be read.
std::vector<ServerPlugin> ReadPlugins(const RowSet& active, const RowSet& installed);
// One of the older kind of keyrings, a plugin.
bool HasKeyringPlugin(const RowSet& active);

// The first column, without NULLs.
std::vector<std::string> ReadNames(const RowSet& rows);
// The column "count" of the only row. INTERNAL: there is none.
absl::StatusOr<int64_t> ReadCount(const RowSet& rows);
// No row: a server whose redo log cannot be switched off.
bool ReadRedoLogEnabled(const RowSet& rows);

SemiSync ReadSemiSync(const RowSet& rows);
absl::StatusOr<std::map<std::string, int64_t>> ReadCounts(const RowSet& rows);  // folder, count

struct OutsideFiles {
  std::vector<int64_t> spaces;
  std::vector<std::string> paths;
};
absl::StatusOr<OutsideFiles> ReadOutsideFiles(const RowSet& rows);
absl::StatusOr<TablespaceFacts> ReadTablespaces(const RowSet& sizes, const RowSet& system,
                                                const RowSet& encrypted, OutsideFiles outside);

std::vector<std::string> ReadNonInnodbTables(const RowSet& rows);  // "shop.log (MyISAM)"
std::vector<ServerAccount> ReadAccounts(const RowSet& rows);

// That an account with these kGrantsStatement rows sees all tables: what it has no privilege on is
// left out of information_schema.tables without a word. PERMISSION_DENIED: it does not; the text
// says what to grant. A REVOKE of a schema (partial_revokes) counts, but for those of MySQL itself.
absl::Status CheckSeesAllTables(const RowSet& grants, absl::string_view account);

// PERMISSION_DENIED: `privilege` is not among the global ones. For what the server shows in part
// instead of refusing it; `shown` says what ("the sessions").
absl::Status CheckPrivilege(const std::set<std::string>& privileges, absl::string_view privilege,
                            absl::string_view account, absl::string_view shown);

}  // namespace graft
