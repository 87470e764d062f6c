#include "graft/cancellation.h"

namespace graft {

void Cancellation::Cancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
}

void Cancellation::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
}

bool Cancellation::cancelled() const {
  absl::MutexLock lock(&mutex_);
  return cancelled_;
}

WaitEnd Cancellation::WaitUntil(Clock& clock, absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  const auto interrupted = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return cancelled_ || woken_; };
  clock.AwaitUntil(mutex_, absl::Condition(&interrupted), deadline);
  if (cancelled_) return WaitEnd::kCancelled;
  if (woken_) {
    woken_ = false;
    return WaitEnd::kWoken;
  }
  return WaitEnd::kDeadline;
}

}  // namespace graft
