// The clone_* variables that a request or an operator sets for one copy.
#ifndef GRAFT_PROVISION_STEPS_CLONE_SETTINGS_H_
#define GRAFT_PROVISION_STEPS_CLONE_SETTINGS_H_

#include "absl/status/status.h"
#include "graft/operation_request.h"
#include "provision/operation/step_context.h"

namespace graft {

// Sets the clone_* variables of the request; first journals their old values.
absl::Status ApplyCloneSettings(StepContext& context, const CloneSettings& settings);

}  // namespace graft

#endif  // GRAFT_PROVISION_STEPS_CLONE_SETTINGS_H_
