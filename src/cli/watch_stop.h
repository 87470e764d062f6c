// WatchStop: ends a watch from another thread, for good.
//
// Safe for use from several threads. Whoever is blocked in something that no Cancellation reaches
// says with an OnStop how to end that.
#ifndef GRAFT_CLI_WATCH_STOP_H_
#define GRAFT_CLI_WATCH_STOP_H_

#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "graft/cancellation.h"

namespace graft::cli {

class WatchStop {
 public:
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_) {
    pause_.Cancel();
    absl::MutexLock lock(&mutex_);
    if (on_stop_ != nullptr) on_stop_();
  }
  bool stopped() const { return pause_.cancelled(); }
  // For whoever waits for time to pass.
  Cancellation& pause() { return pause_; }

  // Calls `on_stop` if Stop() comes, or has come, while this lives; it must not block. One at a
  // time; `stop` must outlive it.
  class OnStop {
   public:
    OnStop(WatchStop& stop, std::function<void()> on_stop) : stop_(stop) {
      absl::MutexLock lock(&stop_.mutex_);
      stop_.on_stop_ = std::move(on_stop);
      if (stop_.stopped()) stop_.on_stop_();
    }
    ~OnStop() {
      absl::MutexLock lock(&stop_.mutex_);
      stop_.on_stop_ = nullptr;
    }
    OnStop(const OnStop&) = delete;
    OnStop& operator=(const OnStop&) = delete;

   private:
    WatchStop& stop_;
  };

 private:
  Cancellation pause_;
  absl::Mutex mutex_;
  std::function<void()> on_stop_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft::cli

#endif  // GRAFT_CLI_WATCH_STOP_H_
