#include "bench/agent_calls.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "graft/v1/provisioner.grpc.pb.h"

namespace graft {
namespace {

constexpr auto kCallPatience = std::chrono::minutes(30);

std::unique_ptr<v1::Provisioner::Stub> NewStub(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return v1::Provisioner::NewStub(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace

class AgentCalls::Stub {
 public:
  explicit Stub(const std::string& address) : stub_(NewStub(address)) {}

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(grpc::Status (v1::Provisioner::Stub::*method)(grpc::ClientContext*,
                                                                              const Request&,
                                                                              Response*),
                                const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kCallPatience);
    Response response;
    const grpc::Status status = ((*stub_).*method)(&context, request, &response);
    if (!status.ok()) return FromGrpc(status);
    return response;
  }

  v1::Provisioner::Stub& stub() { return *stub_; }

 private:
  const std::unique_ptr<v1::Provisioner::Stub> stub_;
};

AgentCalls::AgentCalls(const std::string& address) : stub_(std::make_unique<Stub>(address)) {}
AgentCalls::~AgentCalls() = default;

absl::Status AgentCalls::Ping() {
  return stub_->Call(&v1::Provisioner::Stub::GetTablet, v1::GetTabletRequest()).status();
}

absl::StatusOr<v1::Operation> AgentCalls::Reprovision(const v1::ReprovisionRequest& request) {
  return stub_->Call(&v1::Provisioner::Stub::Reprovision, request);
}

absl::StatusOr<v1::Operation> AgentCalls::GetOperation(const std::string& id) {
  v1::GetOperationRequest request;
  request.set_id(id);
  return stub_->Call(&v1::Provisioner::Stub::GetOperation, request);
}

absl::Status AgentCalls::Throttle(const v1::ThrottleOperationRequest& request) {
  return stub_->Call(&v1::Provisioner::Stub::ThrottleOperation, request).status();
}

absl::Status AgentCalls::Watch(const std::string& id,
                               const std::function<void(const v1::Operation&)>& on_state) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallPatience);
  v1::WatchOperationRequest request;
  request.set_id(id);
  const auto stream = stub_->stub().WatchOperation(&context, request);
  v1::Operation state;
  while (stream->Read(&state)) on_state(state);
  return FromGrpc(stream->Finish());
}

}  // namespace graft
