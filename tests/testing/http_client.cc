#include "testing/http_client.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

namespace graft {

TcpConnection::TcpConnection(int port, const std::string& address) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* where = nullptr;
  if (getaddrinfo(address.c_str(), absl::StrCat(port).c_str(), &hints, &where) != 0) return;
  fd_ = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd_, where->ai_addr, where->ai_addrlen) != 0) {
    close(fd_);
    fd_ = -1;
  }
  freeaddrinfo(where);
}

TcpConnection::~TcpConnection() {
  if (fd_ >= 0) close(fd_);
}

bool TcpConnection::Write(absl::string_view text) const {
  return send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

std::string TcpConnection::ReadAll(absl::Duration patience) const {
  const absl::Time deadline = absl::Now() + patience;
  std::string text;
  char buffer[4096];
  while (true) {
    pollfd look{fd_, POLLIN, 0};
    const auto left = std::max(absl::ZeroDuration(), deadline - absl::Now());
    if (poll(&look, 1, static_cast<int>(absl::ToInt64Milliseconds(left))) <= 0) return text;
    const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
    if (got <= 0) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

bool TcpConnection::IsClosed(absl::Duration patience) const {
  pollfd look{fd_, POLLIN, 0};
  char byte = 0;
  return poll(&look, 1, static_cast<int>(absl::ToInt64Milliseconds(patience))) > 0 &&
         recv(fd_, &byte, 1, MSG_PEEK) <= 0;
}

HttpReply ParseReply(const std::string& text) {
  HttpReply reply;
  const size_t end = text.find("\r\n\r\n");
  const std::vector<std::string> lines = absl::StrSplit(text.substr(0, end), "\r\n");
  const std::vector<std::string> first = absl::StrSplit(lines[0], ' ');
  if (end == std::string::npos || first.size() < 2 || !absl::SimpleAtoi(first[1], &reply.status)) {
    reply.body = absl::StrCat("no HTTP: ", text);
    return reply;
  }
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::pair<std::string, std::string> header =
        absl::StrSplit(lines[i], absl::MaxSplits(": ", 1));
    reply.headers[header.first] = header.second;
  }
  reply.body = text.substr(end + 4);
  return reply;
}

HttpReply AskHttp(int port, absl::string_view path, absl::string_view method,
                  absl::Duration patience, const std::string& address) {
  const TcpConnection connection(port, address);
  if (!connection.open()) return {0, {}, "nobody listens"};
  connection.Write(absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
  return ParseReply(connection.ReadAll(patience));
}

}  // namespace graft
