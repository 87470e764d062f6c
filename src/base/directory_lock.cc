#include "base/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "base/files.h"

namespace graft {
namespace {

class FileLock : public DirectoryLock {
 public:
  explicit FileLock(Fd file) : file_(std::move(file)) {}
  // A child between its fork and its exec has the file open still.
  ~FileLock() override { flock(file_.get(), LOCK_UN); }

 private:
  const Fd file_;
};

std::string Describe(absl::string_view holder) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return absl::StrCat(
      holder, " with process id ", getpid(), " on ", host.data(), " since ",
      absl::FormatTime("%Y-%m-%d %H:%M:%SZ", AnchorNow().time, absl::UTCTimeZone()));
}

absl::Status Held(const std::string& directory, const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  std::string holder(absl::StripAsciiWhitespace(text.ok() ? *text : ""));
  if (holder.empty()) holder = "another process";
  return Failure(Reason::kStateDirHeld,
                 absl::StrCat("the state directory ", directory, " is in use by ", holder,
                              "; stop that one, or give this one a --state-dir of its own"));
}

// Somebody may have removed the file between its opening and its locking.
bool IsFileAt(const Fd& file, const std::string& path) {
  struct stat ours {};
  struct stat theirs {};
  return fstat(file.get(), &ours) == 0 && stat(path.c_str(), &theirs) == 0 &&
         ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryLock>> LockDirectory(const std::string& directory,
                                                             absl::string_view holder) {
  const std::string path = absl::StrCat(directory, "/lock");
  while (true) {
    Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.ok()) return FileError("open", path, errno);
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      return errno == EWOULDBLOCK ? Held(directory, path) : FileError("lock", path, errno);
    }
    if (!IsFileAt(file, path)) continue;
    // In place: a new file would not be the locked one.
    GRAFT_RETURN_IF_ERROR(WriteFile(path, absl::StrCat(Describe(holder), "\n")));
    return std::unique_ptr<DirectoryLock>(std::make_unique<FileLock>(std::move(file)));
  }
}

}  // namespace graft
