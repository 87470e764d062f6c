// A real etcd of one member, on 127.0.0.1, in a folder of its own. Not safe for several threads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "testing/process.h"
#include "testing/temp_folder.h"

namespace graft {

class EtcdServer {
 public:
  // Serves when it returns. NOT_FOUND: no etcd in PATH; the text names scripts/setup.
  static absl::StatusOr<std::unique_ptr<EtcdServer>> Start();

  // "127.0.0.1:<port>", the same until RestartElsewhere().
  const std::string& endpoint() const { return endpoint_; }

  // Only while it runs.
  Process& process() { return *process_; }
  bool running() { return process_ != nullptr && process_->running(); }

  // Ends it at once, as kill -9 does; Restart brings it back with its data.
  void Kill();
  absl::Status Restart();
  // Restart() on the other of its two ports, so that who knows the first one alone is cut off.
  absl::Status RestartElsewhere();

  // Hangs, as after SIGSTOP, from its return until Continue().
  absl::Status Stop() { return process_->Suspend(); }
  void Continue() { process_->Resume(); }

  // What `etcdctl <arguments>` prints. UNAVAILABLE: it fails; the text has its output.
  absl::StatusOr<std::string> Ctl(const std::vector<std::string>& arguments) const;

 private:
  EtcdServer();
  std::string Log() const;

  TempFolder folder_;
  std::string endpoint_;
  std::string other_endpoint_;
  const std::string peer_;
  std::unique_ptr<Process> process_;
};

}  // namespace graft
