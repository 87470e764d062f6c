// The part of CheckFlags that is about cloning and repair. Used by check_flags.cc alone.
#ifndef GRAFT_AGENT_CHECK_CLONE_FLAGS_H_
#define GRAFT_AGENT_CHECK_CLONE_FLAGS_H_

#include "agent/faults.h"
#include "agent/options.h"

namespace graft {

void CheckCloneFlags(const AgentFlags& flags, AgentOptions& options, Faults& faults);
void CheckRepairFlags(const AgentFlags& flags, AgentOptions& options, Faults& faults);

}  // namespace graft

#endif  // GRAFT_AGENT_CHECK_CLONE_FLAGS_H_
