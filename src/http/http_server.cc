#include "http/http_server.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <netdb.h>

#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"
#include "http/answers.h"
#include "http/connection_guard.h"

namespace graft {
namespace {

constexpr int kWorkers = 4;
constexpr int kHighestPort = 65535;
constexpr char kRequestTimeoutMs[] = "5000";
constexpr char kMostHeaderBytes[] = "8192";

class CivetwebServer : public HttpServer {
 public:
  explicit CivetwebServer(const HttpSources& sources)
      : answers_(sources), guard_(sources.clock, kWorkers) {
    mg_init_library(0);
  }
  ~CivetwebServer() override {
    Shutdown();
    mg_exit_library();
  }

  // `where`: as civetweb's listening_ports has it. UNAVAILABLE.
  absl::Status Listen(const std::string& where);

  int port() const override { return port_; }

  void Shutdown() override {
    if (context_ == nullptr) return;
    guard_.CutAll();
    mg_stop(std::exchange(context_, nullptr));
    guard_thread_.join();
  }

 private:
  static CivetwebServer& Of(const mg_context* context) {
    return *static_cast<CivetwebServer*>(mg_get_user_data(context));
  }
  static CivetwebServer& Of(const mg_connection* connection) {
    return Of(mg_get_context(connection));
  }

  static int OnTaken(const mg_connection* connection, void** /*data*/) {
    Of(connection).guard_.OnTaken();
    return 0;
  }
  static void OnLeft(const mg_connection* connection) { Of(connection).guard_.OnLeft(); }

  static int OnRequest(mg_connection* connection) {
    const mg_request_info& request = *mg_get_request_info(connection);
    CivetwebServer& self = Of(connection);
    self.guard_.BeginAnswer(request.remote_port);
    const absl::string_view path = request.local_uri == nullptr ? "" : request.local_uri;
    const http::Answer answer = self.answers_.To(request.request_method, path);
    const bool with_body = absl::string_view(request.request_method) != "HEAD";
    self.guard_.EndAnswer(request.remote_port);
    Write(connection, answer, with_body);
    return answer.status;
  }

  // What civetweb itself refuses: malformed requests, unknown methods.
  static int OnError(mg_connection* connection, int status, const char* text) {
    http::Answer answer;
    answer.status = status;
    answer.body = absl::StrCat(text == nullptr || *text == '\0' ? "refused" : text, "\n");
    Write(connection, answer, true);
    return 0;
  }

  static int OnMessage(const mg_connection* connection, const char* message);

  static void Write(mg_connection* connection, const http::Answer& answer, bool with_body) {
    const std::string text = http::Serialized(answer, with_body);
    mg_write(connection, text.data(), text.size());
  }

  const http::Answers answers_;
  http::ConnectionGuard guard_;
  mg_context* context_ = nullptr;
  int port_ = 0;
  std::thread guard_thread_;

  absl::Mutex mutex_;
  bool listens_ ABSL_GUARDED_BY(mutex_) = false;
  std::string complaint_ ABSL_GUARDED_BY(mutex_);  // civetweb's first one while it starts
};

// Only what keeps it from starting is of use: afterwards it complains about its clients.
int CivetwebServer::OnMessage(const mg_connection* connection, const char* message) {
  CivetwebServer& self = Of(connection);
  absl::MutexLock lock(&self.mutex_);
  if (!self.listens_ && self.complaint_.empty()) self.complaint_ = message;
  return 1;
}

absl::Status CivetwebServer::Listen(const std::string& where) {
  mg_callbacks callbacks{};
  callbacks.begin_request = &OnRequest;
  callbacks.http_error = &OnError;
  callbacks.log_message = &OnMessage;
  callbacks.log_access = [](const mg_connection*, const char*) { return 1; };
  callbacks.init_connection = &OnTaken;
  callbacks.connection_close = &OnLeft;
  const std::string workers = absl::StrCat(kWorkers);
  const char* options[] = {"listening_ports",
                           where.c_str(),
                           "num_threads",
                           workers.c_str(),
                           "request_timeout_ms",
                           kRequestTimeoutMs,
                           "max_request_size",
                           kMostHeaderBytes,
                           "enable_keep_alive",
                           "no",
                           "enable_directory_listing",
                           "no",
                           "tcp_nodelay",
                           "1",
                           nullptr};
  context_ = mg_start(&callbacks, this, options);
  absl::MutexLock lock(&mutex_);
  if (context_ == nullptr) return absl::UnavailableError(complaint_);
  listens_ = true;
  mg_server_port bound{};
  if (mg_get_server_ports(context_, 1, &bound) == 1) port_ = bound.port;
  guard_.Watch(port_);
  guard_thread_ = std::thread([this] { guard_.Serve(); });
  return absl::OkStatus();
}

// The address that a name stands for, as a number. INVALID_ARGUMENT.
absl::StatusOr<std::string> Resolved(const std::string& host) {
  const bool ipv6 = mg_check_feature(MG_FEATURES_IPV6) != 0;
  addrinfo hints{};
  hints.ai_family = ipv6 ? AF_UNSPEC : AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0 || found == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--bind-address ", host, ": HTTP cannot be served there: ", gai_strerror(error),
        ipv6 ? "" : "; this civetweb speaks IPv4 only, so name an IPv4 address"));
  }
  char text[NI_MAXHOST] = "";
  getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST);
  freeaddrinfo(found);
  return std::string(text);
}

absl::StatusOr<std::string> ListeningPorts(const HttpOptions& options) {
  if (options.bind_address.empty()) {
    // With '+' civetweb listens for IPv4 and IPv6.
    return absl::StrCat(mg_check_feature(MG_FEATURES_IPV6) != 0 ? "+" : "", options.port);
  }
  GRAFT_ASSIGN_OR_RETURN(const std::string address, Resolved(options.bind_address));
  return absl::StrContains(address, ':') ? absl::StrCat("[", address, "]:", options.port)
                                         : absl::StrCat(address, ":", options.port);
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> MakeHttpServer(const HttpSources& sources,
                                                           const HttpOptions& options) {
  if (options.port < 0 || options.port > kHighestPort) {
    return absl::InvalidArgumentError(
        absl::StrCat("--port ", options.port, ": must be 0 to ", kHighestPort));
  }
  auto server = std::make_unique<CivetwebServer>(sources);
  GRAFT_ASSIGN_OR_RETURN(const std::string where, ListeningPorts(options));
  if (const absl::Status listens = server->Listen(where); !listens.ok()) {
    return Annotate(listens, absl::StrCat("--port ", options.port, ": HTTP cannot be served"));
  }
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace graft
