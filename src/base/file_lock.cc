#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {
namespace {

// Somebody may have removed the file between its opening and its locking.
bool IsFileAt(const Fd& file, const std::string& path) {
  struct stat ours {};
  struct stat theirs {};
  return fstat(file.get(), &ours) == 0 && stat(path.c_str(), &theirs) == 0 &&
         ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

}  // namespace

// A child between its fork and its exec has the file open still.
FileLock::~FileLock() {
  if (file_.ok()) flock(file_.get(), LOCK_UN);
}

absl::StatusOr<FileLock> LockFile(const std::string& path, absl::string_view holder) {
  while (true) {
    Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.ok()) return FileError("open", path, errno);
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK) return FileError("lock", path, errno);
      return absl::FailedPreconditionError(absl::StripAsciiWhitespace(ReadFile(path).value_or("")));
    }
    if (!IsFileAt(file, path)) continue;
    // In place: a new file would not be the locked one.
    GRAFT_RETURN_IF_ERROR(WriteFile(path, absl::StrCat(holder, "\n")));
    return FileLock(std::move(file));
  }
}

}  // namespace graft
