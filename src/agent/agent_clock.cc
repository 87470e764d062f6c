#include "agent/agent_clock.h"

#include "base/clocks.h"
#include "base/files.h"

namespace graft {

std::unique_ptr<Clock> OpenAgentClock(const std::string& state_dir, bool go_on) {
  const std::string path = state_dir + "/clock";
  const ClockAnchor now = AnchorNow();
  if (go_on) {
    const auto text = ReadFile(path);
    const auto kept = text.ok() ? ClockAnchorFromText(*text) : text.status();
    if (kept.ok() && SameBoot(*kept, now)) return MakeRealClock(*kept);
  }
  ReplaceFile(path, ToText(now)).IgnoreError();
  return MakeRealClock(now);
}

}  // namespace graft
