#include "http/http_server.h"

#include <microhttpd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/listen.h"
#include "http/answers.h"

namespace graft {
namespace {

constexpr size_t kMostConnections = 64;  // to one address
constexpr int kSilenceSeconds = 5;       // then a connection is closed
constexpr absl::Duration kLongest = absl::Seconds(10);
constexpr int kConnectionBytes = 16384;  // for the headers of a request and of its answer

MHD_Result Send(const http::Answer& answer, MHD_Connection* connection) {
  MHD_Response* response = MHD_create_response_from_buffer(
      answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY);
  for (const auto& [name, value] : answer.headers) {
    MHD_add_response_header(response, name.c_str(), value.c_str());
  }
  MHD_add_response_header(response, "Connection", "close");
  const auto status = static_cast<unsigned>(answer.status);
  const MHD_Result sent = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return sent;
}

// Answers the connections to one socket, on a thread of its own. Each connection is good for one
// request. When there are too many, the oldest gives way. libmicrohttpd's own limit would let a new
// one wait instead, and its timeout is one of silence: a byte now and then prolongs it.
class Endpoint {
 public:
  Endpoint(const http::Answerer& answers, Clock& clock) : answers_(answers), clock_(clock) {}
  ~Endpoint() { MHD_stop_daemon(daemon_); }
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  absl::Status Serve(Fd socket) {
    // TLS will be MHD_USE_TLS, MHD_OPTION_HTTPS_MEM_KEY and MHD_OPTION_HTTPS_MEM_CERT.
    MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, socket.Release(), nullptr},
        {MHD_OPTION_CONNECTION_LIMIT, kMostConnections + 1, nullptr},
        {MHD_OPTION_CONNECTION_TIMEOUT, kSilenceSeconds, nullptr},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionBytes, nullptr},
        {MHD_OPTION_NOTIFY_CONNECTION, reinterpret_cast<intptr_t>(&OnConnection), this},
        {MHD_OPTION_END, 0, nullptr}};
    daemon_ = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, nullptr, nullptr,
                               &OnRequest, this, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (daemon_ != nullptr) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("HTTP cannot be served: ", strerror(errno)));
  }

 private:
  struct Held {
    int fd = -1;
    absl::Time since;
  };

  static MHD_Result OnRequest(void* self, MHD_Connection* connection, const char* path,
                              const char* method, const char* /*version*/, const char* /*body*/,
                              size_t* /*body_bytes*/, void** /*request*/) {
    return Send(static_cast<Endpoint*>(self)->answers_(method, path), connection);
  }

  static void OnConnection(void* self, MHD_Connection* connection, void** /*data*/,
                           MHD_ConnectionNotificationCode what) {
    const int fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
      static_cast<Endpoint*>(self)->Hold(fd);
    } else {
      static_cast<Endpoint*>(self)->Leave(fd);
    }
  }

  void Hold(int fd) {
    const absl::Time now = clock_.Now();
    held_.push_back({fd, now});
    while (held_.size() > kMostConnections || now - held_.front().since > kLongest) {
      shutdown(held_.front().fd, SHUT_RDWR);  // libmicrohttpd notices, and closes it
      held_.pop_front();
    }
  }

  void Leave(int fd) {
    const auto left =
        std::find_if(held_.begin(), held_.end(), [fd](const Held& held) { return held.fd == fd; });
    if (left != held_.end()) held_.erase(left);
  }

  const http::Answerer& answers_;
  Clock& clock_;
  std::deque<Held> held_;  // of the daemon's thread; the oldest first
  MHD_Daemon* daemon_ = nullptr;
};

class MicrohttpdServer : public HttpServer {
 public:
  MicrohttpdServer(Clock& clock, http::Answerer answers)
      : clock_(clock), answers_(std::move(answers)) {}

  absl::Status Serve(std::vector<Fd> sockets) {
    port_ = PortOf(sockets.front());
    for (Fd& socket : sockets) {
      endpoints_.push_back(std::make_unique<Endpoint>(answers_, clock_));
      GRAFT_RETURN_IF_ERROR(endpoints_.back()->Serve(std::move(socket)));
    }
    return absl::OkStatus();
  }

  int port() const override { return port_; }
  void Shutdown() override { endpoints_.clear(); }

 private:
  Clock& clock_;
  const http::Answerer answers_;
  int port_ = 0;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
};

absl::StatusOr<std::unique_ptr<HttpServer>> Serve(Clock& clock, http::Answerer answers,
                                                  const HttpOptions& options) {
  GRAFT_ASSIGN_OR_RETURN(std::vector<Fd> sockets,
                         ListenOn(options.bind_address, options.port, "--port"));
  auto server = std::make_unique<MicrohttpdServer>(clock, std::move(answers));
  GRAFT_RETURN_IF_ERROR(server->Serve(std::move(sockets)));
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> MakeHttpServer(const HttpSources& sources,
                                                           const HttpOptions& options) {
  const auto answers = std::make_shared<http::Answers>(sources);
  return Serve(
      sources.clock,
      [answers](absl::string_view method, absl::string_view path) {
        return answers->To(method, path);
      },
      options);
}

absl::StatusOr<std::unique_ptr<HttpServer>> MakePlainHttpServer(PlainPages pages, Clock& clock,
                                                                const HttpOptions& options) {
  return Serve(
      clock,
      [pages = std::move(pages)](absl::string_view method, absl::string_view path) {
        if (method != "GET" && method != "HEAD") return http::Answer{405, "GET and HEAD only\n"};
        const auto page = pages.find(path);
        if (page == pages.end()) return http::Answer{404, "no such page\n"};
        http::Answer answer{200, page->second()};
        answer.headers = {{"Content-Type", http::kPlain}, {"Cache-Control", "no-store"}};
        return answer;
      },
      options);
}

}  // namespace graft
