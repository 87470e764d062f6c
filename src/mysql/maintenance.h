// What graft-backup asks of its temporary mysqld beside the port's calls: on sessions of their own,
// which end with the call.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "graft/clock.h"
#include "mysql/connector_server.h"

namespace graft {

struct UserTable {
  std::string schema;
  std::string name;
  int64_t bytes = 0;  // of its data and indexes, as InnoDB estimates them

  std::string ToString() const { return schema + "." + name; }
};

// Every base table of the user's schemas, of any engine. Codes as of MysqlServer.
absl::StatusOr<std::vector<UserTable>> ListUserTables(Clock& clock,
                                                      const ConnectionOptions& options);

// Reads every entry of every index of the tables (CHECK TABLE … QUICK), one table after the other:
// if mysqld ends on a damaged page, only one can be meant. Columns that lie on pages of their own
// (long TEXT, BLOB and JSON) are not read. `threads`: of InnoDB, for the primary key. `done` counts
// the tables' bytes. Takes as long as it takes; mysqld's end ends it. DATA_LOSS: mysqld cannot read
// a table. UNAVAILABLE: mysqld ended meanwhile, maybe because of the table's damage. Both name the
// table. Others as of MysqlServer.
absl::Status CheckTables(Clock& clock, const ConnectionOptions& options,
                         const std::vector<UserTable>& tables, int threads,
                         std::atomic<int64_t>& done);

// ALTER INSTANCE ENABLE or DISABLE INNODB REDO_LOG (8.0.21 and later). OK: the server says that the
// redo log is so. INTERNAL: the server says otherwise. Others as of MysqlServer.
absl::Status SwitchRedoLog(Clock& clock, const ConnectionOptions& options, bool on);

}  // namespace graft
