#include "bench/file_copy.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>
#include <thread>

#include "absl/strings/match.h"
#include "base/errors.h"
#include "base/files.h"
#include "bench/loopback.h"

namespace graft {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlock = 4096;
constexpr size_t kChunk = size_t{1} << 20;

// Before each file; a name of no bytes ends the stream.
struct FileHeader {
  uint64_t name_bytes = 0;
  uint64_t file_bytes = 0;
};

bool IsCarried(const std::string& name) {
  return !absl::StartsWith(name, "#innodb_redo/") && !absl::StartsWith(name, "#innodb_temp/") &&
         name != "ibtmp1";
}

absl::Status SendFile(int socket, const std::string& path, uint64_t size) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return FileError("open", path, errno);
  while (size > 0) {
    const ssize_t sent = sendfile(socket, file.get(), nullptr, size);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return FileError("send", path, errno);
    if (sent == 0) return absl::UnavailableError(path + " shrinks while it is copied");
    size -= static_cast<uint64_t>(sent);
  }
  return absl::OkStatus();
}

absl::Status SendFolder(int socket, const std::string& from) {
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(from, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const std::string name = fs::relative(it->path(), from).string();
    if (!it->is_regular_file() || !IsCarried(name)) continue;
    const FileHeader header{name.size(), it->file_size()};
    GRAFT_RETURN_IF_ERROR(SendAll(socket, &header, sizeof(header)));
    GRAFT_RETURN_IF_ERROR(SendAll(socket, name.data(), name.size()));
    GRAFT_RETURN_IF_ERROR(SendFile(socket, it->path().string(), header.file_bytes));
  }
  if (error) return FileError("list", from, error.value());
  const FileHeader end;
  return SendAll(socket, &end, sizeof(end));
}

absl::Status WriteAll(int file, const std::string& path, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t written = write(file, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError("write", path, errno);
    data += written;
    size -= static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

// Past the page cache, as InnoDB writes, where the file system can; else all would wait for the
// disk at the end.
absl::StatusOr<Fd> CreateFile(const std::string& path) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  Fd file(open(path.c_str(), kFlags | O_DIRECT, 0600));
  if (!file.ok() && errno == EINVAL) {
    unlink(path.c_str());
    file = Fd(open(path.c_str(), kFlags, 0600));
  }
  if (!file.ok()) return FileError("create", path, errno);
  return file;
}

absl::Status ReceiveFile(int socket, const std::string& path, uint64_t size, char* chunk) {
  GRAFT_ASSIGN_OR_RETURN(const Fd file, CreateFile(path));
  while (size > 0) {
    const size_t part = size < kChunk ? static_cast<size_t>(size) : kChunk;
    GRAFT_RETURN_IF_ERROR(ReceiveAll(socket, chunk, part));
    // The end of a file may be no whole block.
    if (part < kChunk) fcntl(file.get(), F_SETFL, fcntl(file.get(), F_GETFL) & ~O_DIRECT);
    GRAFT_RETURN_IF_ERROR(WriteAll(file.get(), path, chunk, part));
    size -= part;
  }
  return fsync(file.get()) == 0 ? absl::OkStatus() : FileError("sync", path, errno);
}

absl::StatusOr<int64_t> ReceiveFolder(int socket, const std::string& to) {
  const std::unique_ptr<char, decltype(&std::free)> chunk(
      static_cast<char*>(std::aligned_alloc(kBlock, kChunk)), &std::free);
  int64_t bytes = 0;
  while (true) {
    FileHeader header;
    GRAFT_RETURN_IF_ERROR(ReceiveAll(socket, &header, sizeof(header)));
    if (header.name_bytes == 0) return bytes;
    std::string name(header.name_bytes, '\0');
    GRAFT_RETURN_IF_ERROR(ReceiveAll(socket, name.data(), name.size()));
    const fs::path path = fs::path(to) / name;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    GRAFT_RETURN_IF_ERROR(ReceiveFile(socket, path.string(), header.file_bytes, chunk.get()));
    bytes += static_cast<int64_t>(header.file_bytes);
  }
}

}  // namespace

absl::StatusOr<int64_t> CopyOverLoopback(const std::string& from, const std::string& to) {
  GRAFT_ASSIGN_OR_RETURN(Loopback ends, ConnectLoopback());
  absl::Status sent;
  std::thread sender([&] {
    // sendfile() has no MSG_NOSIGNAL; the error is enough.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    sent = SendFolder(ends.sender.get(), from);
    ends.sender = Fd();  // the receiver must not wait for what will not come
  });
  absl::StatusOr<int64_t> received = ReceiveFolder(ends.receiver.get(), to);
  // A sender that is still at it must not wait for a receiver that has given up: to close breaks
  // the connection, after a shutdown() it would fill the buffers and wait.
  ends.receiver = Fd();
  sender.join();
  // The side that fails first closes the connection of the other.
  if (!sent.ok() && absl::IsAborted(received.status())) return sent;
  return received;
}

}  // namespace graft
