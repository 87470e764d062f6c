// The donor's files, copied as they are over one TCP connection on loopback, and synced: no
// replica, not even a backup, but the least that any way of copying must take.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace graft {

// All regular files below `from` into the folder `to`, which must be there, without the redo log
// and the temporary tables: a CLONE does not carry these files either. Returns the bytes copied.
// UNAVAILABLE: a file cannot be read or written, or shrinks meanwhile.
absl::StatusOr<int64_t> CopyOverLoopback(const std::string& from, const std::string& to);

}  // namespace graft
