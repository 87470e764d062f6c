// States of an agent as its status page may have to show them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "http/status_facts.h"

namespace graft {

// In the middle of FILE COPY, with a long history, two neighbours and a preflight.
StatusFacts RunningScene(absl::Time now);
// The last operation failed and has emptied the tablet.
StatusFacts FailedScene(absl::Time now);
// A healthy replica that has never been rebuilt.
StatusFacts IdleScene(absl::Time now);
// Just started: nothing has been read from anywhere.
StatusFacts StartingScene(absl::Time now);
// The running one with markup in every text that comes from outside.
StatusFacts HostileScene(absl::Time now);

// By name: "running", "failed", "idle", "starting", "hostile".
StatusFacts SceneByName(absl::string_view name, absl::Time now);

// Markup that would run if it were not escaped, wherever it is put.
inline constexpr char kHostileText[] =
    "</script><script>document.title='pwned'</script>\"><img src=x onerror=alert(1)>'";

}  // namespace graft
