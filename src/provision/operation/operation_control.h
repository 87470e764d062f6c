// OperationControl: the signals to a running operation that need not outlive the agent: the agent's
// end, and a wake-up.
//
// A cancel and new bandwidths are durable once they are granted, so they are in TabletState. Safe
// for use from several threads.
#pragma once

#include <atomic>

#include "graft/cancellation.h"

namespace graft {

class OperationControl {
 public:
  // The agent ends: the operation leaves everything as it is.
  void Stop() {
    stopped_ = true;
    wait_.Cancel();
  }
  bool stopped() const { return stopped_; }

  // The operation looks again now.
  void Wake() { wait_.Wake(); }
  // A cancel was granted before anything is dropped: every wait ends, present and future.
  void EndWaits() { wait_.Cancel(); }

  // The operation waits on it.
  Cancellation& wait() { return wait_; }

 private:
  std::atomic<bool> stopped_ = false;
  Cancellation wait_;
};

}  // namespace graft
