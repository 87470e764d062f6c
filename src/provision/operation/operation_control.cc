#include "provision/operation/operation_control.h"

#include <utility>

namespace graft {

CancelAnswer OperationControl::Cancel(CancelWish wish) {
  {
    absl::MutexLock lock(&mutex_);
    if (phase_ == Phase::kSealed) return CancelAnswer::kTooLate;
    if (phase_ != Phase::kNothingDropped && wish == CancelWish::kIfNothingDropped) {
      return CancelAnswer::kDataDropped;
    }
    if (phase_ == Phase::kCopying) {
      cancel_wanted_ = true;
      wait_.Wake();
      return CancelAnswer::kGranted;
    }
    cancelled_ = true;
  }
  wait_.Cancel();
  return CancelAnswer::kGranted;
}

void OperationControl::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  wait_.Cancel();
}

bool OperationControl::Throttle(const CloneSettings& settings) {
  {
    absl::MutexLock lock(&mutex_);
    if (phase_ == Phase::kSealed) return false;
    if (!throttle_.has_value()) throttle_ = CloneSettings();
    if (settings.max_data_bandwidth_mib.has_value()) {
      throttle_->max_data_bandwidth_mib = settings.max_data_bandwidth_mib;
    }
    if (settings.max_network_bandwidth_mib.has_value()) {
      throttle_->max_network_bandwidth_mib = settings.max_network_bandwidth_mib;
    }
  }
  wait_.Wake();
  return true;
}

bool OperationControl::BeginCopy() {
  absl::MutexLock lock(&mutex_);
  if (cancelled_ || stopped_) return false;
  phase_ = Phase::kCopying;
  return true;
}

bool OperationControl::Seal() {
  absl::MutexLock lock(&mutex_);
  if (cancelled_ || stopped_) return false;
  phase_ = Phase::kSealed;
  return true;
}

void OperationControl::BeginAttempt(bool dropped) {
  bool now = false;
  {
    absl::MutexLock lock(&mutex_);
    phase_ = dropped ? Phase::kDropped : Phase::kNothingDropped;
    // The copy that was to be ended has ended by itself.
    now = std::exchange(cancel_wanted_, false);
    cancelled_ = cancelled_ || now;
  }
  if (now) wait_.Cancel();
}

bool OperationControl::cancel_wanted() const {
  absl::MutexLock lock(&mutex_);
  return cancel_wanted_;
}

void OperationControl::ConfirmCancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
}

std::optional<CloneSettings> OperationControl::TakeThrottle() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(throttle_, std::nullopt);
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
