// ApiProbe: checks as a client whether the agent's API answers.
//
// Each check uses a new connection: an API that accepts no connection any more may still serve the
// connected clients. Safe for use from several threads. The owner gives it a thread by calling
// Serve() on one.
#pragma once

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "graft/cancellation.h"
#include "graft/clock.h"

namespace graft {

class ApiProbe {
 public:
  // `bind_address` and `port` are the server's. `clock` must outlive it.
  ApiProbe(Clock& clock, const std::string& bind_address, int port);

  // Asks every few seconds, until Stop().
  void Serve();
  void Stop() { stop_.Cancel(); }

  // The last answer. UNAVAILABLE: the API does not answer, or was not asked for long; the text says
  // why. OK before the first answer.
  absl::Status Last() const;

 private:
  absl::Status Ask() const;

  Clock& clock_;
  const std::string address_;
  Cancellation stop_;
  mutable absl::Mutex mutex_;
  absl::Status last_ ABSL_GUARDED_BY(mutex_);
  absl::Time asked_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace graft
