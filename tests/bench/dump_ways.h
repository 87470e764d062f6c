// The two ways that dump rows and load them again, secondary indexes included: mysqldump piped into
// mysql, and mydumper with myloader. Both get what makes them fast: the servers' sockets, several
// threads where the tool has them, a recipient that neither logs the rows in its binary log nor
// syncs at every commit, and only the bench's own database to carry.
//
// Nothing is written to the donor meanwhile: mydumper 0.10 cannot read the position of a MySQL 8.4
// or later (SHOW MASTER STATUS is gone), so that its GTIDs are those read beside it.
#pragma once

#include "absl/status/statusor.h"
#include "bench/bench_shard.h"
#include "bench/rebuild.h"
#include "graft/clock.h"

namespace graft {

// After `limit` the programs are ended, and the result says that it was given up: then its time is
// the least that it would have taken. NOT_FOUND: the program is not installed; the text says which.
absl::StatusOr<Rebuild> RebuildByMysqldump(Clock& clock, BenchShard& shard, absl::Duration limit);
absl::StatusOr<Rebuild> RebuildByMydumper(Clock& clock, BenchShard& shard, absl::Duration limit);

}  // namespace graft
