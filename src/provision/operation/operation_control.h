// OperationControl: signals to a running operation that need not outlive the agent: the agent's
// stop, a wake-up, bandwidths.
//
// A granted cancel must outlive the agent, so it is in TabletState and not here. Safe for use from
// several threads.
#ifndef GRAFT_PROVISION_OPERATION_OPERATION_CONTROL_H_
#define GRAFT_PROVISION_OPERATION_OPERATION_CONTROL_H_

#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "graft/cancellation.h"
#include "graft/operation_request.h"

namespace graft {

class OperationControl {
 public:
  // The agent ends: the operation leaves everything as it is.
  void Stop();
  bool stopped() const;

  // The operation looks again now.
  void Wake() { wait_.Wake(); }
  // A cancel was granted before anything is dropped: every wait ends, present and future.
  void EndWaits() { wait_.Cancel(); }

  // Bandwidths for a clone that runs or is about to run; the last value of each counts.
  void Throttle(const CloneSettings& settings);
  // The values that Throttle() got since the last call.
  std::optional<CloneSettings> TakeThrottle();

  // What the operation waits on.
  Cancellation& wait() { return wait_; }

 private:
  mutable absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<CloneSettings> throttle_ ABSL_GUARDED_BY(mutex_);
  Cancellation wait_;
};

}  // namespace graft

#endif  // GRAFT_PROVISION_OPERATION_OPERATION_CONTROL_H_
