#include "graft/clone_report.h"

#include <array>

namespace graft {
namespace {
constexpr std::array<absl::string_view, kCloneStageCount> kStageNames = {
    "DROP DATA", "FILE COPY", "PAGE COPY", "REDO COPY", "FILE SYNC", "RESTART", "RECOVERY"};
constexpr std::array<absl::string_view, 4> kStateNames = {"Not Started", "In Progress", "Completed",
                                                          "Failed"};

template <typename Enum, size_t n>
std::optional<Enum> Find(const std::array<absl::string_view, n>& names, absl::string_view name) {
  for (size_t i = 0; i < n; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}
}  // namespace

absl::string_view CloneStageName(CloneStage stage) {
  return kStageNames[static_cast<size_t>(stage)];
}
absl::string_view CloneStateName(CloneState state) {
  return kStateNames[static_cast<size_t>(state)];
}
std::optional<CloneStage> ParseCloneStage(absl::string_view name) {
  return Find<CloneStage>(kStageNames, name);
}
std::optional<CloneState> ParseCloneState(absl::string_view name) {
  return Find<CloneState>(kStateNames, name);
}

}  // namespace graft
