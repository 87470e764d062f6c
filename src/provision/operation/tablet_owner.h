// OperationControl: the signals to a running operation that need not outlive the agent: the agent's
// end, and a wake-up.
//
// A cancel and new bandwidths are durable once they are granted, so they are in TabletState. Safe
// for use from several threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "graft/clock.h"
#include "graft/tablet_state.h"

namespace graft {

class OperationControl {
 public:
  // The agent ends: the operation leaves everything as it is.
  void Stop() {
    stopped_ = true;
    wait_.Cancel();
  }
  bool stopped() const { return stopped_; }

  // The operation looks again now.
  void Wake() { wait_.Wake(); }
  // A cancel was granted before anything is dropped: every wait ends, present and future.
  void EndWaits() { wait_.Cancel(); }

  // The operation waits on it.
  Cancellation& wait() { return wait_; }

 private:
  std::atomic<bool> stopped_ = false;
  Cancellation wait_;
};

// TabletOwner: the one owner of the TabletState.
//
// Only it changes the state, and always in the same order: decide on a copy, journal the copy under
// the next sequence number, then let others see it. Nobody else writes the journal. Everybody else
// reads snapshots, which never change under the reader. Safe for use from several threads: writers
// of the state take turns, and readers do not wait for the disk. Its arguments must outlive it.
class TabletOwner {
 public:
  using Snapshot = std::shared_ptr<const TabletState>;

  TabletOwner(Clock& clock, Journal& journal);

  // Loads the journal's states; oldest first.
  void TakeUp(std::vector<TabletState> states);
  // From now on every transition gets a number above `sequence`: the tablet's record has this
  // number, although the journal may be lost.
  void BeginAfter(int64_t sequence);

  // The present state, with the newest progress. Never nullptr.
  Snapshot state() const {
    absl::MutexLock lock(&mutex_);
    return shown_;
  }
  // The last state of each operation that the journal keeps, newest first.
  std::vector<Snapshot> history() const;

  // For the operation's thread: journals `draft` and makes it the state. If a cancel was granted
  // meanwhile, `draft` then has it. UNAVAILABLE: the journal cannot be written, and the state stays
  // unchanged.
  absl::Status Commit(TabletState& draft);
  // FAILED_PRECONDITION: the draft's operation is no longer the newest one.
  // As Commit, but CANCELLED, and nothing is written, if a cancel was granted.
  absl::Status CommitUnlessCancelled(TabletState& draft);
  // Shows the draft's progress to readers, without a write to the journal.
  void Show(const TabletState& draft);

  // Makes `operation` the newest one and keeps the other facts about the tablet.
  // FAILED_PRECONDITION with OPERATION_RUNNING; UNAVAILABLE as of Commit.
  absl::StatusOr<Snapshot> Begin(const Operation& operation);
  // Grants a cancel of the operation `id` and journals it before it answers. FAILED_PRECONDITION:
  // OPERATION_ENDED, DATA_DROPPED, TOO_LATE; UNAVAILABLE as of Commit.
  absl::Status GrantCancel(absl::string_view id, CancelWish wish);
  // Likewise bandwidths for the copy of the operation `id`; each for itself, the last word counts.
  // FAILED_PRECONDITION: OPERATION_ENDED, TOO_LATE.
  absl::Status GrantThrottle(absl::string_view id, const CloneSettings& settings);

  // Of the operation that runs.
  bool cancel_granted() const { return committed()->cancel.has_value(); }
  CloneSettings throttle() const { return committed()->throttle; }

 private:
  absl::Status Write(TabletState& next, const Snapshot& present)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(turn_);
  absl::Status Grant(const std::function<void(TabletState&)>& grant)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(turn_);
  absl::StatusOr<Snapshot> PresentOf(TabletState& draft) const;
  Snapshot committed() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return committed_;
  }

  Clock& clock_;
  Journal& journal_;

  // Held during the write of the journal, so that one transition runs at a time. Readers never take
  // it.
  absl::Mutex turn_ ABSL_ACQUIRED_BEFORE(mutex_);

  mutable absl::Mutex mutex_;
  int64_t sequence_ ABSL_GUARDED_BY(mutex_) = 0;
  Snapshot committed_ ABSL_GUARDED_BY(mutex_);          // as the journal has it
  Snapshot shown_ ABSL_GUARDED_BY(mutex_);              // with the newest progress
  std::vector<Snapshot> past_ ABSL_GUARDED_BY(mutex_);  // oldest first, without the newest
};

}  // namespace graft
