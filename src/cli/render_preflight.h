// A preflight's report as lines of text. Pure functions.
#ifndef GRAFT_CLI_RENDER_PREFLIGHT_H_
#define GRAFT_CLI_RENDER_PREFLIGHT_H_

#include <string>
#include <vector>

#include "graft/v1/preflight.pb.h"

namespace graft::cli {

// Each check as a row of a table, what to do about those that did not pass, and whether CLONE
// `may_be_tried`.
std::vector<std::string> RenderPreflight(const v1::PreflightReport& report, bool may_be_tried);

// "FATAL", "donor"; for what a newer agent may say: "UNKNOWN", "unknown".
std::string CheckOutcomeWord(v1::CheckOutcome outcome);
std::string CheckSideWord(v1::CheckSide side);

}  // namespace graft::cli

#endif  // GRAFT_CLI_RENDER_PREFLIGHT_H_
