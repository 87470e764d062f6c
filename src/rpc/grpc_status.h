// How a failure travels over gRPC: same code, same text, the reason in the trailing metadata.
#ifndef GRAFT_RPC_GRPC_STATUS_H_
#define GRAFT_RPC_GRPC_STATUS_H_

#include "absl/status/status.h"

namespace grpc {
class CallbackServerContext;
class Status;
}  // namespace grpc

namespace graft {

// Adds the reason, if there is one, to `context`'s trailing metadata. Not to be called once the
// call was finished.
grpc::Status ToGrpc(const absl::Status& status, grpc::CallbackServerContext& context);

}  // namespace graft

#endif  // GRAFT_RPC_GRPC_STATUS_H_
