// The few file operations that the parts of graft are made of.
//
// A failure is UNAVAILABLE unless said otherwise; its text names the path and has the system's
// text. Its reason is Reason::kFileAccess if this user lacks the permission. No state; safe for use
// from several threads on different paths.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace graft {

// Owns a file descriptor; closes it at the end.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }
  // Gives it to the caller to close.
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// "cannot <what> <path>: <the system's text for the errno `error`>".
absl::Status FileError(absl::string_view what, absl::string_view path, int error);

// NOT_FOUND: there is no such file.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// The whole lines among the last `bytes` of it. NOT_FOUND.
absl::StatusOr<std::string> ReadTail(const std::string& path, int64_t bytes);

// Writes in place, so a reader may see half of it: for a file that no other process reads yet. Mode
// 0666 without the umask's bits if it is new.
absl::Status WriteFile(const std::string& path, absl::string_view text);

// Adds to the end of a file that is there.
absl::Status AppendToFile(const std::string& path, absl::string_view text);

// `path` holds `text`, mode 0600 without the umask's bits: at no moment is there half of it, also
// after a crash if `durable`. Its name is on the disk once SyncDirectory() says so. Writes
// <path>.tmp first.
absl::Status ReplaceFile(const std::string& path, absl::string_view text, bool durable = true);

// OK if it is gone already.
absl::Status RemoveFile(const std::string& path);

// Names in `directory`, without "." and "..", sorted.
absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& directory);

// Makes `directory` (mode 0700; its parent must exist) unless it is there.
absl::Status MakeDirectory(const std::string& directory);

// Makes renames and removals in `directory` last.
absl::Status SyncDirectory(const std::string& directory);

// FileLock: lets one process at a time use what a file stands for; others can read which process.
//
// The kernel frees the lock when its holder ends, however that happens. Programs that the holder
// starts do not inherit the lock. Safe for use from several threads.
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
