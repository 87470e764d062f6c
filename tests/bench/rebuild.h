// One rebuilding of the recipient, timed, and what all ways of doing it share.
//
// Each way begins with the request, on connections that are open already, and ends when both
// replication threads run and the recipient holds what the donor had executed once replication was
// pointed at it.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/gtid_set.h"
#include "bench/bench_shard.h"
#include "graft/clock.h"
#include "mysql/session.h"

namespace graft {

using Parts = std::vector<std::pair<std::string, absl::Duration>>;

struct Rebuild {
  absl::Duration total;
  Parts parts;            // where the time went, in order
  bool given_up = false;  // after `total`; a whole one would have taken longer
};

// Notes how long each part of a rebuild takes.
class PartTimer {
 public:
  explicit PartTimer(Clock& clock) : clock_(clock), begin_(clock.Now()), part_begin_(begin_) {}

  void End(const std::string& part);
  // With all parts so far.
  Rebuild Take();

 private:
  Clock& clock_;
  const absl::Time begin_;
  absl::Time part_begin_;
  Parts parts_;
};

// Makes the recipient follow the donor: all channels gone, this one made and started.
absl::Status FollowDonor(BenchShard& shard, Session& recipient);
// Waits until both threads run and the recipient has all transactions that the donor has executed.
absl::Status AwaitCaughtUp(Clock& clock, Session& donor, Session& recipient);

// The stages of the last clone, from the clone_progress of the recipient.
absl::StatusOr<Parts> ReadStages(Clock& clock, BenchShard& shard);

// Asked anew on both servers. FAILED_PRECONDITION: the recipient is not a replica that has caught
// up, or holds other rows.
absl::Status CheckRebuilt(Clock& clock, BenchShard& shard);

// Asks `condition` every 10 ms. DEADLINE_EXCEEDED: not within `patience`.
absl::Status Poll(Clock& clock, absl::string_view what, absl::Duration patience,
                  const std::function<absl::StatusOr<bool>()>& condition);

}  // namespace graft
