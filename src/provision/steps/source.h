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

// The tablet to follow: the one that was chosen, at the address it has now, or else the shard's
// primary. One whose agent was stopped, and so has no address, keeps its last. UNAVAILABLE with
// SOURCE_UNFIT: neither will do now; other codes: the topology cannot be asked.
absl::StatusOr<Tablet> FindSource(StepContext& context);

// That the server at the tablet's address is the one the record speaks of. UNAVAILABLE with
// SOURCE_IDENTITY: it is not. A record without a server_uuid, and a server that does not let the
// clone user in, prove nothing.
absl::Status CheckSourceIdentity(StepContext& context, const Tablet& source);

// True if this is the operation's source, with the same address.
bool IsKnownSource(const Operation& operation, const Tablet& source);

// Notes a new source in the operation and the journal, makes the default channel follow it, and
// waits for a pending STOP.
absl::Status FollowSource(StepContext& context, const Tablet& source);

}  // namespace graft

#endif  // GRAFT_PROVISION_STEPS_SOURCE_H_
