// StepContext: what a step may use while it runs, and the few things every step does alike.
//
// Lives for one Provisioner::Run, on its thread.
#ifndef GRAFT_PROVISION_OPERATION_STEP_CONTEXT_H_
#define GRAFT_PROVISION_OPERATION_STEP_CONTEXT_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/tablet_state.h"
#include "provision/operation/operation_control.h"
#include "provision/operation/tablet_owner.h"
#include "provision/progress/progress_sampler.h"
#include "provision/provisioner.h"

namespace graft {

struct StepContext {
  const ProvisionerDeps& deps;
  const ProvisionerOptions& options;
  TabletState& state;  // the operation's own draft; Save() makes it the tablet's
  Operation& operation;
  const std::shared_ptr<OperationControl> control;
  const std::shared_ptr<ProgressSampler> sampler;  // nullptr: nobody looks

  Clock& clock() const { return deps.clock; }
  MysqlServer& recipient() const { return deps.recipient; }

  // To the journal. A step that is about to change something outside saves first.
  absl::Status Save() const { return deps.owner.Commit(state); }

  // A cancel that the step may still follow by ending at once: nothing of this attempt is dropped.
  bool cancelled() const;
  // A cancel was granted, and a copy that runs is to be ended for it.
  bool cancel_wanted() const { return deps.owner.cancel_granted(); }

  // Waits; CANCELLED when the operation was cancelled or the agent stops, OK otherwise. Samples the
  // progress meanwhile.
  absl::Status Wait(absl::Duration duration) const;

  // Samples the progress and tells the observers.
  void ReportProgress() const;
  // What the operation waits for, for people; empty: it does not wait. Told when it changes.
  void Note(std::string note) const { Say(std::move(note), /*waits=*/true); }
  // What goes on as it should, for people: the operation does not wait.
  void Say(std::string note, bool waits = false) const;

  // Joins the queue for the operation's donor, at its end; how many stand before it. Codes as of
  // QueueLocks and QueuePlace.
  absl::StatusOr<int> ClaimDonor() const;

  // Writes the tablet's record as the draft stands; see tablet_record.h.
  absl::Status PublishRecord() const { return deps.record.Publish(state).status(); }
};

}  // namespace graft

#endif  // GRAFT_PROVISION_OPERATION_STEP_CONTEXT_H_
