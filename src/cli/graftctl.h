// graftctl from parsed flags to exit code. Result on `out`, errors on `err`.
#ifndef GRAFT_CLI_GRAFTCTL_H_
#define GRAFT_CLI_GRAFTCTL_H_

#include <ostream>

#include "cli/exit_code.h"
#include "cli/graftctl_flags.h"
#include "cli/operation_view.h"

namespace graft::cli {

ExitCode RunGraftctl(const GraftctlFlags& flags, const Screen& screen, std::ostream& out,
                     std::ostream& err);

// What standard output is.
Screen LookAtScreen();

}  // namespace graft::cli

#endif  // GRAFT_CLI_GRAFTCTL_H_
