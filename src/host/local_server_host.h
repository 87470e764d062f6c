// LocalServerHost: ServerHost on this machine's files and processes.
#ifndef GRAFT_HOST_LOCAL_SERVER_HOST_H_
#define GRAFT_HOST_LOCAL_SERVER_HOST_H_

#include <memory>
#include <string>

#include "graft/server_host.h"

namespace graft {

// `proc` is where the kernel shows its processes.
std::unique_ptr<ServerHost> MakeLocalServerHost(std::string proc = "/proc");

}  // namespace graft

#endif  // GRAFT_HOST_LOCAL_SERVER_HOST_H_
