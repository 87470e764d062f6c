// FakeJournal: a Journal in memory that can be told to fail.
//
// Safe for use from several threads. Survives what stands for the agent's death in a test: hand the
// same object to the next one.
#ifndef GRAFT_TESTS_FAKES_FAKE_JOURNAL_H_
#define GRAFT_TESTS_FAKES_FAKE_JOURNAL_H_

#include <functional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "graft/journal.h"
#include "graft/operation.h"

namespace graft {

class FakeJournal : public Journal {
 public:
  explicit FakeJournal(int keep = 50) : keep_(keep) {}

  absl::Status Save(const Operation& operation) override;
  absl::StatusOr<std::vector<Operation>> Load() override;

  // The next `times` calls of Save return `status` and save nothing.
  void FailNext(int times, absl::Status status);

  // Called before each Save; what is not OK becomes its answer, and nothing is saved.
  std::function<absl::Status(const Operation&)> before_save;

  // Called after each Save that worked, on the saving thread and without locks held. Set it before
  // others use the journal.
  std::function<void(const Operation&)> on_save;

  // Saves that worked.
  int saves() const;

 private:
  void Prune() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int keep_;
  mutable absl::Mutex mutex_;
  std::vector<Operation> operations_ ABSL_GUARDED_BY(mutex_);  // oldest first
  int failures_left_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  int saves_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace graft

#endif  // GRAFT_TESTS_FAKES_FAKE_JOURNAL_H_
