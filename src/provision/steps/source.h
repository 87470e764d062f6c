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

// The source of the replica: the chosen tablet at its present address, or else the shard's primary.
// If the request chose the primary, the source is the present primary. A tablet may be the source
// if its record allows it as donor. A tablet without an address, because its agent was stopped,
// keeps its last address. If the topology is away, the operation keeps the source that it knows.
// UNAVAILABLE with SOURCE_UNFIT: neither tablet can be the source now.
absl::StatusOr<Tablet> FindSource(StepContext& context);

// The facts of the server at the tablet's address, if it is the tablet's own server: the server of
// its record, or else of the donor. UNAVAILABLE with SOURCE_IDENTITY: another server answers. Other
// codes: the server does not answer, which proves nothing.
absl::StatusOr<ServerFacts> AskSource(StepContext& context, const Tablet& source);

// True if this is the operation's source, with the same address.
bool IsKnownSource(const Operation& operation, const Tablet& source);

// Makes the default channel follow it, after having waited for a pending STOP, and notes a new
// source in the operation and the journal.
absl::Status FollowSource(StepContext& context, const Tablet& source);

}  // namespace graft

#endif  // GRAFT_PROVISION_STEPS_SOURCE_H_
