// HttpServer: what a browser, a monitor and a load balancer ask of the agent, on a port.
//
//   /debug/status       a page for people, with /debug/status.json for programs; / leads there
//   /healthz            200 while the process lives and its API answers, else 503 and why;
//                       /debug/liveness is the same
//   /readyz             200 if the tablet may be used, else 503 and each reason on a line
//   /debug/health       as vttablet's: "ok", or 500 if mysqld does not answer
//   /metrics            Prometheus's
//   /debug/vars         flat JSON as Go's expvar makes it
//
// GET and HEAD only; there is nothing to change here, and no file is served. Answers come from
// memory: no request waits for MySQL or the topology. However many connections send nothing, or a
// byte now and then, others are served: a connection that is silent for five seconds is closed;
// when a new one comes, so are those older than ten seconds and the oldest of more than 64 to an
// address. What is no request gets the library's own answer (400, 414, 431), or none.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "graft/clock.h"
#include "graft/provisioning.h"
#include "http/status_facts.h"

namespace graft {

// What it is given must outlive it, and be safe for use from several threads.
struct HttpSources {
  Provisioning& provisioning;
  Clock& clock;
  std::function<std::string()> metrics;  // in Prometheus's text format
  std::function<ShardSnapshot()> shard;
  std::function<std::optional<PreflightReport>()> last_preflight;
  std::string version;                          // of this program
  std::function<absl::Status()> api = nullptr;  // whether the agent's gRPC API answers
};

struct HttpOptions {
  std::string bind_address;  // "127.0.0.1", "::1", a host's name; empty: every address
  int port = 0;              // 0: any free one
};

class HttpServer {
 public:
  // As Shutdown().
  virtual ~HttpServer() = default;

  virtual int port() const = 0;

  // Closes every connection and joins all threads.
  virtual void Shutdown() = 0;
};

// Listens when it returns. INVALID_ARGUMENT: no such port or host. UNAVAILABLE: the port is taken,
// or the address is not this machine's; the text names the flag.
absl::StatusOr<std::unique_ptr<HttpServer>> MakeHttpServer(const HttpSources& sources,
                                                           const HttpOptions& options);

// Serves these texts alone, by their paths; for a program that is no agent. Each function is called
// for each request, from the server's threads. Codes as of MakeHttpServer.
using PlainPages = std::map<std::string, std::function<std::string()>, std::less<>>;
absl::StatusOr<std::unique_ptr<HttpServer>> MakePlainHttpServer(PlainPages pages, Clock& clock,
                                                                const HttpOptions& options);

}  // namespace graft
