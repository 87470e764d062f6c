// The agent's state directory: the files that outlive a graftd, and the lock that names its owner.
#ifndef GRAFT_AGENT_STATE_DIR_H_
#define GRAFT_AGENT_STATE_DIR_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/directory_lock.h"

namespace graft {

// Makes it if it is missing and takes it: to be done before anything in it is touched, since it may
// be another agent's. FAILED_PRECONDITION: it cannot be made, or STATE_DIR_HELD.
absl::StatusOr<std::unique_ptr<DirectoryLock>> OpenStateDir(const std::string& state_dir);

}  // namespace graft

#endif  // GRAFT_AGENT_STATE_DIR_H_
