// Whether an agent with --restore-with-clone clones at its start. Pure.
#ifndef GRAFT_PROVISION_OPERATION_START_DECISION_H_
#define GRAFT_PROVISION_OPERATION_START_DECISION_H_

#include <string>
#include <vector>

#include "graft/mysql_server.h"
#include "graft/operation.h"

namespace graft {

struct StartDecision {
  bool clone = false;
  std::string why;  // for the log
};

// Clones when, and only when, the server holds no data of its own and no earlier operation says
// otherwise: a restart never clones again. `history` is the journal's, newest first;
// all its operations have ended.
StartDecision DecideAtStart(const ServerFacts& server, const std::vector<Operation>& history);

}  // namespace graft

#endif  // GRAFT_PROVISION_OPERATION_START_DECISION_H_
