// SuperviseClone: stays with a CLONE that was sent until the server itself shows how it ended.
//
// Only evidence ends it: this run Completed, this run Failed, or no run and no trace of this run. A
// failed query, a journal that cannot be written, a store that is away, or a client that left is no
// such evidence. Meanwhile it acts on a granted cancel, on new bandwidths, and on the watchdog's
// findings. Used by the clone step, on the operation's thread.
#pragma once

#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "provision/operation/step_context.h"

namespace graft {

// Carries the statement's end from its own thread to the operation's. Outlives both.
class StatementEnd {
 public:
  void Set(absl::Status status);
  std::optional<absl::Status> Get() const;

 private:
  mutable absl::Mutex mutex_;
  std::optional<absl::Status> status_ ABSL_GUARDED_BY(mutex_);
};

// `end` of the statement that this process has sent; nullptr: an earlier process sent it.
// `runs_here`: the server has said that a clone runs, so a trace of it will come.
// Advance: all is copied, and the server restarts on it or has already.
// NextAttempt, Stop: how it ended; the state says what is left.
// nullopt: an earlier process had only been about to send it. Nothing has happened.
std::optional<StepOutcome> SuperviseClone(StepContext& context, std::shared_ptr<StatementEnd> end,
                                          bool runs_here = false);

}  // namespace graft
