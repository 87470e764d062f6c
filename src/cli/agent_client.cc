#include "cli/agent_client.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "graft/v1/provisioner.grpc.pb.h"

namespace graft::cli {
namespace {

constexpr char kReasonMetadata[] = "graft-reason";

class GrpcAgentClient : public AgentClient {
 public:
  GrpcAgentClient(const std::string& address, absl::Duration timeout)
      : address_(address), timeout_(timeout) {
    grpc::ChannelArguments arguments;
    // An agent that restarts is back within seconds; gRPC's own back-off grows to minutes.
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
    // Agents are reached directly, as Vitess's tools do it.
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    stub_ = v1::Provisioner::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  }

  absl::StatusOr<v1::Operation> Reprovision(const v1::ReprovisionRequest& request) override {
    return Call<v1::Operation>(&v1::Provisioner::Stub::Reprovision, request);
  }

  absl::StatusOr<v1::PreflightReport> Preflight(const v1::PreflightRequest& request) override {
    return Call<v1::PreflightReport>(&v1::Provisioner::Stub::Preflight, request);
  }

  absl::StatusOr<v1::Operation> GetOperation(const std::string& id) override {
    v1::GetOperationRequest request;
    request.set_id(id);
    return Call<v1::Operation>(&v1::Provisioner::Stub::GetOperation, request);
  }

  absl::StatusOr<v1::ListOperationsResponse> ListOperations() override {
    return Call<v1::ListOperationsResponse>(&v1::Provisioner::Stub::ListOperations,
                                            v1::ListOperationsRequest());
  }

  absl::StatusOr<v1::Operation> CancelOperation(
      const v1::CancelOperationRequest& request) override {
    return Call<v1::Operation>(&v1::Provisioner::Stub::CancelOperation, request);
  }

  absl::StatusOr<v1::Operation> ThrottleOperation(
      const v1::ThrottleOperationRequest& request) override {
    return Call<v1::Operation>(&v1::Provisioner::Stub::ThrottleOperation, request);
  }

  absl::StatusOr<v1::GetTabletResponse> GetTablet() override {
    return Call<v1::GetTabletResponse>(&v1::Provisioner::Stub::GetTablet, v1::GetTabletRequest());
  }

  absl::Status WatchOperation(const v1::WatchOperationRequest& request, WatchStop& stop,
                              const std::function<void(const v1::Operation&)>& on_update) override {
    grpc::ClientContext context;
    SetDeadline(context);
    const WatchStop::OnStop on_stop(stop, [&context] { context.TryCancel(); });
    const auto reader = stub_->WatchOperation(&context, request);
    v1::Operation operation;
    while (reader->Read(&operation)) on_update(operation);
    return ToStatus(reader->Finish(), context);
  }

 private:
  template <typename Response, typename Method, typename Request>
  absl::StatusOr<Response> Call(Method method, const Request& request) {
    grpc::ClientContext context;
    SetDeadline(context);
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    if (!status.ok()) return ToStatus(status, context);
    return response;
  }

  void SetDeadline(grpc::ClientContext& context) const {
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout_));
  }

  absl::Status ToStatus(const grpc::Status& status, const grpc::ClientContext& context) const {
    if (status.ok()) return absl::OkStatus();
    const auto code = static_cast<absl::StatusCode>(status.error_code());
    // These may be gRPC's own and then speak of sockets, not of whom they meant.
    if (code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kDeadlineExceeded) {
      return absl::Status(code, absl::StrCat("agent at ", address_, ": ", status.error_message()));
    }
    absl::Status result(code, status.error_message());
    const auto& trailer = context.GetServerTrailingMetadata();
    const auto reason = trailer.find(kReasonMetadata);
    if (reason == trailer.end()) return result;
    return WithReason(std::move(result),
                      absl::string_view(reason->second.data(), reason->second.size()));
  }

  const std::string address_;
  const absl::Duration timeout_;
  std::unique_ptr<v1::Provisioner::Stub> stub_;
};

}  // namespace

std::unique_ptr<AgentClient> MakeAgentClient(const std::string& address, absl::Duration timeout) {
  return std::make_unique<GrpcAgentClient>(address, timeout);
}

}  // namespace graft::cli
