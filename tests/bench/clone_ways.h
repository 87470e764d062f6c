// The two ways that CLONE: through graftd, and by hand. Both send the same statements
// (src/mysql/statements.h).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "bench/bench_shard.h"
#include "bench/rebuild.h"
#include "graft/clock.h"
#include "graft/v1/operation.pb.h"

namespace graft {

// The time from the call of the gRPC API until the stream of WatchOperation shows that the
// operation is done. ABORTED: the operation failed.
absl::StatusOr<Rebuild> RebuildThroughGraft(Clock& clock, BenchShard& shard);
absl::StatusOr<Rebuild> RebuildThroughGraft(Clock& clock, BenchShard& shard,
                                            const v1::DonorChoice& donor,
                                            const v1::CloneSettings& settings);

// The statements one after the other, with a poll every 10 ms wherever the server is waited for.
absl::StatusOr<Rebuild> RebuildByHand(Clock& clock, BenchShard& shard);

}  // namespace graft
