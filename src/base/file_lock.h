// FileLock: lets one process at a time use what a file stands for; others can read which process.
//
// The kernel frees the lock when its holder ends, however that happens. Programs that the holder
// starts do not inherit the lock. Safe for use from several threads.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/files.h"

namespace graft {

class FileLock {
 public:
  explicit FileLock(Fd file = Fd()) : file_(std::move(file)) {}
  FileLock(FileLock&&) = default;
  FileLock& operator=(FileLock&&) = default;
  ~FileLock();

 private:
  Fd file_;
};

// Holds the file until the result is destroyed, and writes the line `holder` into it.
// FAILED_PRECONDITION: another process, or this one, holds it; the text is that holder's line.
// UNAVAILABLE: the file cannot be used.
absl::StatusOr<FileLock> LockFile(const std::string& path, absl::string_view holder);

}  // namespace graft
