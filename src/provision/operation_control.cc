#include "provision/operation_control.h"

namespace graft {

bool OperationControl::Cancel() {
  {
    absl::MutexLock lock(&mutex_);
    if (sealed_) return false;
    cancelled_ = true;
  }
  wait_.Cancel();
  return true;
}

void OperationControl::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  wait_.Cancel();
}

bool OperationControl::Seal() {
  absl::MutexLock lock(&mutex_);
  if (cancelled_ || stopped_) return false;
  sealed_ = true;
  return true;
}

bool OperationControl::cancelled() const {
  absl::MutexLock lock(&mutex_);
  return cancelled_;
}

bool OperationControl::stopped() const {
  absl::MutexLock lock(&mutex_);
  return stopped_;
}

}  // namespace graft
