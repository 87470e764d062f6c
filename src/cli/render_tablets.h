// Tablets as the topology has them, as lines of text. Pure functions.
#ifndef GRAFT_CLI_RENDER_TABLETS_H_
#define GRAFT_CLI_RENDER_TABLETS_H_

#include <string>
#include <vector>

#include "graft/tablet.h"

namespace graft::cli {

std::vector<std::string> RenderTablets(const std::vector<Tablet>& tablets);

// One line of JSON, as Vitess's own tools print the record.
std::string TabletJson(const Tablet& tablet);

}  // namespace graft::cli

#endif  // GRAFT_CLI_RENDER_TABLETS_H_
