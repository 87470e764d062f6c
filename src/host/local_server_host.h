// LocalServerHost: ServerHost on this machine's files and processes.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "graft/server_host.h"

namespace graft {

// `proc` is where the kernel shows its processes.
std::unique_ptr<ServerHost> MakeLocalServerHost(std::string proc = "/proc");

// What the end of a mysqld's error log tells.
// `tail`: whole lines in the server's traditional format, the newest last. Goes by the messages'
// numbers, which do not depend on the server's language:
//   MY-010116 "starting as process"   MY-010931 "ready for connections"
//   MY-010910 "Shutdown complete"     MY-012532 "Applying a batch of … redo log records"
//   MY-012533 "10%"                   MY-012535 "Apply batch completed!"
// and by graft-mysqld's own line, which says how mysqld ended.
StartupSigns ReadSigns(absl::string_view tail);

}  // namespace graft
