// The source of the rebuilt replica, by the topology's present records. Since the operation began,
// the chosen source may have moved, may be rebuilt itself, or another server may use its port.
#ifndef GRAFT_PROVISION_STEPS_SOURCE_H_
#define GRAFT_PROVISION_STEPS_SOURCE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/mysql_server.h"
#include "graft/tablet.h"
#include "provision/operation/step_context.h"

namespace graft {

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

}  // namespace graft

#endif  // GRAFT_PROVISION_STEPS_SOURCE_H_
