// Reads what preflight judges: both servers, the source, the primary, the recipient's machine.
#ifndef GRAFT_PROVISION_PREFLIGHT_PREFLIGHT_FACTS_H_
#define GRAFT_PROVISION_PREFLIGHT_PREFLIGHT_FACTS_H_

#include "absl/status/statusor.h"
#include "provision/operation/step_context.h"
#include "provision/preflight/preflight.h"

namespace graft {

// For an operation whose donor and source are resolved. Reads only. Codes are those of the
// recipient's server and of a topology that is away; whoever else cannot be asked stands in the
// facts with its status.
absl::StatusOr<PreflightFacts> GatherPreflightFacts(StepContext& context);

// What the operation keeps of them: the servers' identities, where to look while the recipient is
// down, what the new data will lack, and every result but the passed ones.
void NoteFacts(const PreflightFacts& facts, const std::vector<CheckResult>& results,
               Operation& operation);

}  // namespace graft

#endif  // GRAFT_PROVISION_PREFLIGHT_PREFLIGHT_FACTS_H_
