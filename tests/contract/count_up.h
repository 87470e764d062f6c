// Several writers of one store at the same time.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "graft/key_value_store.h"

namespace graft {

// Adds 1 to the number at /n `count` times by compare-and-swap, again where somebody was faster.
// Writes `padding` spaces after the number.
absl::Status CountUp(KeyValueStore& store, int count, size_t padding = 0);

}  // namespace graft
