// Converts the rows about sessions, transactions and lock waits into ServerSessions. Pure
// functions.
#ifndef GRAFT_MYSQL_SESSION_TABLES_H_
#define GRAFT_MYSQL_SESSION_TABLES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "graft/server_facts.h"
#include "mysql/row_set.h"

namespace graft {

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

// `text` as one printable line of valid UTF-8, and cut where a password may follow.
std::string ShowStatement(absl::string_view text);

}  // namespace graft

#endif  // GRAFT_MYSQL_SESSION_TABLES_H_
