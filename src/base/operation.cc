#include "graft/operation.h"

#include <array>
#include <tuple>

#include "graft/tablet_state.h"

namespace graft {
namespace {
constexpr std::array<absl::string_view, kStepCount> kStepNames = {
    "resolve_donor", "preflight", "claim_donor", "fence",   "clone",  "await_restart",
    "verify",        "replicate", "catch_up",    "publish", "release"};
constexpr std::array<absl::string_view, 4> kOutcomeNames = {"running", "done", "failed",
                                                            "cancelled"};
constexpr std::array<absl::string_view, 4> kDataStateNames = {"INTACT", "PARTIAL", "EMPTY",
                                                              "CLONED"};
constexpr std::array<absl::string_view, 4> kCheckOutcomeNames = {"PASSED", "WARNING", "UNCHECKED",
                                                                 "FATAL"};
constexpr std::array<absl::string_view, 3> kCheckSideNames = {"recipient", "donor", "source"};
}  // namespace

absl::string_view StepName(Step step) {
  return kStepNames[static_cast<size_t>(step)];
}

std::optional<Step> ParseStep(absl::string_view name) {
  for (size_t i = 0; i < kStepNames.size(); ++i) {
    if (kStepNames[i] == name) return static_cast<Step>(i);
  }
  return std::nullopt;
}

absl::string_view OutcomeName(Outcome outcome) {
  return kOutcomeNames[static_cast<size_t>(outcome)];
}

absl::string_view DataStateName(DataState state) {
  return kDataStateNames[static_cast<size_t>(state)];
}

absl::string_view CheckOutcomeName(CheckOutcome outcome) {
  return kCheckOutcomeNames[static_cast<size_t>(outcome)];
}

absl::string_view CheckSideName(CheckSide side) {
  return kCheckSideNames[static_cast<size_t>(side)];
}

bool IsOlder(const TabletState& a, const TabletState& b) {
  const auto order = [](const TabletState& state) {
    const Operation& operation = state.operation;
    return std::make_tuple(state.sequence, operation.outcome == Outcome::kRunning,
                           operation.requested, operation.request.id);
  };
  return order(a) < order(b);
}

CloneSettings WithDefaults(CloneSettings settings, const CloneSettings& defaults) {
  const auto fill = [](auto& value, const auto& from) {
    if (!value.has_value()) value = from;
  };
  fill(settings.max_data_bandwidth_mib, defaults.max_data_bandwidth_mib);
  fill(settings.max_network_bandwidth_mib, defaults.max_network_bandwidth_mib);
  fill(settings.max_concurrency, defaults.max_concurrency);
  fill(settings.compression, defaults.compression);
  fill(settings.block_ddl, defaults.block_ddl);
  return settings;
}

}  // namespace graft
