// Askers: the threads that ask other tablets' servers, many at the same time.
//
// MySQL's client library cannot be interrupted, so an abandoned question stays with its thread. The
// thread ends when the library's own timeouts are over. It holds shared state only: its question,
// and `keeps` of the constructor. There are never more than kMost threads, the late ones included.
// Safe for use from several threads.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "graft/clock.h"

namespace graft {

class Askers {
 public:
  static constexpr int kMost = 64;

  // `keeps`: objects that the questions refer to but do not own. They and the clock live as long as
  // a thread.
  Askers(std::shared_ptr<Clock> clock, std::shared_ptr<const void> keeps);

  // An AskAll (provision/donor/peers.h).
  absl::Status Ask(
      std::vector<std::function<void()>> questions,
      const std::shared_ptr<Cancellation>& cancellation, absl::Duration patience,
      const std::function<void()>& meanwhile = [] {});

  // Waits for late threads, by default longer than they try to connect; false: some are left.
  bool AwaitIdle(absl::Duration patience = absl::Seconds(6));

 private:
  struct Crew;
  class Round;

  // Starts up to `wanted` threads on `round`; returns how many.
  int Start(const std::shared_ptr<Round>& round, int wanted);

  const std::shared_ptr<Clock> clock_;
  const std::shared_ptr<Crew> crew_;
};

}  // namespace graft
