// Sockets that listen for connections, for every server of graft. No state.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/files.h"

namespace graft {

// "host:port", "[::1]:port"; with an empty host "[::]:port".
std::string AddressText(absl::string_view host, int port);

// One socket for each address of `bind_address`, all on the same port; at least one. "127.0.0.1",
// "::1", "[::1]", a host's name; "::" and empty: every address, IPv4 as well as IPv6. Port 0: any
// free one. The kernel holds a connection back until the client has sent something, or ten seconds
// are over (TCP_DEFER_ACCEPT). INVALID_ARGUMENT: no such port or host. UNAVAILABLE: the port is
// taken, or the address is not this machine's; the text names `port_flag`.
absl::StatusOr<std::vector<Fd>> ListenOn(const std::string& bind_address, int port,
                                         absl::string_view port_flag);

// The port of a socket's own end.
int PortOf(const Fd& socket);

}  // namespace graft
