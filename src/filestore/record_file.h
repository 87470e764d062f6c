// Files of the folder store: how a key is named, how a record looks, how a file is replaced whole.
// Private to src/filestore. Plain functions, safe for use from several threads.
#ifndef GRAFT_FILESTORE_RECORD_FILE_H_
#define GRAFT_FILESTORE_RECORD_FILE_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "graft/key_value_store.h"

namespace graft {

// Owns a file descriptor.
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

 private:
  int fd_;
};

// errno as a status that names the file. Never NOT_FOUND, which would speak of a key.
absl::Status FileError(absl::string_view what, const std::string& path, int error);

// DATA_LOSS, naming the file and what to do.
absl::Status Damaged(const std::string& path, absl::string_view why);

// The name of a key's file; one to one, safe for any bytes. INVALID_ARGUMENT: empty or too long.
absl::StatusOr<std::string> KeyFileName(absl::string_view key);
// nullopt: no name that KeyFileName() makes.
std::optional<std::string> KeyOfFileName(absl::string_view name);

// A write, and a key's present value, as a file.
std::string EncodeRecord(const KeyEvent& event);
absl::StatusOr<KeyEvent> DecodeRecord(absl::string_view bytes, const std::string& path);

// nullopt: no such file.
absl::StatusOr<std::optional<std::string>> ReadFile(const std::string& path);

// Writes `scratch` and renames it to `path`: readers see the old or the new, whole. `durable`: the
// content is on the disk before the name is; the name itself is after SyncFolder().
absl::Status ReplaceFile(const std::string& path, const std::string& scratch,
                         absl::string_view bytes, bool durable);
absl::Status SyncFolder(const std::string& path);
// A missing file is fine.
absl::Status RemoveFile(const std::string& path);
// Names in a folder, unordered.
absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path);

}  // namespace graft

#endif  // GRAFT_FILESTORE_RECORD_FILE_H_
