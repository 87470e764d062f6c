// ShownPercent: keeps the highest percentage that anybody was shown of the running operation, so
// that the next process of the agent does not show less, before it has asked the server itself.
//
// An observer, to be the first one told: what the others show is kept then. The file survives the
// agent's death; that of the machine need not be survived, for nobody watches over it. For the
// operation's thread alone.
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

  // Gives the newest of `states`, if it has not ended, what the process before had shown of it.
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

#endif  // GRAFT_AGENT_SHOWN_PERCENT_H_
