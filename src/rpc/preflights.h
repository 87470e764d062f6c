// Preflights: the Preflight calls of a server that have not been answered yet.
//
// A call is answered from whichever thread brings the report, at once when its client goes away or
// the server ends, and then never again: a later report is dropped. Safe for use from several
// threads; the server's end must come before its own. Reports may come after both.
#ifndef GRAFT_RPC_PREFLIGHTS_H_
#define GRAFT_RPC_PREFLIGHTS_H_

#include <memory>

#include "graft/provisioning.h"
#include "rpc/open_calls.h"

namespace grpc {
class ByteBuffer;
class CallbackServerContext;
class ServerUnaryReactor;
}  // namespace grpc

namespace graft {

class Preflights {
 public:
  explicit Preflights(Provisioning& provisioning);
  ~Preflights();

  // A reactor that lives until gRPC is done with it. `context` and `response` are the call's,
  // `request` a v1::PreflightRequest.
  grpc::ServerUnaryReactor* Start(const grpc::ByteBuffer& request, grpc::ByteBuffer& response,
                                  grpc::CallbackServerContext& context);

  // Ends every call with UNAVAILABLE, those still to come included.
  void EndAll();

 private:
  class Call;

  Provisioning& provisioning_;
  const std::shared_ptr<OpenCalls<Call>> open_;
};

}  // namespace graft

#endif  // GRAFT_RPC_PREFLIGHTS_H_
