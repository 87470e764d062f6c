#include "base/listen.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "graft/tablet.h"

namespace graft {
namespace {

constexpr int kHighestPort = 65535;
constexpr int kDeferSeconds = 10;

void SetOption(const Fd& fd, int level, int name, int value) {
  setsockopt(fd.get(), level, name, &value, sizeof(value));
}

in_port_t& PortIn(sockaddr_storage& address) {
  return address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                       : reinterpret_cast<sockaddr_in&>(address).sin_port;
}

// Not open: errno says why.
Fd ListenAt(const addrinfo& where, int port) {
  Fd fd(socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.ok()) return fd;
  // No SO_REUSEPORT: a second agent on the same port would silently get half of the calls.
  SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, kDeferSeconds);
  if (where.ai_family == AF_INET6) SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  sockaddr_storage address{};
  memcpy(&address, where.ai_addr, where.ai_addrlen);
  PortIn(address) = htons(static_cast<uint16_t>(port));
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), where.ai_addrlen) != 0 ||
      listen(fd.get(), SOMAXCONN) != 0) {
    return Fd();
  }
  return fd;
}

// Empty: errno says why.
std::vector<Fd> ListenAtAll(const addrinfo* addresses, int port) {
  std::vector<Fd> sockets;
  for (const addrinfo* where = addresses; where != nullptr; where = where->ai_next) {
    Fd fd = ListenAt(*where, port);
    if (!fd.ok() && errno == EADDRINUSE) return {};
    if (!fd.ok()) continue;  // "localhost" may name an address that this machine lacks
    port = PortOf(fd);
    sockets.push_back(std::move(fd));
  }
  return sockets;
}

}  // namespace

std::string AddressText(absl::string_view host, int port) {
  if (host.empty()) return absl::StrCat("[::]:", port);
  return HostPort{std::string(host), port}.ToString();
}

absl::StatusOr<std::vector<Fd>> ListenOn(const std::string& bind_address, int port,
                                         absl::string_view port_flag) {
  if (port < 0 || port > kHighestPort) {
    return absl::InvalidArgumentError(
        absl::StrCat(port_flag, " ", port, ": must be 0 to ", kHighestPort));
  }
  const std::string bare = bind_address.size() > 2 && bind_address.front() == '['
                               ? bind_address.substr(1, bind_address.size() - 2)
                               : bind_address;
  const char* const host = bare.empty() ? "::" : bare.c_str();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host, "0", &hints, &found); error != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--bind-address ", bind_address, ": ", gai_strerror(error)));
  }
  std::vector<Fd> sockets = ListenAtAll(found, port);
  const int error = errno;
  freeaddrinfo(found);
  if (!sockets.empty()) return sockets;
  // A machine without IPv6 has no "::".
  const bool no_ipv6 = error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
  if (bind_address.empty() && no_ipv6) return ListenOn("0.0.0.0", port, port_flag);
  return absl::UnavailableError(absl::StrCat("cannot listen on ", AddressText(bind_address, port),
                                             ": ", strerror(error), "; choose another ", port_flag,
                                             " or --bind-address"));
}

int PortOf(const Fd& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(PortIn(address));
}

}  // namespace graft
