// HTTP as a test wants it: one connection, what was written to it, all that came back.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace graft {

struct HttpReply {
  int status = 0;  // 0: no answer; `body` then says why
  std::map<std::string, std::string> headers;
  std::string body;
};

// A connection to this machine. Closed at its end. Not safe for several threads.
class TcpConnection {
 public:
  // `address`: "127.0.0.1", "::1".
  explicit TcpConnection(int port, const std::string& address = "127.0.0.1");
  ~TcpConnection();
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;

  bool open() const { return fd_ >= 0; }
  bool Write(absl::string_view text) const;
  // The other side has closed it, or does so while `patience` lasts. Nothing may be left to read.
  bool IsClosed(absl::Duration patience = absl::ZeroDuration()) const;
  // All until the other side closes, or `patience` is over.
  std::string ReadAll(absl::Duration patience = absl::Seconds(10)) const;

 private:
  int fd_ = -1;
};

HttpReply ParseReply(const std::string& text);

// One request on a connection of its own.
HttpReply AskHttp(int port, absl::string_view path, absl::string_view method = "GET",
                  absl::Duration patience = absl::Seconds(10),
                  const std::string& address = "127.0.0.1");

}  // namespace graft
