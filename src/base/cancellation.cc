#include "graft/cancellation.h"

namespace graft {

// Both notify under the lock: a waiter may destroy this object as soon as the lock is free.
void Cancellation::Cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancelled_ = true;
  changed_.notify_all();
}

void Cancellation::Wake() {
  const std::lock_guard<std::mutex> lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

bool Cancellation::cancelled() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return cancelled_;
}

WaitEnd Cancellation::WaitUntil(Clock& clock, absl::Time deadline) {
  std::unique_lock<std::mutex> lock(mutex_);
  clock.AwaitUntil(
      lock, changed_, [this] { return cancelled_ || woken_; }, deadline);
  if (cancelled_) return WaitEnd::kCancelled;
  if (woken_) {
    woken_ = false;
    return WaitEnd::kWoken;
  }
  return WaitEnd::kDeadline;
}

}  // namespace graft
