// The parts that replicate, catch_up and publish share. They start and stop replication so that a
// pending STOP does not undo a START, and see whether replication moves.
#ifndef GRAFT_PROVISION_STEPS_REPLICATION_H_
#define GRAFT_PROVISION_STEPS_REPLICATION_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/mysql_server.h"
#include "provision/operation/step_context.h"

namespace graft {

// How long replication has stood still. A transaction that is being applied or received is work,
// however long it takes.
class ReplicationWatch {
 public:
  explicit ReplicationWatch(absl::Time now) : changed_(now), worked_(now) {}

  void Look(const std::vector<ReplicationChannel>& channels, absl::Time now);
  absl::Duration idle(absl::Time now) const { return now - worked_; }
  // "applies a transaction for 75s", "receives a transaction for 3s", "stands still for 12s".
  std::string Describe(absl::Time now) const;

 private:
  std::string activity_;
  absl::string_view work_;
  absl::Time changed_;
  absl::Time worked_;
};

// As StopReplication and StartReplication of the port, after having waited for a pending STOP.
// UNAVAILABLE: it is pending still, and for catch_up_stall_timeout nothing has moved. CANCELLED.
absl::Status StopWhenIdle(StepContext& context, bool forget);
absl::Status StartWhenStopped(StepContext& context, const std::optional<ReplicationSource>& source);

// Starts the channel unless it runs: a mysqld that was killed comes back fenced, with its channel
// not started.
absl::Status StartIfStopped(StepContext& context, const ReplicationChannel& channel);

}  // namespace graft

#endif  // GRAFT_PROVISION_STEPS_REPLICATION_H_
