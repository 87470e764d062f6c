// OperationControl: how others reach into a running operation.
//
// Cancel() is the operator's wish. How far it may go depends on what the operation has done: while
// nothing is dropped it is granted at once; once CLONE may have dropped data it is granted only to
// who says so, and the operation then ends its copy, if it can; once the copy is made it is
// refused. Stop() is the agent's own end: the operation leaves everything as it is. Safe for use
// from several threads.
#ifndef GRAFT_PROVISION_OPERATION_OPERATION_CONTROL_H_
#define GRAFT_PROVISION_OPERATION_OPERATION_CONTROL_H_

#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "graft/cancellation.h"
#include "graft/operation_request.h"
#include "graft/provisioning.h"

namespace graft {

enum class CancelAnswer { kGranted, kDataDropped, kTooLate };

class OperationControl {
 public:
  CancelAnswer Cancel(CancelWish wish);
  void Stop();
  // Bandwidths for a clone that runs or is about to; false: the copy is made.
  bool Throttle(const CloneSettings& settings);

  // The operation's side. BeginCopy and Seal are false if it was cancelled or stopped before.
  // From BeginCopy on the old data may be gone; from Seal on the new one is there.
  bool BeginCopy();
  bool Seal();
  // Another attempt begins; `dropped`: the old data is gone already.
  void BeginAttempt(bool dropped);
  // A cancel was granted in the middle of the copy: to be ended, and then confirmed. What ends by
  // itself meanwhile is not followed by another attempt.
  bool cancel_wanted() const;
  void ConfirmCancel();
  // What Throttle() was told since the last call.
  std::optional<CloneSettings> TakeThrottle();

  bool cancelled() const;
  bool stopped() const;

  // What the operation waits on; Wake() makes it look again.
  Cancellation& wait() { return wait_; }

 private:
  enum class Phase { kNothingDropped, kDropped, kCopying, kSealed };

  mutable absl::Mutex mutex_;
  Phase phase_ ABSL_GUARDED_BY(mutex_) = Phase::kNothingDropped;
  bool cancel_wanted_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<CloneSettings> throttle_ ABSL_GUARDED_BY(mutex_);
  Cancellation wait_;
};

}  // namespace graft

#endif  // GRAFT_PROVISION_OPERATION_OPERATION_CONTROL_H_
