// The MySQL port on Connector/C++: one mysqld over its socket or TCP.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "graft/clock.h"
#include "graft/mysql_server.h"
#include "graft/secret.h"
#include "graft/tablet.h"

namespace graft {

struct ConnectionOptions {
  std::string socket;  // wins over the address
  HostPort address;
  std::string user;
  Secret password;
  // For TCP. Without it the link is in clear text; the password never is.
  bool require_ssl = false;
  std::string ssl_ca;  // file; not empty: TLS is required, and the server's certificate verified
  // Whole seconds, at least one each.
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration read_timeout = absl::Seconds(10);  // of every statement but CLONE
  // false: every call connects anew. A session that is open when mysqld shuts down costs it 2 s
  // ("Give threads time to die" in its close_connections), however idle the session is.
  bool keep_session = true;
  // Attributes of the connections beside the client library's own, shown in
  // performance_schema.session_connect_attrs.
  std::map<std::string, std::string> attributes;
};

// Never blocks; connects when first needed. `clock` must outlive the server. The server must not be
// destroyed from within an `on_end` of its StartClone; that callback may come before StartClone has
// returned. A CLONE that is abandoned leaves behind a thread, blocked until its statement ends.
std::unique_ptr<MysqlServer> MakeConnectorServer(Clock& clock, ConnectionOptions options);

}  // namespace graft
