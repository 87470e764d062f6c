#include "rpc/provisioner_server.h"

#include <sys/resource.h>

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/duration_flag.h"
#include "base/errors.h"
#include "base/listen.h"
#include "graft/v1/provisioner.grpc.pb.h"
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

constexpr absl::Duration kInterval = absl::Seconds(2);
constexpr absl::Duration kPatience = absl::Seconds(2);
constexpr absl::Duration kTooOld = absl::Seconds(10);

std::string AddressOf(const std::string& bind_address, int port) {
  const bool every = bind_address.empty() || bind_address == "0.0.0.0" || bind_address == "::" ||
                     bind_address == "[::]";
  return AddressText(every ? "127.0.0.1" : bind_address, port);
}

// ApiProbe: checks as a client whether the agent's API answers.
//
// Each check uses a new connection: an API that accepts no connection any more may still serve the
// connected clients. Safe for use from several threads. The owner gives it a thread by calling
// Serve() on one.
class ApiProbe {
 public:
  // `bind_address` and `port` are the server's. `clock` must outlive it.
  ApiProbe(Clock& clock, const std::string& bind_address, int port)
      : clock_(clock), address_(AddressOf(bind_address, port)), asked_(clock.Now()) {}

  // Asks every few seconds, until Stop().
  void Serve() {
    do {
      absl::Status answer = Ask();
      absl::MutexLock lock(&mutex_);
      last_ = std::move(answer);
      asked_ = clock_.Now();
    } while (stop_.WaitFor(clock_, kInterval) != WaitEnd::kCancelled);
  }
  void Stop() { stop_.Cancel(); }

  // The last answer. UNAVAILABLE: the API does not answer, or was not asked for long; the text says
  // why. OK before the first answer.
  absl::Status Last() const {
    absl::MutexLock lock(&mutex_);
    const absl::Duration age = clock_.Now() - asked_;
    if (age > kTooOld) {
      return absl::UnavailableError(absl::StrCat("nobody has asked it for ", HumanDuration(age)));
    }
    return last_;
  }

 private:
  // grpc.health.v1 has no C++ header in Debian: an empty request means the whole server.
  absl::Status Ask() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
                     1);  // else the connection may be an old one
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    grpc::GenericStub stub(
        grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(kPatience));
    grpc::CompletionQueue queue;
    const grpc::Slice whole_server;
    const auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                            grpc::ByteBuffer(&whole_server, 1), &queue);
    grpc::ByteBuffer answer;
    grpc::Status status;
    call->StartCall();
    call->Finish(&answer, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);  // within the call's deadline
    if (status.ok()) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat(address_, ": ", status.error_message()));
  }

  Clock& clock_;
  const std::string address_;
  Cancellation stop_;
  mutable absl::Mutex mutex_;
  absl::Status last_ ABSL_GUARDED_BY(mutex_);
  absl::Time asked_ ABSL_GUARDED_BY(mutex_);
};

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
