// OperationControl: how others reach into a running operation.
//
// Cancel() is the operator's wish and is refused once the operation has sealed itself, which it
// does right before CLONE may drop data. Stop() is the agent's own end: the operation leaves
// everything as it is. Safe for use from several threads.
#ifndef GRAFT_PROVISION_OPERATION_CONTROL_H_
#define GRAFT_PROVISION_OPERATION_CONTROL_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "graft/cancellation.h"

namespace graft {

class OperationControl {
 public:
  // Whether the wish is granted: false once sealed.
  bool Cancel();
  void Stop();

  // From now on Cancel() is refused. False if it was cancelled or stopped before.
  bool Seal();

  bool cancelled() const;
  bool stopped() const;

  // What the operation waits on; Wake() makes it look again.
  Cancellation& wait() { return wait_; }

 private:
  mutable absl::Mutex mutex_;
  bool sealed_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  Cancellation wait_;
};

}  // namespace graft

#endif  // GRAFT_PROVISION_OPERATION_CONTROL_H_
