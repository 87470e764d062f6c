// OpenCalls: the reactors of calls that gRPC is not done with, and whether there may be more.
//
// A reactor adds itself when its call begins and removes itself in OnDone(). Safe for use from
// several threads.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace graft {

template <typename Call>
class OpenCalls {
 public:
  enum class Place { kTaken, kFull, kClosed };

  explicit OpenCalls(size_t most) : most_(most) {}

  // The call is kept with every answer. Unless the answer is kTaken, the call has to end.
  Place Add(std::shared_ptr<Call> call) {
    absl::MutexLock lock(&mutex_);
    calls_.push_back(std::move(call));
    if (closed_) return Place::kClosed;
    return calls_.size() > most_ ? Place::kFull : Place::kTaken;
  }

  void Remove(const Call* call) {
    std::shared_ptr<Call> removed;  // dies after the lock is gone
    absl::MutexLock lock(&mutex_);
    for (auto& candidate : calls_) {
      if (candidate.get() != call) continue;
      removed = std::move(candidate);
      candidate = std::move(calls_.back());
      calls_.pop_back();
      return;
    }
  }

  std::vector<std::shared_ptr<Call>> All() {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }

  // No more from now on. The calls that are open.
  std::vector<std::shared_ptr<Call>> Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    return calls_;
  }

 private:
  const size_t most_;
  absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<Call>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
