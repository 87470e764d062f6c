#include "testing/black_hole.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace graft {
namespace {

// Linux holds one connection more than the queue has places, and begins a handshake with another.
constexpr int kFillers = 3;

}  // namespace

BlackHole::BlackHole() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(listener_, generic, size), 0);
  EXPECT_EQ(listen(listener_, 0), 0);
  EXPECT_EQ(getsockname(listener_, generic, &size), 0);
  port_ = ntohs(address.sin_port);
  for (int i = 0; i < kFillers; ++i) {
    fillers_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    (void)!connect(fillers_.back(), generic, size);
  }
}

BlackHole::~BlackHole() {
  for (const int filler : fillers_) close(filler);
  close(listener_);
}

std::string BlackHole::address() const {
  return absl::StrCat("127.0.0.1:", port_);
}

}  // namespace graft
