#include "filestore/folder_lock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "filestore/record_file.h"

namespace graft {
namespace {

// A holder that is killed unlocks only after the kernel has told its close, so that the news can
// come too early to be of use; hence the wait for it is short.
constexpr absl::Duration kLongestWait = absl::Milliseconds(50);

// flock(2) knows no timeout; a holder's close(2) is the sign to try again.
Fd WatchCloses(const std::string& path) {
  Fd watch(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (watch.ok()) inotify_add_watch(watch.get(), path.c_str(), IN_CLOSE_WRITE);
  return watch;
}

void AwaitClose(const Fd& watch, absl::Duration limit) {
  pollfd item = {watch.get(), POLLIN, 0};  // poll(2) skips a negative one
  poll(&item, 1, static_cast<int>(absl::ToInt64Milliseconds(std::min(limit, kLongestWait))) + 1);
  char events[4096];
  while (watch.ok() && read(watch.get(), events, sizeof events) > 0) {
  }
}

}  // namespace

absl::StatusOr<FolderLock> FolderLock::Take(Clock& clock, const std::string& path,
                                            absl::Duration timeout) {
  Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!fd.ok()) return StoreStatus(FileError("open", path, errno));
  const absl::Time deadline = clock.Now() + timeout;
  Fd watch;
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return StoreStatus(FileError("lock", path, errno));
    const absl::Duration left = deadline - clock.Now();
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(absl::StrCat("folder store: another process has held ",
                                                      path, " for ", absl::FormatDuration(timeout),
                                                      ": is one of them stopped?"));
    }
    if (watch.ok()) {
      AwaitClose(watch, left);
    } else {
      watch = WatchCloses(path);  // and try once more, for it may have been freed meanwhile
      if (!watch.ok()) AwaitClose(watch, left);
    }
  }
  return FolderLock(std::move(fd));
}

FolderLock::~FolderLock() {
  // Before the close, so that those who wait for that find it free.
  if (fd_.ok()) flock(fd_.get(), LOCK_UN);
}

}  // namespace graft
