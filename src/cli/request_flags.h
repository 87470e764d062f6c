// The flags of a request, which several commands of graftctl have.
#pragma once

#include "cli/graftctl.h"

namespace CLI {
class App;
}

namespace graft::cli {

// Whom to copy, whom to follow, and what to take upon oneself: of reprovision and preflight.
void AddRequestFlags(CLI::App& command, GraftctlFlags& flags);
void AddBandwidthFlags(CLI::App& command, GraftctlFlags& flags);
// With those of bandwidth.
void AddSettingsFlags(CLI::App& command, GraftctlFlags& flags);

}  // namespace graft::cli
