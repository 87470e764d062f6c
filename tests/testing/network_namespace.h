// A network of its own, joined to the test's by one link that can be cut. Needs root and iproute2.
//
// Its addresses are private to this machine: 10.231.<n>.1 is the test's end, 10.231.<n>.2 the one
// inside. Programs run in it by `ip netns exec <name>`. Gone when it is destroyed; what runs in it
// must have ended before. Not safe for several threads.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace graft {

class NetworkNamespace {
 public:
  // PERMISSION_DENIED: the system does not let this user; the text says why.
  static absl::StatusOr<std::unique_ptr<NetworkNamespace>> Make();
  ~NetworkNamespace();
  NetworkNamespace(const NetworkNamespace&) = delete;
  NetworkNamespace& operator=(const NetworkNamespace&) = delete;

  const std::string& name() const { return name_; }
  std::string outer_address() const { return net_ + ".1"; }
  std::string inner_address() const { return net_ + ".2"; }

  // Nothing gets through any more, and nobody is told: connections stay open on both ends.
  absl::Status Cut();
  absl::Status Heal();

 private:
  NetworkNamespace();
  absl::Status Build();

  const std::string name_;
  const std::string outer_link_;
  const std::string inner_link_;
  const std::string net_;
};

}  // namespace graft
