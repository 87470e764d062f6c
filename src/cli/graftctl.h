// graftctl from parsed flags to exit code. Result on `out`, errors on `err`.
#ifndef GRAFT_CLI_GRAFTCTL_H_
#define GRAFT_CLI_GRAFTCTL_H_

#include <ostream>

#include "cli/exit_code.h"
#include "cli/graftctl_flags.h"
#include "cli/screen.h"

namespace graft::cli {

// Watching, it takes over the process's SIGINT, SIGTERM and SIGWINCH for as long as that lasts.
ExitCode RunGraftctl(const GraftctlFlags& flags, const Screen& screen, std::ostream& out,
                     std::ostream& err);

}  // namespace graft::cli

#endif  // GRAFT_CLI_GRAFTCTL_H_
