// Reads the facts that preflight judges: both servers, the source, the primary, the recipient's
// machine.
#ifndef GRAFT_PROVISION_STEPS_PREFLIGHT_FACTS_H_
#define GRAFT_PROVISION_STEPS_PREFLIGHT_FACTS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "graft/tablet_state.h"
#include "provision/operation/step_context.h"
#include "provision/preflight/preflight.h"

namespace graft {

// For an operation whose donor and source are resolved. Only reads. Codes are those of the
// recipient's server and of a topology that is away; CANCELLED. If another server does not answer,
// the facts hold its status.
absl::StatusOr<PreflightFacts> GatherPreflightFacts(const StepContext& context);

// Copies facts into the operation: the servers' identities, the paths to read while the recipient
// is down, the transactions that the new data will lack, and every result but the passed ones.
void NoteFacts(const PreflightFacts& facts, const std::vector<CheckResult>& results,
               TabletState& state);

}  // namespace graft

#endif  // GRAFT_PROVISION_STEPS_PREFLIGHT_FACTS_H_
