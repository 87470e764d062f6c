// CloneSupervisor: stays with a CLONE that was sent until the server itself shows how it ended.
//
// Only evidence ends it: this run Completed, this run Failed, or no run and no trace of this run. A
// failed query, a journal that cannot be written, a store that is away, or a client that left is no
// such evidence. Meanwhile it acts on a granted cancel, on new bandwidths, and on the watchdog's
// findings. Used by the clone step, on the operation's thread.
#ifndef GRAFT_PROVISION_STEPS_CLONE_SUPERVISOR_H_
#define GRAFT_PROVISION_STEPS_CLONE_SUPERVISOR_H_

#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "provision/operation/step_context.h"
#include "provision/steps/clone_watch.h"
#include "provision/steps/clone_watchdog.h"
#include "provision/steps/down_server.h"

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

class CloneSupervisor {
 public:
  // `end` of the statement that this process has sent; nullptr: an earlier process sent it.
  // `runs_here`: the server has said that a clone runs, so a trace of it will come.
  CloneSupervisor(StepContext& context, std::shared_ptr<StatementEnd> end, bool runs_here = false);

  // Advance: all is copied, and the server restarts on it or has already.
  // NextAttempt, Stop: how it ended; the state says what is left.
  // nullopt: an earlier process had only been about to send it. Nothing has happened.
  std::optional<StepOutcome> Run();

 private:
  using Verdict = std::optional<StepOutcome>;  // nullopt: stay with it

  Verdict Turn();
  Verdict Copied();
  Verdict Failed();
  Verdict Crashed();
  Verdict WithoutTrace();
  Verdict NothingThere();
  Verdict ServerAway(const absl::Status& look);
  Verdict LookAfterIt();
  void FenceAgain();
  void Throttle();
  Verdict End(const absl::Status& why);
  Verdict Over(DataState left, const absl::Status& why);
  absl::Status NameTheKill(const absl::Status& said);

  // What the statement has said, if that is an answer of the server's about this run.
  std::optional<absl::Status> Answer() const;
  bool SessionMayLive();
  bool MayBeKilled() const;

  StepContext& context_;
  TabletState& state_;
  Operation& operation_;
  const std::shared_ptr<StatementEnd> end_;
  CloneWatch watch_;
  CloneWatchdog watchdog_;
  DownServer down_;
  const absl::Time since_;
  const absl::Duration trace_takes_;
  absl::Time denied_since_ = absl::InfiniteFuture();
  CloneSettings throttle_;  // as it was applied
  bool never_sent_ = false;
  bool fenced_ = false;  // read-only again since the dropping is over
};

}  // namespace graft

#endif  // GRAFT_PROVISION_STEPS_CLONE_SUPERVISOR_H_
