#include "rpc/provisioner_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"
#include "graft/v1/provisioner.grpc.pb.h"
#include "rpc/api_probe.h"
#include "rpc/listener.h"
#include "rpc/provisioner_service.h"

namespace graft {
namespace {

// The largest request is a few hundred bytes.
constexpr int kLargestRequestBytes = 64 * 1024;
// gRPC's own bound on the memory of connections and calls; far above what operators need.
constexpr size_t kGrpcMemoryBytes = size_t{16} * 1024 * 1024;
constexpr int kMostStreamsPerConnection = 100;

constexpr size_t kMostConnections = 512;

// The server soon closes a connection that does not speak HTTP/2, and a little later a connection
// without a call. Keep-alives find clients whose machine is gone.
constexpr int kHandshakeTimeoutMs = 10'000;
constexpr int kMostIdleMs = 30'000;
constexpr int kKeepaliveMs = 30'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
constexpr int kLeastPingIntervalMs = 1'000;  // of a client's own

// A quarter of the descriptors that the process may open.
size_t DefaultMostConnections() {
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return kMostConnections;
  return std::clamp<size_t>(descriptors.rlim_cur / 4, 4, kMostConnections);
}

class GrpcServer : public RpcServer {
 public:
  GrpcServer(Provisioning& provisioning, Clock& clock)
      : clock_(clock), service_(MakeProvisionerService(provisioning, clock)) {}
  ~GrpcServer() override { ShutDown(absl::ZeroDuration()); }

  absl::Status Start(const RpcOptions& options) {
    const size_t most =
        options.most_connections > 0 ? options.most_connections : DefaultMostConnections();
    GRAFT_ASSIGN_OR_RETURN(listener_,
                           Listener::Open(clock_, {options.bind_address, options.port, most}));
    grpc::ServerBuilder builder;
    Limit(builder);
    // TLS and roles belong here, in the credentials, once the API has them.
    using ConnectionType = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
    acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        ConnectionType::FROM_FD, grpc::InsecureServerCredentials());
    builder.RegisterService(&service_->service());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return absl::UnavailableError("gRPC's server does not start");
    server_->GetHealthCheckService()->SetServingStatus(v1::Provisioner::service_full_name(), true);
    listener_->Serve([this](int listening_fd, int fd) {
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
      connection.listener_fd = listening_fd;
      connection.fd = fd;
      acceptor_->HandleNewConnection(&connection);
    });
    probe_ = std::make_unique<ApiProbe>(clock_, options.bind_address, port());
    probing_ = std::thread([this] { probe_->Serve(); });
    return absl::OkStatus();
  }

  absl::Status Health() const override { return probe_->Last(); }
  int port() const override { return listener_->port(); }
  void Shutdown(absl::Duration grace) override { ShutDown(grace); }

 private:
  static void Limit(grpc::ServerBuilder& builder) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostStreamsPerConnection);
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kMostIdleMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                               kLeastPingIntervalMs);
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
    probe_->Stop();
    probing_.join();
    listener_->Stop();
    server_->GetHealthCheckService()->Shutdown();
    service_->EndOpenCalls();
    server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(grace));
    server_->Wait();
  }

  Clock& clock_;
  const std::unique_ptr<ProvisionerService> service_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<ApiProbe> probe_;
  std::thread probing_;
  absl::Mutex mutex_;  // held while shutting down, so that a second caller waits for the end
  bool down_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> MakeRpcServer(Provisioning& provisioning, Clock& clock,
                                                         const RpcOptions& options) {
  // Both are switches of the whole process, read when a server is built.
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto server = std::make_unique<GrpcServer>(provisioning, clock);
  if (absl::Status started = server->Start(options); !started.ok()) return started;
  return server;
}

}  // namespace graft
