// RpcServer: graft.v1.Provisioner on a port, with reflection and grpc.health.v1.
//
// Its arguments must outlive it. Its threads are gRPC's and its listener's. They answer without
// blocking, because Provisioning never blocks. Safe for use from several threads.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/provisioning.h"

namespace graft {

struct RpcOptions {
  std::string bind_address;  // "127.0.0.1", "::1", a host's name; empty: every address
  int port = 0;              // 0: any free one
  // At the same time; more are closed at once. 0: a quarter of the descriptors that the process may
  // have, and at most 512.
  size_t most_connections = 0;
};

class RpcServer {
 public:
  // As Shutdown with no grace.
  virtual ~RpcServer() = default;

  virtual int port() const = 0;

  // Whether a client that connects is answered, as of a few seconds ago: the server asks itself.
  // UNAVAILABLE: it is not; the text says why.
  virtual absl::Status Health() const = 0;

  // Says NOT_SERVING, ends every watch and every preflight with UNAVAILABLE, takes no new call, and
  // lets the running ones end until `grace` is over; then they are cancelled. Returns when all have
  // ended.
  virtual void Shutdown(absl::Duration grace) = 0;
};

// Listens when it returns. INVALID_ARGUMENT: no such port or host. UNAVAILABLE: the port is taken,
// or the address is not this machine's.
absl::StatusOr<std::unique_ptr<RpcServer>> MakeRpcServer(Provisioning& provisioning, Clock& clock,
                                                         const RpcOptions& options);

}  // namespace graft
