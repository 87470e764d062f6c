// graftctl's manual page, but for what its flags say themselves.
#ifndef GRAFT_CLI_GRAFTCTL_MAN_H_
#define GRAFT_CLI_GRAFTCTL_MAN_H_

#include "command_line/man_page.h"

namespace graft::cli {

ManPageText GraftctlManText();

}  // namespace graft::cli

#endif  // GRAFT_CLI_GRAFTCTL_MAN_H_
