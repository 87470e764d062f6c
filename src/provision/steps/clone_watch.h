// CloneWatch: follows this run's clone on a connection beside the one that runs the statement.
//
// Used by the clone step and by await_restart, on the operation's thread.
#ifndef GRAFT_PROVISION_STEPS_CLONE_WATCH_H_
#define GRAFT_PROVISION_STEPS_CLONE_WATCH_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "provision/operation/step_context.h"
#include "provision/progress/progress_meter.h"
#include "provision/steps/clone_verdict.h"

namespace graft {

class CloneWatch {
 public:
  explicit CloneWatch(StepContext& context) : context_(context) {}

  // One look: reads the report, notes begin time, data state and progress in the operation, and
  // tells the observers if something moved. Codes are ReadClone()'s.
  absl::StatusOr<CloneVerdict> Look();

  // What the report says about a run that ended badly, as a status; looks once more if it can.
  absl::Status Failure(CloneVerdict verdict);

 private:
  StepContext& context_;
  ProgressMeter meter_;
  CloneReport report_;  // the last one read
};

}  // namespace graft

#endif  // GRAFT_PROVISION_STEPS_CLONE_WATCH_H_
