#include "mysqld/tablet_dir.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <filesystem>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/errors.h"

namespace graft {
namespace {

namespace fs = std::filesystem;

// InnoDB holds a POSIX lock on its system tablespace for as long as it runs.
std::optional<pid_t> HolderOfSystemTablespace(const TabletPaths& paths) {
  const Fd file(open((paths.data() + "/ibdata1").c_str(), O_RDWR | O_CLOEXEC));
  if (!file.ok()) return std::nullopt;
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(file.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return std::nullopt;
  return lock.l_pid;
}

// Before InnoDB is up and after it has gone: mysqld's own pid file, believed only if that process
// works in this data directory.
std::optional<pid_t> HolderOfPidFile(const TabletPaths& paths) {
  const absl::StatusOr<std::string> text = ReadFile(paths.pid_file());
  int pid = 0;
  if (!text.ok() || !absl::SimpleAtoi(absl::StripAsciiWhitespace(*text), &pid)) return std::nullopt;
  std::error_code error;
  const bool same = fs::equivalent(absl::StrCat("/proc/", pid, "/cwd"), paths.data(), error);
  return same && !error ? std::optional<pid_t>(pid) : std::nullopt;
}

bool IsDoublewrite(const std::string& name) {
  return absl::StartsWith(name, "#ib_") &&
         (absl::EndsWith(name, ".dblwr") || absl::EndsWith(name, ".bdblwr"));
}

bool Listens(int family, const sockaddr* address, socklen_t size) {
  const Fd listener(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener.ok()) return false;
  const int on = 1;
  // As mysqld does: connections that linger after a restart are no obstacle.
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  return bind(listener.get(), address, size) != 0 && errno == EADDRINUSE;
}

}  // namespace

TabletPaths PathsOf(const std::string& dir) {
  std::string path = fs::absolute(dir).lexically_normal().string();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return TabletPaths{path};
}

absl::StatusOr<FileLock> LockTablet(const TabletPaths& paths) {
  absl::StatusOr<FileLock> lock = LockFile(paths.lock(), absl::StrCat(getpid()));
  if (!absl::IsFailedPrecondition(lock.status())) return lock;
  const absl::string_view holder = lock.status().message();
  return absl::FailedPreconditionError(
      absl::StrCat("another graft-mysqld (process ", holder.empty() ? "unknown" : holder,
                   ") already works on ", paths.dir, "; stop that one first"));
}

std::optional<pid_t> FindLiveMysqld(const TabletPaths& paths) {
  const std::optional<pid_t> holder = HolderOfSystemTablespace(paths);
  return holder.has_value() ? holder : HolderOfPidFile(paths);
}

std::string LastErrors(const std::string& path, size_t offset) {
  constexpr size_t kLines = 3;
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  std::deque<std::string> lines;
  std::string line;
  while (std::getline(file, line)) {
    // "Aborting" adds nothing to the exit code.
    if (!absl::StrContains(line, "[ERROR]") || absl::EndsWith(line, "Aborting")) continue;
    lines.push_back(line.substr(line.find("[ERROR]")));
    if (lines.size() > kLines) lines.pop_front();
  }
  return absl::StrJoin(lines, "; ");
}

absl::Status CheckPortFree(const std::string& bind_address, int port) {
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(static_cast<uint16_t>(port));
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<uint16_t>(port));
  const bool every = bind_address.empty() || bind_address == "*";
  const bool as_v6 = every || inet_pton(AF_INET6, bind_address.c_str(), &v6.sin6_addr) == 1;
  const bool as_v4 = every || inet_pton(AF_INET, bind_address.c_str(), &v4.sin_addr) == 1;
  if ((as_v6 && Listens(AF_INET6, reinterpret_cast<sockaddr*>(&v6), sizeof(v6))) ||
      (as_v4 && Listens(AF_INET, reinterpret_cast<sockaddr*>(&v4), sizeof(v4)))) {
    return absl::FailedPreconditionError(
        absl::StrCat("port ", port, every ? "" : " of ", every ? "" : bind_address,
                     " is taken by another process; stop that one, or init with another "
                     "--mysql-port"));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> RemoveStaleDoublewrite(const std::string& data_directory) {
  std::error_code error;
  if (!std::filesystem::exists(data_directory + "/#clone/#replace_files", error)) return 0;
  GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(data_directory));
  int removed = 0;
  for (const std::string& name : names) {
    if (!IsDoublewrite(name)) continue;
    GRAFT_RETURN_IF_ERROR(RemoveFile(absl::StrCat(data_directory, "/", name)));
    ++removed;
  }
  return removed;
}

}  // namespace graft
