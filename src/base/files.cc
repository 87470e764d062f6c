#include "base/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {
namespace {

Fd Open(const std::string& path, int flags, mode_t mode = 0) {
  return Fd(open(path.c_str(), flags | O_CLOEXEC, mode));
}

absl::Status WriteAll(const Fd& file, const std::string& path, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError("write", path, errno);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status Sync(const Fd& file, const std::string& path) {
  return fsync(file.get()) == 0 ? absl::OkStatus() : FileError("flush to disk", path, errno);
}

absl::Status WriteScratch(const std::string& path, absl::string_view text, bool durable) {
  // A leftover may have any mode: begin with a file of our own.
  GRAFT_RETURN_IF_ERROR(RemoveFile(path));
  const Fd file = Open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!file.ok()) return FileError("create", path, errno);
  GRAFT_RETURN_IF_ERROR(WriteAll(file, path, text));
  return durable ? Sync(file, path) : absl::OkStatus();
}

absl::StatusOr<Fd> OpenToRead(const std::string& path) {
  Fd file = Open(path, O_RDONLY);
  if (!file.ok() && errno == ENOENT) {
    return absl::NotFoundError(FileError("open", path, ENOENT).message());
  }
  if (!file.ok()) return FileError("open", path, errno);
  return file;
}

absl::StatusOr<std::string> ReadAll(const Fd& file, const std::string& path) {
  std::string text;
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t count = read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError("read", path, errno);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count));
  }
}

// Somebody may have removed the file between its opening and its locking.
bool IsFileAt(const Fd& file, const std::string& path) {
  struct stat ours {};
  struct stat theirs {};
  return fstat(file.get(), &ours) == 0 && stat(path.c_str(), &theirs) == 0 &&
         ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) close(fd_);
}

absl::Status FileError(absl::string_view what, absl::string_view path, int error) {
  absl::Status status = absl::UnavailableError(
      absl::StrCat("cannot ", what, " ", path, ": ", std::generic_category().message(error)));
  const bool denied = error == EACCES || error == EPERM || error == EROFS;
  return denied ? WithReason(std::move(status), Reason::kFileAccess) : status;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  GRAFT_ASSIGN_OR_RETURN(const Fd file, OpenToRead(path));
  return ReadAll(file, path);
}

absl::StatusOr<std::string> ReadTail(const std::string& path, int64_t bytes) {
  GRAFT_ASSIGN_OR_RETURN(const Fd file, OpenToRead(path));
  struct stat info {};
  if (fstat(file.get(), &info) != 0) return FileError("look at", path, errno);
  const bool cut = info.st_size > bytes;
  if (cut && lseek(file.get(), info.st_size - bytes, SEEK_SET) < 0) {
    return FileError("read", path, errno);
  }
  GRAFT_ASSIGN_OR_RETURN(std::string text, ReadAll(file, path));
  const size_t first_line = cut ? text.find('\n') + 1 : 0;  // npos + 1 is 0
  const size_t end = text.rfind('\n') + 1;
  return end > first_line ? text.substr(first_line, end - first_line) : std::string();
}

absl::Status WriteFile(const std::string& path, absl::string_view text) {
  const Fd file = Open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (!file.ok()) return FileError("create", path, errno);
  return WriteAll(file, path, text);
}

absl::Status AppendToFile(const std::string& path, absl::string_view text) {
  const Fd file = Open(path, O_WRONLY | O_APPEND);
  if (!file.ok()) return FileError("open", path, errno);
  return WriteAll(file, path, text);
}

absl::Status ReplaceFile(const std::string& path, absl::string_view text, bool durable) {
  const std::string scratch = path + ".tmp";
  absl::Status written = WriteScratch(scratch, text, durable);
  if (written.ok() && rename(scratch.c_str(), path.c_str()) != 0) {
    written = FileError("rename a new file to", path, errno);
  }
  // The next call removes the files that cannot be removed now.
  if (!written.ok()) RemoveFile(scratch).IgnoreError();
  return written;
}

absl::Status RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return FileError("remove", path, errno);
}

absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) return FileError("read the folder", directory, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status MakeDirectory(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) == 0) return absl::OkStatus();
  const int error = errno;
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) return FileError("make the folder", directory, error);
  return S_ISDIR(info.st_mode) ? absl::OkStatus() : FileError("use", directory, ENOTDIR);
}

absl::Status SyncDirectory(const std::string& directory) {
  const Fd folder = Open(directory, O_RDONLY | O_DIRECTORY);
  if (!folder.ok()) return FileError("open the folder", directory, errno);
  return Sync(folder, directory);
}

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
