// FakeJournal: a Journal in memory that can be told to fail, to hang and to be damaged.
//
// Safe for use from several threads. Survives what stands for the agent's death in a test: hand the
// same object to the next one.
#pragma once

#include <functional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/tablet_state.h"

namespace graft {

class FakeJournal : public Journal {
 public:
  explicit FakeJournal(int keep = 50) : keep_(keep) {}

  absl::Status Save(const TabletState& state) override;
  absl::StatusOr<LoadedJournal> Load() override;
  absl::Status SetDamagedAside() override;

  // The next `times` calls of Save return `status` and save nothing.
  void FailNext(int times, absl::Status status);
  // The next `times` calls of Load return `status`.
  void FailNextLoad(int times, absl::Status status);
  // The next Save takes `duration` of `clock`, as on a disk that stalls, and then works.
  void HangNext(Clock& clock, absl::Duration duration);
  // Load tells of it until it is set aside.
  void AddDamaged(DamagedRecord record);

  // While true, Save simply works: no hook is called, nothing fails or counts.
  bool quiet = false;

  // Called before each Save and Load, without locks held; what is not OK becomes its answer, and
  // nothing is done. Set them before others use the journal.
  std::function<absl::Status(const TabletState&)> before_save;
  std::function<absl::Status()> before_load;

  // Called after each Save that worked, on the saving thread and without locks held. Set it before
  // others use the journal.
  std::function<void(const TabletState&)> on_save;

  // Saves that worked, and loads.
  int saves() const;
  int loads() const;

 private:
  void Prune() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int keep_;
  mutable absl::Mutex mutex_;
  std::vector<TabletState> states_ ABSL_GUARDED_BY(mutex_);  // oldest first
  int failures_left_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  int load_failures_left_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status load_failure_ ABSL_GUARDED_BY(mutex_);
  std::vector<DamagedRecord> damaged_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> hang_ ABSL_GUARDED_BY(mutex_);
  int saves_ ABSL_GUARDED_BY(mutex_) = 0;
  int loads_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace graft
