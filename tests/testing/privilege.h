// For tests that need a right of the machine: to mount, or to make a network.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/status/status.h"

// Ends the running test if `status` is PERMISSION_DENIED. The test is skipped, and scripts/test
// lists it. Where GRAFT_ALL_TESTS is set it fails. Any other status is the test's own matter.
#define GRAFT_NEEDS_RIGHT(status)                                                             \
  if (const absl::Status needed_right_ = (status); absl::IsPermissionDenied(needed_right_)) { \
    if (std::getenv("GRAFT_ALL_TESTS") != nullptr) FAIL() << needed_right_;                   \
    GTEST_SKIP() << "not run here, because of " << needed_right_.message();                   \
  }                                                                                           \
  static_assert(true)
