// Listener: accepts connections for a server, no more than it may have.
//
// gRPC's own listener has no limit. It stops for good once accept() has failed, and accept() fails
// when the process has no descriptor left. This listener hands over at most `most_connections` at a
// time, so that descriptors remain for the journal, MySQL and the topology. When all places are
// taken, it closes the connection that has been silent for the longest, if that is long; otherwise
// it closes the new connection at once. When no descriptor is left, it closes the new connection
// (it keeps one descriptor for that) and goes on. The kernel holds a connection back until the
// client has sent something, or ten seconds are over (TCP_DEFER_ACCEPT), so silent connections take
// no place. Safe for use from several threads.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "base/files.h"
#include "graft/clock.h"

namespace graft {

struct ListenerOptions {
  std::string bind_address;  // "127.0.0.1", "::1", a host's name; empty: every address
  int port = 0;              // 0: any free one
  size_t most_connections = 256;
};

class Listener {
 public:
  // Owns `fd` from then on; it is open, connected and non-blocking.
  using Take = std::function<void(int listening_fd, int fd)>;

  // Connections may be made when it returns, and are taken from Serve() on. INVALID_ARGUMENT,
  // UNAVAILABLE: as ListenOn(). `clock` must outlive it.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(Clock& clock,
                                                        const ListenerOptions& options);
  // As Stop().
  ~Listener();

  int port() const { return port_; }

  // Takes connections, on a thread of its own. Once at most.
  void Serve(Take take);
  // Accepts no more connections. Joins the thread.
  void Stop();

 private:
  // A connection that was handed over. It lives for as long as its descriptor is that socket.
  struct Held {
    int fd = -1;
    ino_t inode = 0;
  };

  Listener(Clock& clock, size_t most_connections);
  void Accept(int listening_fd);
  bool HasRoom();  // or makes some
  void CloseNext(int listening_fd);
  void Run();

  Clock& clock_;
  const size_t most_connections_;
  int port_ = 0;
  std::vector<Fd> sockets_;
  Fd wake_;   // readable: Stop() was called
  Fd spare_;  // given up for the connection that is to be closed when no other is left
  Take take_;
  std::vector<Held> held_;  // of Run()
  Cancellation stop_;
  std::thread thread_;
};

}  // namespace graft
