#include "rpc/grpc_status.h"

#include <grpcpp/grpcpp.h>

#include <string>

#include "base/errors.h"
#include "rpc/provisioner_server.h"

namespace graft {

grpc::Status ToGrpc(const absl::Status& status, grpc::CallbackServerContext& context) {
  if (status.ok()) return grpc::Status::OK;
  if (const std::string reason = ReasonOf(status); !reason.empty()) {
    context.AddTrailingMetadata(kReasonMetadata, reason);
  }
  // Both enums are the same numbers by design.
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

}  // namespace graft
