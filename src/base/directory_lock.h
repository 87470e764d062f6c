// DirectoryLock: lets one process at a time use a directory; others can read which process.
//
// The kernel frees the lock when its holder ends, however that happens. Programs that the holder
// starts do not inherit the lock. Safe for use from several threads.
#ifndef GRAFT_BASE_DIRECTORY_LOCK_H_
#define GRAFT_BASE_DIRECTORY_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace graft {

class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

// Holds <directory>/lock until the result is destroyed, and writes the holder into that file:
// `holder`, a program's name, with its process id, its host and the time. FAILED_PRECONDITION,
// reason STATE_DIR_HELD: another process, or this one, holds the directory; the text names it.
// UNAVAILABLE: the file cannot be used.
absl::StatusOr<std::unique_ptr<DirectoryLock>> LockDirectory(const std::string& directory,
                                                             absl::string_view holder);

}  // namespace graft

#endif  // GRAFT_BASE_DIRECTORY_LOCK_H_
