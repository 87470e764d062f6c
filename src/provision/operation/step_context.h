// StepContext: what a step may use while it runs, and the few things every step does alike.
//
// Lives for one Provisioner::Run, on its thread.
#ifndef GRAFT_PROVISION_OPERATION_STEP_CONTEXT_H_
#define GRAFT_PROVISION_OPERATION_STEP_CONTEXT_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/operation.h"
#include "provision/operation/operation_control.h"
#include "provision/progress/progress_sampler.h"
#include "provision/provisioner.h"

namespace graft {

struct StepContext {
  const ProvisionerDeps& deps;
  const ProvisionerOptions& options;
  Operation& operation;
  const std::shared_ptr<OperationControl> control;
  const std::shared_ptr<ProgressSampler> sampler;  // nullptr: nobody looks

  Clock& clock() const { return deps.clock; }
  MysqlServer& recipient() const { return deps.recipient; }

  // To the journal. A step that is about to change something outside saves first.
  absl::Status Save() const { return deps.journal.Save(operation); }

  // Waits; CANCELLED when the operation was cancelled or the agent stops, OK otherwise. Samples the
  // progress meanwhile.
  absl::Status Wait(absl::Duration duration) const;

  // Samples the progress and tells the observers.
  void ReportProgress() const;

  // Joins the queue for the operation's donor, at its end; how many stand before it. Codes as of
  // QueueLocks and QueuePlace.
  absl::StatusOr<int> ClaimDonor() const;

  // Writes the tablet's record as the operation stands (see published_state.h).
  absl::Status PublishRecord() const;
};

}  // namespace graft

#endif  // GRAFT_PROVISION_OPERATION_STEP_CONTEXT_H_
