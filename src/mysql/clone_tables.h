// Rows of performance_schema.clone_status and clone_progress into a CloneReport. A pure function.
#ifndef GRAFT_MYSQL_CLONE_TABLES_H_
#define GRAFT_MYSQL_CLONE_TABLES_H_

#include "absl/status/statusor.h"
#include "graft/clone_report.h"
#include "mysql/row_set.h"

namespace graft {

// Columns as kCloneStatusStatement and kCloneProgressStatement name them. INTERNAL: a state or
// stage this version of graft does not know.
absl::StatusOr<CloneReport> ReadCloneTables(const RowSet& status, const RowSet& progress);

}  // namespace graft

#endif  // GRAFT_MYSQL_CLONE_TABLES_H_
