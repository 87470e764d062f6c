// The donor's data: one table of orders with three secondary indexes, as a shop would have it.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "testing/mysql_sandbox.h"

namespace graft {

struct DataSize {
  int64_t rows = 0;
  int64_t bytes = 0;  // of the table's file, indexes included
};

// Makes the table, or makes it larger, until it takes about so many bytes on disk; not logged.
// Waits until all pages are on disk.
absl::StatusOr<DataSize> GrowTo(MysqlSandbox& donor, int64_t bytes);

// Waits until all changed pages of a server are on disk.
absl::Status AwaitRest(MysqlSandbox& server);

// One transaction that no recipient has yet.
absl::Status AddTransaction(MysqlSandbox& donor);

}  // namespace graft
