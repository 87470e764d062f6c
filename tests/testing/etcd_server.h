// A real etcd of one member, on 127.0.0.1, in a folder of its own.
#ifndef GRAFT_TESTING_ETCD_SERVER_H_
#define GRAFT_TESTING_ETCD_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "testing/process.h"
#include "testing/temp_folder.h"

namespace graft {

class EtcdServer {
 public:
  // Healthy when it returns. NOT_FOUND: no etcd in PATH; the text names scripts/setup.
  static absl::StatusOr<std::unique_ptr<EtcdServer>> Start();

  // "127.0.0.1:<port>", the same for good.
  const std::string& endpoint() const { return endpoint_; }

  // For SIGSTOP, SIGCONT and the like; only while it runs.
  Process& process() { return *process_; }

  // Ends it at once, as kill -9 does; Restart brings it back with its data.
  void Kill();
  absl::Status Restart();

 private:
  EtcdServer(std::string endpoint, int peer_port);

  TempFolder folder_;
  const std::string endpoint_;
  const int peer_port_;
  std::unique_ptr<Process> process_;
};

}  // namespace graft

#endif  // GRAFT_TESTING_ETCD_SERVER_H_
