// ProvisionerService: the methods of graft.v1.Provisioner.
//
// Its arguments must outlive it. Safe for use from several threads; the server's end must come
// before its own.
#pragma once

#include <memory>

#include "graft/clock.h"
#include "graft/provisioning.h"

namespace grpc {
class Service;
}

namespace graft {

class ProvisionerService {
 public:
  virtual ~ProvisionerService() = default;

  // To be registered with a server.
  virtual grpc::Service& service() = 0;

  // Ends the calls that end when something happens, those still to come included, with UNAVAILABLE.
  virtual void EndOpenCalls() = 0;
};

std::unique_ptr<ProvisionerService> MakeProvisionerService(Provisioning& provisioning,
                                                           Clock& clock);

}  // namespace graft
