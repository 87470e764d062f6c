#include "provision/operation/operation_control.h"

#include <utility>

namespace graft {

void OperationControl::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  wait_.Cancel();
}

bool OperationControl::stopped() const {
  absl::MutexLock lock(&mutex_);
  return stopped_;
}

void OperationControl::Throttle(const CloneSettings& settings) {
  {
    absl::MutexLock lock(&mutex_);
    if (!throttle_.has_value()) throttle_ = CloneSettings();
    if (settings.max_data_bandwidth_mib.has_value()) {
      throttle_->max_data_bandwidth_mib = settings.max_data_bandwidth_mib;
    }
    if (settings.max_network_bandwidth_mib.has_value()) {
      throttle_->max_network_bandwidth_mib = settings.max_network_bandwidth_mib;
    }
  }
  wait_.Wake();
}

std::optional<CloneSettings> OperationControl::TakeThrottle() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(throttle_, std::nullopt);
}

}  // namespace graft
