// Clock: the only source of time, so that tests can move it.
//
// Safe for use from several threads.
#ifndef GRAFT_CLOCK_H_
#define GRAFT_CLOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace graft {

class Clock {
 public:
  virtual ~Clock() = default;

  // The present. Never goes back, also when the machine's wall clock is set back: a real clock is
  // anchored to the wall at its creation and advances with the monotonic one.
  virtual absl::Time Now() const = 0;

  // Waits until `condition` holds or `deadline` has come; `mutex` is held by the caller and guards
  // the condition. Returns whether the condition holds. Code waits through Cancellation, which
  // calls this; nothing else does.
  virtual bool AwaitUntil(absl::Mutex& mutex, const absl::Condition& condition, absl::Time deadline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) = 0;
};

}  // namespace graft

#endif  // GRAFT_CLOCK_H_
