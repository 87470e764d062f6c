// What replicate, catch_up and publish have in common: replication that is started and stopped
// without a STOP that is still pending undoing it, whether it moves, and from which source.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/mysql_server.h"
#include "graft/tablet.h"
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

// As DelayReplication of the port, likewise.
absl::Status DelayWhenStopped(StepContext& context, absl::Duration delay);

// Starts the channel unless it runs: a mysqld that was killed comes back fenced, with its channel
// not started.
absl::Status StartIfStopped(StepContext& context, const ReplicationChannel& channel);

// The source of the rebuilt replica, by the topology's present records. Since the operation began,
// the chosen source may have moved, may be rebuilt itself, or another server may use its port.

// The tablet to follow: the one that was chosen (by its role if that was the primary: the shard's
// of now), at the address it has now, or else the shard's primary. It may be followed if it might
// be a donor, by its record; but one whose agent was stopped, and so has no address, keeps its
// last. A topology that is away keeps nobody from following whom the operation knows. UNAVAILABLE
// with SOURCE_UNFIT: neither will do now.
absl::StatusOr<Tablet> FindSource(StepContext& context);

// What the server at the tablet's address says, if it is the tablet's own: the one of its record,
// or else the one that was the donor. UNAVAILABLE with SOURCE_IDENTITY: it is another one. Other
// codes: it cannot be asked, which proves nothing.
absl::StatusOr<ServerFacts> AskSource(StepContext& context, const Tablet& source);

// True if this is the operation's source, with the same address.
bool IsKnownSource(const Operation& operation, const Tablet& source);

// Makes the default channel follow it, after having waited for a pending STOP, and notes a new
// source in the operation and the journal.
absl::Status FollowSource(StepContext& context, const Tablet& source);

// Waits until the default channel holds all that its source had when the step began. CANCELLED.
// FAILED_PRECONDITION: the channel broke, or nothing moved and nothing was worked on for a while.
absl::Status AwaitCaughtUp(StepContext& context);

}  // namespace graft
