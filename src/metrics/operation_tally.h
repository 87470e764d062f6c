// OperationTally: counts what operations do, from the agent's start on.
//
// An observer. If this agent resumes an earlier agent's operation, it does not count again the
// steps and attempts that had ended by then, nor their bytes. Safe for use from several threads.
#ifndef GRAFT_METRICS_OPERATION_TALLY_H_
#define GRAFT_METRICS_OPERATION_TALLY_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "graft/observer.h"
#include "metrics/histogram.h"
#include "metrics/metrics_page.h"

namespace graft {

// The reason of an error, or, without one, its code: as the tablet's tag graft.reason has it.
std::string ReasonWord(const absl::Status& status);

class OperationTally : public Observer {
 public:
  OperationTally();

  void OnStep(const Operation& operation) override;
  void OnProgress(const Operation& operation) override;
  void OnEnd(const Operation& operation) override;

  void Write(MetricsPage& page) const;

 private:
  // How much of the operation seen last is counted.
  struct Counted {
    std::string id;
    size_t steps = 0;
    size_t failed_attempts = 0;
    int64_t bytes = 0;  // of its present attempt
  };

  void Count(const Operation& operation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  Counted counted_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int64_t> ended_ ABSL_GUARDED_BY(mutex_);             // by outcome
  std::map<std::string, int64_t> failures_ ABSL_GUARDED_BY(mutex_);          // by reason
  std::map<std::string, int64_t> attempt_failures_ ABSL_GUARDED_BY(mutex_);  // by reason
  std::map<std::string, Histogram> seconds_ ABSL_GUARDED_BY(mutex_);         // by outcome
  std::vector<Histogram> step_seconds_ ABSL_GUARDED_BY(mutex_);              // by Step
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace graft

#endif  // GRAFT_METRICS_OPERATION_TALLY_H_
