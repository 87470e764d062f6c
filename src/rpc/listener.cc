#include "rpc/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/errors.h"
#include "base/listen.h"

namespace graft {
namespace {

// A watch says something every two seconds.
constexpr absl::Duration kLongSilence = absl::Seconds(5);
constexpr absl::Duration kNoDescriptorPause = absl::Milliseconds(100);

bool IsSocket(int fd, ino_t inode) {
  struct stat socket {};
  return fstat(fd, &socket) == 0 && socket.st_ino == inode;
}

// Since anything was said on it, either way.
absl::Duration SilenceOf(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return absl::ZeroDuration();
  return absl::Milliseconds(std::min(info.tcpi_last_data_sent, info.tcpi_last_data_recv));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(Clock& clock,
                                                         const ListenerOptions& options) {
  std::unique_ptr<Listener> listener(new Listener(clock, options.most_connections));
  GRAFT_ASSIGN_OR_RETURN(listener->sockets_,
                         ListenOn(options.bind_address, options.port, "--grpc-port"));
  listener->port_ = PortOf(listener->sockets_.front());
  return listener;
}

Listener::Listener(Clock& clock, size_t most_connections)
    : clock_(clock),
      most_connections_(most_connections),
      wake_(eventfd(0, EFD_CLOEXEC)),
      spare_(open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

Listener::~Listener() {
  Stop();
}

void Listener::Serve(Take take) {
  take_ = std::move(take);
  thread_ = std::thread([this] { Run(); });
}

void Listener::Stop() {
  stop_.Cancel();
  const uint64_t one = 1;
  while (write(wake_.get(), &one, sizeof(one)) < 0 && errno == EINTR) {
  }
  if (thread_.joinable()) thread_.join();
  sockets_.clear();
}

void Listener::Run() {
  std::vector<pollfd> waits;
  for (const Fd& fd : sockets_) waits.push_back({fd.get(), POLLIN, 0});
  waits.push_back({wake_.get(), POLLIN, 0});
  while (!stop_.cancelled()) {
    poll(waits.data(), waits.size(), -1);
    for (size_t i = 0; i + 1 < waits.size(); ++i) {
      if (waits[i].revents != 0) Accept(waits[i].fd);
    }
  }
}

void Listener::Accept(int listening_fd) {
  const int fd = accept4(listening_fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    const bool out_of_something =
        errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    if (out_of_something) CloseNext(listening_fd);
    return;  // any other error concerns that connection alone
  }
  struct stat socket {};
  if (!HasRoom() || fstat(fd, &socket) != 0) {
    close(fd);
    return;
  }
  held_.push_back({fd, socket.st_ino});
  take_(listening_fd, fd);
}

bool Listener::HasRoom() {
  if (held_.size() < most_connections_) return true;
  const auto has_gone = [](const Held& held) { return !IsSocket(held.fd, held.inode); };
  held_.erase(std::remove_if(held_.begin(), held_.end(), has_gone), held_.end());
  if (held_.size() < most_connections_) return true;
  const auto quietest = std::max_element(
      held_.begin(), held_.end(),
      [](const Held& one, const Held& other) { return SilenceOf(one.fd) < SilenceOf(other.fd); });
  if (SilenceOf(quietest->fd) < kLongSilence) return false;
  // Held by a duplicate: its number may be another's by now.
  const Fd socket(fcntl(quietest->fd, F_DUPFD_CLOEXEC, 0));
  if (socket.ok() && IsSocket(socket.get(), quietest->inode)) shutdown(socket.get(), SHUT_RDWR);
  held_.erase(quietest);
  return true;
}

// So that it does not wait for an answer that cannot come.
void Listener::CloseNext(int listening_fd) {
  spare_ = Fd();
  const Fd next(accept4(listening_fd, nullptr, nullptr, SOCK_CLOEXEC));
  if (!next.ok()) stop_.WaitFor(clock_, kNoDescriptorPause);
  spare_ = Fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace graft
