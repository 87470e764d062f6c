// graftd's manual page, but for what its flags say themselves.
#ifndef GRAFT_AGENT_GRAFTD_MAN_H_
#define GRAFT_AGENT_GRAFTD_MAN_H_

#include "command_line/man_page.h"

namespace graft {

extern const char kGraftdExitCodes[];  // also at the end of --help

ManPageText GraftdManText();

}  // namespace graft

#endif  // GRAFT_AGENT_GRAFTD_MAN_H_
