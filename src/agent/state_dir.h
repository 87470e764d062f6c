// The agent's state directory: what outlives a graftd, and whose it is. The journal in it has its
// own folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/files.h"
#include "graft/clock.h"
#include "graft/operation.h"
#include "graft/tablet_state.h"

namespace graft {

// Makes it if it is missing and takes it: to be done before anything in it is touched, since it may
// be another agent's. Its file "lock" names the agent that holds it: process id, host and time.
// FAILED_PRECONDITION: it cannot be made, or STATE_DIR_HELD; the text names the other agent.
// UNAVAILABLE: the file cannot be used.
absl::StatusOr<FileLock> OpenStateDir(const std::string& state_dir);

// The agent's clock, which outlives the agent: see base/clocks.h. With `go_on`, the clock of
// the process that kept its anchor in `state_dir` before, if the machine has not been started anew
// since; else a clock that begins with the wall clock, whose anchor is kept there. A folder that
// cannot be read or written costs no more than that.
std::unique_ptr<Clock> OpenAgentClock(const std::string& state_dir, bool go_on);

// Keeps the highest percentage that anybody was shown of the running operation, so that the next
// process of the agent does not show less, before it has asked the server itself.
//
// An observer, which must come first: it keeps a percentage before the others show it. The file
// survives the agent's death. It need not survive the machine's death, because no watch does. Only
// for the operation's thread.
class ShownPercent : public Observer {
 public:
  explicit ShownPercent(const std::string& state_dir) : path_(state_dir + "/percent") {}

  // If the newest of `states` has not ended, sets the percentage that the earlier process had
  // shown.
  void Restore(std::vector<TabletState>& states) const;

  void OnStep(const Operation& operation) override { Keep(operation); }
  void OnProgress(const Operation& operation) override { Keep(operation); }
  void OnEnd(const Operation& /*operation*/) override {}  // the journal has it

 private:
  void Keep(const Operation& operation);

  const std::string path_;
  std::string kept_;  // what the file holds
};

}  // namespace graft
