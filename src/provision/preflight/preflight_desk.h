// PreflightDesk: takes requests for preflights and makes the preflights on a thread of its own,
// also while an operation runs. Changes nothing.
//
// Safe for use from several threads. The owner calls Serve() on a thread; Stop() makes Serve
// return, and every waiting request gets UNAVAILABLE.
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "graft/operation.h"
#include "graft/provisioning.h"

namespace graft {

class PreflightDesk {
 public:
  using Make = std::function<absl::StatusOr<PreflightReport>(Operation draft)>;

  // Codes as of Provisioning::Preflight; also RESOURCE_EXHAUSTED: too many wait already.
  void Ask(const Operation& draft, PreflightDone on_done);

  // The last report that was made; nullopt: none yet.
  std::optional<PreflightReport> Last() const;

  void Serve(const Make& make);
  void Stop();

 private:
  struct Question {
    Operation draft;
    PreflightDone on_done;
  };

  mutable absl::Mutex mutex_;
  std::deque<Question> questions_ ABSL_GUARDED_BY(mutex_);
  std::optional<PreflightReport> last_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace graft
