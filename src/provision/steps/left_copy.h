// A copy that an operation left behind: its CLONE was sent, and the operation ended before the
// server showed how that ended (mysqld stayed down).
#ifndef GRAFT_PROVISION_STEPS_LEFT_COPY_H_
#define GRAFT_PROVISION_STEPS_LEFT_COPY_H_

#include "provision/operation/step_context.h"

namespace graft {

// For an operation with its donor resolved. Advance to verify: the server itself shows the copy
// (this run, Completed, in this data directory, nothing executed since) and the request has the
// same donor choice. Advance to clone: the copy still runs. Advance: there is no copy to continue
// with, and the state says what is left. Wait: the server does not answer.
StepOutcome TakeUpLeftCopy(StepContext& context);

}  // namespace graft

#endif  // GRAFT_PROVISION_STEPS_LEFT_COPY_H_
