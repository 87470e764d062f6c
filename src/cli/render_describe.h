// All that is known of one operation, as lines of text. Pure functions.
#ifndef GRAFT_CLI_RENDER_DESCRIBE_H_
#define GRAFT_CLI_RENDER_DESCRIBE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "graft/v1/operation.pb.h"

namespace graft::cli {

// What was asked for, each step with its times and its share of the whole, the clone's stages with
// their bytes, how far it is, what happened on the way, what was proved, and the error with where
// to read about it. Nothing is cut.
std::vector<std::string> RenderDescription(const v1::Operation& operation, absl::Time now);

}  // namespace graft::cli

#endif  // GRAFT_CLI_RENDER_DESCRIBE_H_
