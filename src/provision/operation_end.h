// OperationEnd: how an operation ends, well or badly, and what is tried again on the way there.
//
// Part of the provisioner, on the operation's thread.
#ifndef GRAFT_PROVISION_OPERATION_END_H_
#define GRAFT_PROVISION_OPERATION_END_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "provision/operation/step_context.h"

namespace graft {

bool IsTransient(const absl::Status& status);

// Whatever waits says for what, since when.
void NoteWait(const StepContext& context, const absl::Status& why, absl::Time since);

class OperationEnd {
 public:
  static constexpr absl::Duration kPatience = absl::Seconds(3);  // with what is still to be done

  explicit OperationEnd(StepContext& context) : context_(context) {}

  // After a failure or a cancel: leaves the server either as it was or fenced, and says so.
  void Conclude(const absl::Status& status);
  // All rows are done.
  void Finish();

  // Calls it again, for `patience`, while it answers that somebody is away. On a wait of its own:
  // the operation's may be cancelled already. Not when the agent stops.
  void TryFor(absl::Duration patience, const std::function<absl::Status()>& call);
  void TryFewTimes(const std::function<absl::Status()>& call) { TryFor(kPatience, call); }

 private:
  bool End();
  bool SaveEnd();
  void NotifyEnd();
  void Pause(absl::Duration pause);

  StepContext& context_;
};

}  // namespace graft

#endif  // GRAFT_PROVISION_OPERATION_END_H_
