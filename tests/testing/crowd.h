// A crowd: many idle connections of another process to one server.
#pragma once

#include <sys/types.h>

#include "absl/strings/string_view.h"

namespace graft {

// HTTP/2's preface and an empty SETTINGS frame, as a gRPC client begins.
inline constexpr absl::string_view kHttp2Greeting(
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);

// Each says `greeting`, and no more, until Leave(). All are made when the constructor returns.
class CrowdProcess {
 public:
  CrowdProcess(int port, int connections, absl::string_view greeting);
  ~CrowdProcess() { Leave(); }
  CrowdProcess(const CrowdProcess&) = delete;
  CrowdProcess& operator=(const CrowdProcess&) = delete;

  void Leave();

 private:
  pid_t pid_ = -1;
  int stop_ = -1;
};

}  // namespace graft
