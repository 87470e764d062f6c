// ShownPercent: keeps the highest percentage that anybody was shown of the running operation, so
// that the next process of the agent does not show less, before it has asked the server itself.
//
// An observer, which must come first: it keeps a percentage before the others show it. The file
// survives the agent's death. It need not survive the machine's death, because no watch does. Only
// for the operation's thread.
#ifndef GRAFT_AGENT_SHOWN_PERCENT_H_
#define GRAFT_AGENT_SHOWN_PERCENT_H_

#include <string>
#include <vector>

#include "graft/observer.h"
#include "graft/tablet_state.h"

namespace graft {

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
  std::string kept_;  // the content of the file
};

}  // namespace graft

#endif  // GRAFT_AGENT_SHOWN_PERCENT_H_
