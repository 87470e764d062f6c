// A running operation as lines for a terminal: how far it is, what it waits for, each phase, and
// what happened on the way. Pure functions.
#ifndef GRAFT_CLI_RENDER_LIVE_H_
#define GRAFT_CLI_RENDER_LIVE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/styled.h"
#include "graft/v1/operation.pb.h"

namespace graft::cli {

struct Layout {
  int columns = 0;  // below 1: as wide as it gets
  int rows = 0;     // below 1: as long as it gets
  bool utf8 = false;
};

// Right at any size: with less room it says less, how far it is last of all. `now` is the agent's
// present; `notices` are what the watcher itself has to say.
std::vector<Line> RenderLive(const v1::Operation& operation, absl::Time now, const Layout& layout,
                             const std::vector<std::string>& notices = {});

}  // namespace graft::cli

#endif  // GRAFT_CLI_RENDER_LIVE_H_
