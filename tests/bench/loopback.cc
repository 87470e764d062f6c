#include "bench/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/errors.h"

namespace graft {
namespace {

absl::Status SocketError(absl::string_view what) {
  return FileError(what, "a socket on loopback", errno);
}

}  // namespace

absl::StatusOr<Loopback> ConnectLoopback() {
  const Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof(address);
  if (!listener.ok() || bind(listener.get(), raw, length) != 0 || listen(listener.get(), 1) != 0 ||
      getsockname(listener.get(), raw, &length) != 0) {
    return SocketError("listen on");
  }
  Loopback ends;
  ends.sender = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!ends.sender.ok() || connect(ends.sender.get(), raw, length) != 0) {
    return SocketError("connect");
  }
  ends.receiver = Fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!ends.receiver.ok()) return SocketError("accept on");
  return ends;
}

absl::Status SendAll(int socket, const void* data, size_t size) {
  const auto* from = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t sent = send(socket, from, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return SocketError("send on");
    from += sent;
    size -= static_cast<size_t>(sent);
  }
  return absl::OkStatus();
}

absl::Status ReceiveAll(int socket, void* data, size_t size) {
  auto* to = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = recv(socket, to, size, MSG_WAITALL);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SocketError("receive from");
    if (got == 0) return absl::AbortedError("the sender has gone");
    to += got;
    size -= static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

}  // namespace graft
