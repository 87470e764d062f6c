#include "rpc/provisioner_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "graft/v1/provisioner.grpc.pb.h"
#include "rpc/grpc_status.h"
#include "rpc/preflights.h"
#include "rpc/watchers.h"
#include "wire/operation_proto.h"
#include "wire/provisioner_proto.h"

namespace graft {
namespace {

// The largest request is a few hundred bytes.
constexpr int kLargestRequestBytes = 64 * 1024;
// gRPC's own bound on the memory of connections and calls; far above what operators need.
constexpr size_t kGrpcMemoryBytes = size_t{16} * 1024 * 1024;
constexpr int kMostStreamsPerConnection = 100;

// WatchOperation is raw: its messages are made once for all who watch.
using RawWatchService =
    v1::Provisioner::WithRawCallbackMethod_WatchOperation<v1::Provisioner::CallbackService>;

class ProvisionerService : public RawWatchService {
 public:
  ProvisionerService(Provisioning& provisioning, Clock& clock)
      : provisioning_(provisioning),
        clock_(clock),
        watchers_(provisioning, clock),
        preflights_(provisioning) {}

  // Of the calls that end when something happens.
  void EndOpenCalls() {
    watchers_.EndAll();
    preflights_.EndAll();
  }

  grpc::ServerUnaryReactor* Reprovision(grpc::CallbackServerContext* context,
                                        const v1::ReprovisionRequest* request,
                                        v1::Operation* response) override {
    const absl::StatusOr<ReprovisionCall> call = FromProto(*request);
    if (!call.ok()) return Fail(*context, call.status());
    return Answer(*context, provisioning_.Reprovision(*call), *response);
  }

  grpc::ServerUnaryReactor* Preflight(grpc::CallbackServerContext* context,
                                      const v1::PreflightRequest* request,
                                      v1::PreflightReport* response) override {
    return preflights_.Start(*request, *response, *context);
  }

  grpc::ServerUnaryReactor* GetOperation(grpc::CallbackServerContext* context,
                                         const v1::GetOperationRequest* request,
                                         v1::Operation* response) override {
    if (const auto id = CheckOperationId(request->id()); !id.ok()) return Fail(*context, id);
    return Answer(*context, provisioning_.Get(request->id()), *response);
  }

  grpc::ServerUnaryReactor* ListOperations(grpc::CallbackServerContext* context,
                                           const v1::ListOperationsRequest* /*request*/,
                                           v1::ListOperationsResponse* response) override {
    for (const Operation& operation : provisioning_.List()) {
      *response->add_operations() = ToProto(operation);
    }
    return Finish(*context, grpc::Status::OK);
  }

  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchOperation(
      grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) override {
    return watchers_.Start(*request, *context);
  }

  grpc::ServerUnaryReactor* CancelOperation(grpc::CallbackServerContext* context,
                                            const v1::CancelOperationRequest* request,
                                            v1::Operation* response) override {
    if (const auto id = CheckOperationId(request->id()); !id.ok()) return Fail(*context, id);
    return Answer(*context, provisioning_.Cancel(request->id(), WishOf(*request)), *response);
  }

  grpc::ServerUnaryReactor* ThrottleOperation(grpc::CallbackServerContext* context,
                                              const v1::ThrottleOperationRequest* request,
                                              v1::Operation* response) override {
    const absl::StatusOr<CloneSettings> settings = FromProto(*request);
    if (!settings.ok()) return Fail(*context, settings.status());
    return Answer(*context, provisioning_.Throttle(request->id(), *settings), *response);
  }

  grpc::ServerUnaryReactor* GetTablet(grpc::CallbackServerContext* context,
                                      const v1::GetTabletRequest* /*request*/,
                                      v1::GetTabletResponse* response) override {
    *response = ToProto(provisioning_.Tablet(), clock_.Now());
    return Finish(*context, grpc::Status::OK);
  }

 private:
  static grpc::ServerUnaryReactor* Finish(grpc::CallbackServerContext& context,
                                          const grpc::Status& status) {
    grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
    reactor->Finish(status);
    return reactor;
  }

  static grpc::ServerUnaryReactor* Fail(grpc::CallbackServerContext& context,
                                        const absl::Status& status) {
    return Finish(context, ToGrpc(status, context));
  }

  static grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext& context,
                                          const absl::StatusOr<Operation>& operation,
                                          v1::Operation& response) {
    if (operation.ok()) response = ToProto(*operation);
    return Fail(context, operation.status());
  }

  Provisioning& provisioning_;
  Clock& clock_;
  Watchers watchers_;
  Preflights preflights_;
};

class GrpcServer : public RpcServer {
 public:
  GrpcServer(Provisioning& provisioning, Clock& clock) : service_(provisioning, clock) {}
  ~GrpcServer() override { ShutDown(absl::ZeroDuration()); }

  absl::Status Start(const std::string& address) {
    grpc::ServerBuilder builder;
    Limit(builder);
    // TLS and roles belong here, in the credentials, once the API has them.
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on ", address,
                       ": another process has the port, or the address is not this machine's; "
                       "choose another --grpc-port or --bind-address"));
    }
    server_->GetHealthCheckService()->SetServingStatus(v1::Provisioner::service_full_name(), true);
    return absl::OkStatus();
  }

  int port() const override { return port_; }
  void Shutdown(absl::Duration grace) override { ShutDown(grace); }

 private:
  static void Limit(grpc::ServerBuilder& builder) {
    // Without it a second agent on the same port would silently get half of the calls.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostStreamsPerConnection);
    builder.SetMaxReceiveMessageSize(kLargestRequestBytes);
    builder.SetResourceQuota(grpc::ResourceQuota("graft").Resize(kGrpcMemoryBytes));
    // Reflection is gRPC's one synchronous service: one thread waits for it, not one a core.
    builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
  }

  void ShutDown(absl::Duration grace) ABSL_LOCKS_EXCLUDED(mutex_) {
    if (server_ == nullptr) return;
    absl::MutexLock lock(&mutex_);
    if (down_) return;
    down_ = true;
    server_->GetHealthCheckService()->Shutdown();
    service_.EndOpenCalls();
    server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(grace));
    server_->Wait();
  }

  ProvisionerService service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  absl::Mutex mutex_;  // held while shutting down, so that a second caller waits for the end
  bool down_ ABSL_GUARDED_BY(mutex_) = false;
};

std::string ListenAddress(const RpcOptions& options) {
  if (options.bind_address.empty()) return absl::StrCat("[::]:", options.port);
  const bool bare_ipv6 =
      absl::StrContains(options.bind_address, ':') && !absl::StartsWith(options.bind_address, "[");
  return bare_ipv6 ? absl::StrCat("[", options.bind_address, "]:", options.port)
                   : absl::StrCat(options.bind_address, ":", options.port);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> MakeRpcServer(Provisioning& provisioning, Clock& clock,
                                                         const RpcOptions& options) {
  if (options.port < 0 || options.port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(options.port, " is no port; 0 to 65535 are"));
  }
  // Both are switches of the whole process, read when a server is built.
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto server = std::make_unique<GrpcServer>(provisioning, clock);
  if (absl::Status started = server->Start(ListenAddress(options)); !started.ok()) return started;
  return server;
}

}  // namespace graft
