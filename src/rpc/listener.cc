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
#include <utility>

#include "base/errors.h"
#include "base/listen.h"

namespace graft {
namespace {

// A watch says something every two seconds.
constexpr absl::Duration kLongSilence = absl::Seconds(5);
constexpr absl::Duration kNoDescriptorPause = absl::Milliseconds(100);

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// Empty: it has none. `host` is a name or an address; null: every address of the family.
Addresses Resolve(const char* host, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (getaddrinfo(host, "0", &hints, &found) != 0) found = nullptr;
  return Addresses(found, &freeaddrinfo);
}

Addresses AddressesOf(const std::string& host) {
  if (host.empty()) return Resolve("::", AF_UNSPEC);
  const bool bracketed = host.size() > 2 && host.front() == '[';
  const std::string bare = bracketed ? host.substr(1, host.size() - 2) : host;
  return Resolve(bare.c_str(), AF_UNSPEC);
}

void SetOption(int fd, int level, int name, int value) {
  setsockopt(fd, level, name, &value, sizeof(value));
}

in_port_t& PortOf(sockaddr_storage& address) {
  return address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                       : reinterpret_cast<sockaddr_in&>(address).sin_port;
}

// Not open: errno says why.
Fd ListenAt(const addrinfo& where, int port) {
  Fd fd(socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.ok()) return fd;
  // No SO_REUSEPORT: a second agent on the same port would silently get half of the calls.
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  SetOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, kDeferSeconds);
  if (where.ai_family == AF_INET6) SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  sockaddr_storage address{};
  memcpy(&address, where.ai_addr, where.ai_addrlen);
  PortOf(address) = htons(static_cast<uint16_t>(port));
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), where.ai_addrlen) != 0 ||
      listen(fd.get(), SOMAXCONN) != 0) {
    return Fd();
  }
  return fd;
}

int PortOf(const Fd& fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(PortOf(address));
}

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
  listener->sockets_ = ListenAtAll(AddressesOf(options.bind_address).get(), options.port);
  // A machine without IPv6 has no "::".
  if (listener->sockets_.empty() && options.bind_address.empty()) {
    listener->sockets_ = ListenAtAll(Resolve(nullptr, AF_INET).get(), options.port);
  }
  if (listener->sockets_.empty()) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", AddressText(options.bind_address, options.port),
                     ": another process has the port, or the address is not this machine's; "
                     "choose another --grpc-port or --bind-address"));
  }
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
