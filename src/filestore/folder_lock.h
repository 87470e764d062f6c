// The lock of a folder store: one holder at a time, among threads and processes. Freed by the
// kernel when its holder dies. Private to src/filestore.
#ifndef GRAFT_FILESTORE_FOLDER_LOCK_H_
#define GRAFT_FILESTORE_FOLDER_LOCK_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/files.h"
#include "graft/clock.h"

namespace graft {

class FolderLock {
 public:
  // DEADLINE_EXCEEDED: somebody held it all the time.
  static absl::StatusOr<FolderLock> Take(Clock& clock, const std::string& path,
                                         absl::Duration timeout);
  FolderLock(FolderLock&&) noexcept = default;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace graft

#endif  // GRAFT_FILESTORE_FOLDER_LOCK_H_
