// Asks other tablets' servers one after the other, on the calling thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "provision/donor/peers.h"

namespace graft {

inline AskAll AskInOrder(Clock& clock) {
  return [&clock](const std::vector<std::function<void()>>& questions,
                  const std::shared_ptr<Cancellation>& cancellation, absl::Duration patience,
                  const std::function<void()>& meanwhile) {
    meanwhile();
    const absl::Time deadline = clock.Now() + patience;
    for (const std::function<void()>& question : questions) {
      if (cancellation->cancelled()) return absl::CancelledError("cancelled");
      if (clock.Now() >= deadline) break;
      question();
    }
    return absl::OkStatus();
  };
}

}  // namespace graft
