// One rebuilding of the recipient, timed: through graftd, and by hand.
//
// Both begin with the request, on connections that are open already, and end when both replication
// threads run and the recipient holds what the donor had executed once replication was pointed at
// it; both send the same statements (src/mysql/statements.h).
#ifndef GRAFT_BENCH_REBUILD_H_
#define GRAFT_BENCH_REBUILD_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/bench_shard.h"
#include "graft/clock.h"

namespace graft {

using Parts = std::vector<std::pair<std::string, absl::Duration>>;

struct Rebuild {
  absl::Duration total;
  Parts parts;  // where the time went, in order
};

// From the call of the gRPC API until the stream of WatchOperation says that the operation is done.
// ABORTED: the operation failed.
absl::StatusOr<Rebuild> RebuildThroughGraft(Clock& clock, BenchShard& shard);

// The statements one after the other, with a poll every 10 ms wherever the server is waited for.
absl::StatusOr<Rebuild> RebuildByHand(Clock& clock, BenchShard& shard);

// What the recipient itself says of its last clone: the stages of clone_progress.
absl::StatusOr<Parts> ReadStages(Clock& clock, BenchShard& shard);

// Asked anew on both servers. FAILED_PRECONDITION: the recipient is not a replica that has caught
// up, or holds other rows.
absl::Status CheckRebuilt(Clock& clock, BenchShard& shard);

}  // namespace graft

#endif  // GRAFT_BENCH_REBUILD_H_
