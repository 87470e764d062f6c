// Watchers: the open WatchOperation streams of a server.
//
// A stream has one message on its way at most. States that come meanwhile replace each other, so a
// slow watcher costs no memory and never holds up the operation, and always gets the newest state
// and the last one. Safe for use from several threads; the server's end must come before its own.
#ifndef GRAFT_RPC_WATCHERS_H_
#define GRAFT_RPC_WATCHERS_H_

#include <memory>
#include <string>

#include "graft/provisioning.h"
#include "graft/v1/operation.pb.h"
#include "rpc/open_calls.h"

namespace grpc {
class CallbackServerContext;
template <class Response>
class ServerWriteReactor;
}  // namespace grpc

namespace graft {

class Watchers {
 public:
  explicit Watchers(Provisioning& provisioning);
  ~Watchers();

  // A reactor that lives until gRPC is done with it. `context` is the call's.
  grpc::ServerWriteReactor<v1::Operation>* Start(const std::string& id,
                                                 grpc::CallbackServerContext& context);

  // Ends every stream with UNAVAILABLE, those still to come included.
  void EndAll();

 private:
  class Watcher;

  Provisioning& provisioning_;
  const std::shared_ptr<OpenCalls<Watcher>> open_;
};

}  // namespace graft

#endif  // GRAFT_RPC_WATCHERS_H_
