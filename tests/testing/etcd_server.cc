#include "testing/etcd_server.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/errors.h"
#include "base/files.h"
#include "testing/eventually.h"
#include "testing/ports.h"

namespace graft {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(30);
constexpr absl::Duration kCtlTimeout = absl::Seconds(20);
constexpr char kReady[] = "ready to serve client requests";

std::string FreeAddress() {
  return absl::StrCat("127.0.0.1:", FreePort());
}

}  // namespace

EtcdServer::EtcdServer()
    : folder_("etcd"),
      endpoint_(FreeAddress()),
      other_endpoint_(FreeAddress()),
      peer_("http://" + FreeAddress()) {}

absl::StatusOr<std::unique_ptr<EtcdServer>> EtcdServer::Start() {
  auto server = absl::WrapUnique(new EtcdServer());
  GRAFT_RETURN_IF_ERROR(server->Restart());
  return server;
}

void EtcdServer::Kill() {
  process_.reset();
}

absl::Status EtcdServer::Restart() {
  Kill();
  const size_t log_start = Log().size();
  const std::string client = "http://" + endpoint_;
  ProcessOptions options;
  options.log_file = folder_.path() + "/etcd.log";
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(
      {"etcd", "--name=test", "--data-dir=" + folder_.path() + "/data",
       "--listen-client-urls=" + client, "--advertise-client-urls=" + client,
       "--listen-peer-urls=" + peer_, "--initial-advertise-peer-urls=" + peer_,
       "--initial-cluster=test=" + peer_, "--heartbeat-interval=50", "--election-timeout=500",
       "--unsafe-no-fsync"},  // kill -9 loses nothing that way, only a power cut would
      options);
  if (!process.ok()) return Annotate(process.status(), "no etcd to test with; run scripts/setup");
  process_ = *std::move(process);
  // Not by asking it: a read that comes before etcd 3.4 has a leader blocks all reads for 7 s.
  const auto ready = [&] {
    return absl::StrContains(absl::string_view(Log()).substr(log_start), kReady);
  };
  const bool over = Eventually(kStartTimeout, [&] { return ready() || !process_->running(); });
  if (over && process_->running()) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("etcd on ", endpoint_, " does not serve: ", Log().substr(log_start)));
}

absl::Status EtcdServer::RestartElsewhere() {
  std::swap(endpoint_, other_endpoint_);
  return Restart();
}

absl::StatusOr<std::string> EtcdServer::Ctl(const std::vector<std::string>& arguments) const {
  ProcessOptions options;
  options.env = {"ETCDCTL_API=3"};
  std::vector<std::string> command = {"etcdctl", "--endpoints=http://" + endpoint_};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunAndRead(command, options, kCtlTimeout);
}

std::string EtcdServer::Log() const {
  return ReadFile(folder_.path() + "/etcd.log").value_or("");
}

}  // namespace graft
