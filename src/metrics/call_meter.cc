#include "metrics/call_meter.h"

#include <vector>

namespace graft {
namespace {

// From a local socket's answer to the timeouts of etcd (5 s) and of a session's reads.
const std::vector<double>& Bounds() {
  static const auto* const bounds = new std::vector<double>{0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10};
  return *bounds;
}

}  // namespace

CallMeter::Calls CallMeter::Read() const {
  absl::MutexLock lock(&mutex_);
  return calls_;
}

void CallMeter::Count(absl::string_view name, absl::Duration took, absl::StatusCode code) {
  absl::MutexLock lock(&mutex_);
  auto call = calls_.find(name);
  if (call == calls_.end()) {
    // The error that matters most begins at 0: the first increase of a series that appears with it
    // would be invisible to rate().
    call = calls_
               .emplace(std::string(name),
                        Call{Histogram(Bounds()), {{absl::StatusCode::kUnavailable, 0}}})
               .first;
  }
  call->second.seconds.Observe(absl::ToDoubleSeconds(took));
  if (code != absl::StatusCode::kOk) ++call->second.errors[code];
}

}  // namespace graft
