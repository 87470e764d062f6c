#include "testing/etcd_server.h"

#include <signal.h>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "testing/eventually.h"
#include "testing/ports.h"

namespace graft {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(30);

bool IsHealthy(const std::string& endpoint) {
  ProcessOptions options;
  options.env = {"ETCDCTL_API=3"};
  return RunAndRead({"etcdctl", "--endpoints", endpoint, "--dial-timeout", "2s",
                     "--command-timeout", "2s", "endpoint", "health"},
                    options, absl::Seconds(10))
      .ok();
}

}  // namespace

EtcdServer::EtcdServer(std::string endpoint, int peer_port)
    : folder_("etcd"), endpoint_(std::move(endpoint)), peer_port_(peer_port) {}

absl::StatusOr<std::unique_ptr<EtcdServer>> EtcdServer::Start() {
  auto server =
      absl::WrapUnique(new EtcdServer(absl::StrCat("127.0.0.1:", FreePort()), FreePort()));
  GRAFT_RETURN_IF_ERROR(server->Restart());
  return server;
}

void EtcdServer::Kill() {
  process_.reset();
}

absl::Status EtcdServer::Restart() {
  Kill();
  const std::string client = absl::StrCat("http://", endpoint_);
  const std::string peer = absl::StrCat("http://127.0.0.1:", peer_port_);
  ProcessOptions options;
  options.log_file = folder_.path() + "/etcd.log";
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(
      {"etcd", "--name", "test", "--data-dir", folder_.path() + "/data", "--listen-client-urls",
       client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
       "--initial-advertise-peer-urls", peer, "--initial-cluster", "test=" + peer},
      options);
  if (!process.ok()) return Annotate(process.status(), "no etcd to test with; run scripts/setup");
  process_ = *std::move(process);
  if (Eventually(kStartTimeout, [this] { return !process_->running() || IsHealthy(endpoint_); }) &&
      process_->running()) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(absl::StrCat("etcd on ", endpoint_, " did not become healthy; see ",
                                             folder_.path(), "/etcd.log"));
}

}  // namespace graft
