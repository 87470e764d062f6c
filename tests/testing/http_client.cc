#include "testing/http_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
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

TcpConnection::TcpConnection(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    close(fd_);
    fd_ = -1;
  }
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
                  absl::Duration patience) {
  const TcpConnection connection(port);
  if (!connection.open()) return {0, {}, "nobody listens"};
  connection.Write(absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
  return ParseReply(connection.ReadAll(patience));
}

}  // namespace graft
