#include "http/connection_guard.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"

namespace graft::http {
namespace {

constexpr int kDeferSeconds = 10;
constexpr absl::Duration kLookEvery = absl::Milliseconds(50);  // while all workers are taken
constexpr absl::Duration kLongestWait = absl::Hours(1);        // OnTaken() ends it

int PortOf(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return 0;
}

// 0: none.
int LocalPort(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  return getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? PortOf(address) : 0;
}

int PeerPort(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  return getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? PortOf(address) : 0;
}

bool Listens(int fd) {
  int listens = 0;
  socklen_t size = sizeof(listens);
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0;
}

bool HasSomethingToRead(int fd) {
  pollfd look{fd, POLLIN, 0};
  return poll(&look, 1, 0) > 0;
}

std::vector<int> OpenDescriptors() {
  std::vector<int> descriptors;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), &closedir);
  if (folder == nullptr) return descriptors;
  while (const dirent* entry = readdir(folder.get())) {
    int fd = 0;
    if (absl::SimpleAtoi(entry->d_name, &fd)) descriptors.push_back(fd);
  }
  return descriptors;
}

// Calls `use` with a duplicate of each TCP socket of this process whose own port is `port`.
void ForEachSocket(int port, const std::function<void(int)>& use) {
  for (const int fd : OpenDescriptors()) {
    if (LocalPort(fd) != port) continue;
    const int held = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (held < 0) continue;
    if (LocalPort(held) == port) use(held);
    close(held);
  }
}

}  // namespace

void ConnectionGuard::Watch(int port) {
  {
    absl::MutexLock lock(&mutex_);
    port_ = port;
  }
  ForEachSocket(port, [](int fd) {
    const int seconds = kDeferSeconds;
    if (Listens(fd)) setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
  });
}

void ConnectionGuard::Serve() {
  std::set<ino_t> silent;
  while (!stop_.cancelled()) {
    if (!IsFull()) {
      silent.clear();
      stop_.WaitFor(clock_, kLongestWait);
      continue;
    }
    silent = CutSilent(silent);
    // Not sooner, whoever is taken meanwhile: the time between two looks is what tells.
    const absl::Time next = clock_.Now() + kLookEvery;
    while (stop_.WaitUntil(clock_, next) == WaitEnd::kWoken) {
    }
  }
}

bool ConnectionGuard::IsFull() {
  absl::MutexLock lock(&mutex_);
  return taken_ >= workers_;
}

void ConnectionGuard::OnTaken() {
  bool just_full = false;
  {
    absl::MutexLock lock(&mutex_);
    just_full = ++taken_ == workers_;
  }
  if (just_full) stop_.Wake();
}

void ConnectionGuard::OnLeft() {
  absl::MutexLock lock(&mutex_);
  --taken_;
}

void ConnectionGuard::BeginAnswer(int peer_port) {
  absl::MutexLock lock(&mutex_);
  answering_.insert(peer_port);
}

void ConnectionGuard::EndAnswer(int peer_port) {
  absl::MutexLock lock(&mutex_);
  answering_.erase(peer_port);
}

void ConnectionGuard::CutAll() {
  stop_.Cancel();
  int port = 0;
  {
    absl::MutexLock lock(&mutex_);
    port = port_;
  }
  // The listening one too, which wakes the thread that waits on it: by itself it would look for the
  // end every other second only.
  if (port != 0) ForEachSocket(port, [](int fd) { shutdown(fd, SHUT_RDWR); });
}

std::set<ino_t> ConnectionGuard::CutSilent(const std::set<ino_t>& silent_before) {
  int port = 0;
  std::set<int> answering;
  {
    absl::MutexLock lock(&mutex_);
    port = port_;
    answering = answering_;
  }
  std::set<ino_t> silent;
  if (port == 0) return silent;
  ForEachSocket(port, [&](int fd) {
    struct stat socket {};
    if (Listens(fd) || answering.count(PeerPort(fd)) > 0 || HasSomethingToRead(fd) ||
        fstat(fd, &socket) != 0) {
      return;
    }
    // Once is no proof: its request may have been read a moment ago, or its answer be about to go.
    if (silent_before.count(socket.st_ino) > 0) {
      shutdown(fd, SHUT_RDWR);
    } else {
      silent.insert(socket.st_ino);
    }
  });
  return silent;
}

}  // namespace graft::http
