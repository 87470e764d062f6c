// The calls of an agent's API that the bench makes. Not graftctl's client: what is measured shall
// not change with it.
//
// For one thread. Codes are the agent's own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/v1/provisioner.pb.h"

namespace graft {

class AgentCalls {
 public:
  // `address` is "host:port". Connects at the first call.
  explicit AgentCalls(const std::string& address);
  ~AgentCalls();

  absl::Status Ping();
  absl::StatusOr<v1::Operation> Reprovision(const v1::ReprovisionRequest& request);
  absl::StatusOr<v1::Operation> GetOperation(const std::string& id);
  absl::Status Throttle(const v1::ThrottleOperationRequest& request);
  // Waits until the operation has ended, and passes each state on.
  absl::Status Watch(const std::string& id,
                     const std::function<void(const v1::Operation&)>& on_state);

 private:
  class Stub;  // what knows gRPC
  const std::unique_ptr<Stub> stub_;
};

}  // namespace graft
