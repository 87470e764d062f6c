// Reads the end of mysqld's error log. Pure functions.
#ifndef GRAFT_BASE_ERROR_LOG_H_
#define GRAFT_BASE_ERROR_LOG_H_

#include "absl/strings/string_view.h"
#include "graft/server_host.h"

namespace graft {

// `tail`: whole lines in the server's traditional format, the newest last. Goes by the messages'
// numbers, which do not depend on the server's language:
//   MY-010116 "starting as process"   MY-010931 "ready for connections"
//   MY-010910 "Shutdown complete"     MY-012532 "Applying a batch of … redo log records"
//   MY-012533 "10%"                   MY-012535 "Apply batch completed!"
StartupSigns ReadSigns(absl::string_view tail);

}  // namespace graft

#endif  // GRAFT_BASE_ERROR_LOG_H_
