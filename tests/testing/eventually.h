// The one poll that tests have.
#pragma once

#include <functional>

#include "absl/time/time.h"

namespace graft {

// Asks `condition` again and again, with growing pauses, until it says yes or `timeout` is over.
// Returns what it said last. For what other processes do; inside one process, wait on a condition.
bool Eventually(absl::Duration timeout, const std::function<bool()>& condition);

}  // namespace graft
