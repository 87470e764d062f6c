#include "journal/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {
inline namespace journal_files {
namespace {

absl::Status SystemError(absl::string_view what, absl::string_view path, int error) {
  return absl::UnavailableError(
      absl::StrCat("cannot ", what, " ", path, ": ", std::generic_category().message(error)));
}

// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags, mode_t mode = 0)
      : fd_(open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  const int fd_;
};

absl::Status WriteAll(const Descriptor& file, const std::string& path, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("write", path, errno);
    text.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(file.get()) != 0) return SystemError("flush to disk", path, errno);
  return absl::OkStatus();
}

absl::Status WriteTemporary(const std::string& path, absl::string_view text) {
  // A leftover may have any mode: begin with a file of our own.
  GRAFT_RETURN_IF_ERROR(RemoveFile(path));
  const Descriptor file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!file.ok()) return SystemError("create", path, errno);
  return WriteAll(file, path, text);
}

}  // namespace

absl::Status MakeDirectory(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) == 0) return absl::OkStatus();
  const int error = errno;
  struct stat info {};
  if (stat(directory.c_str(), &info) == 0) {
    return S_ISDIR(info.st_mode) ? absl::OkStatus() : SystemError("use", directory, ENOTDIR);
  }
  return SystemError("make the folder", directory, error);
}

absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(directory.c_str()), &closedir);
  if (dir == nullptr) return SystemError("read the folder", directory, errno);
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = readdir(dir.get());
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  if (errno != 0) return SystemError("read the folder", directory, errno);
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const Descriptor file(path, O_RDONLY);
  if (!file.ok()) return SystemError("open", path, errno);
  std::string text;
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t count = read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError("read", path, errno);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count));
  }
}

absl::Status ReplaceFile(const std::string& path, const std::string& temporary,
                         absl::string_view text) {
  absl::Status written = WriteTemporary(temporary, text);
  if (written.ok() && rename(temporary.c_str(), path.c_str()) != 0) {
    written = SystemError("rename a new file to", path, errno);
  }
  // What cannot be removed now is removed at the next start.
  if (!written.ok()) RemoveFile(temporary).IgnoreError();
  return written;
}

absl::Status RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return SystemError("remove", path, errno);
}

absl::Status SyncDirectory(const std::string& directory) {
  const Descriptor file(directory, O_RDONLY | O_DIRECTORY);
  if (!file.ok()) return SystemError("open the folder", directory, errno);
  if (fsync(file.get()) != 0) return SystemError("flush to disk", directory, errno);
  return absl::OkStatus();
}

}  // namespace journal_files
}  // namespace graft
