#include "graft/progress.h"

namespace graft {

absl::string_view PhaseName(Phase phase) {
  if (phase == Phase::kPrepare) return "PREPARE";
  if (phase == Phase::kFinish) return "FINISH";
  return CloneStageName(static_cast<CloneStage>(static_cast<int>(phase) - 1));
}

std::optional<Phase> ParsePhase(absl::string_view name) {
  for (int i = 0; i < kPhaseCount; ++i) {
    if (PhaseName(static_cast<Phase>(i)) == name) return static_cast<Phase>(i);
  }
  return std::nullopt;
}

}  // namespace graft
