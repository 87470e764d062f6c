// The processor time and the memory of a process, from /proc.
#pragma once

#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace graft {

struct ProcessCost {
  absl::Duration processor;  // user and system, since its start
  double resident_mb = 0;    // VmRSS, in 2^20 bytes: also counts pages of shared libraries
  double anonymous_mb = 0;   // RssAnon: its own alone
  double peak_mb = 0;        // VmHWM: the highest VmRSS since its start or ForgetPeak()
  int threads = 0;
};

absl::StatusOr<ProcessCost> ReadCost(pid_t pid);

// How coarse the kernel counts processor time.
absl::Duration ProcessorTick();

absl::Status ForgetPeak(pid_t pid);

}  // namespace graft
