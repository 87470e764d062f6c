// One TCP connection on loopback, as two ends.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"

namespace graft {

struct Loopback {
  Fd sender;
  Fd receiver;
};

absl::StatusOr<Loopback> ConnectLoopback();

// All `size` bytes. ABORTED: the sender has gone; UNAVAILABLE: any other failure.
absl::Status SendAll(int socket, const void* data, size_t size);
absl::Status ReceiveAll(int socket, void* data, size_t size);

}  // namespace graft
