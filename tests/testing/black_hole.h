// An address of this machine where connections are neither accepted nor refused, as behind a
// firewall that swallows packets.
#pragma once

#include <string>
#include <vector>

namespace graft {

class BlackHole {
 public:
  BlackHole();
  ~BlackHole();
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;

  std::string address() const;  // "127.0.0.1:<port>"
  int port() const { return port_; }

 private:
  int port_ = 0;
  int listener_ = -1;
  std::vector<int> fillers_;  // connections that take all places of its queue
};

}  // namespace graft
