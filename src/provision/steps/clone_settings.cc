#include "provision/steps/clone_settings.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {
namespace {

VariableChange Set(absl::string_view name, absl::string_view value) {
  return {VariableChange::How::kGlobal, std::string(name), std::string(value)};
}

// A request's settings as MySQL's variables.
std::vector<VariableChange> SettingChanges(const CloneSettings& settings) {
  std::vector<VariableChange> changes;
  const auto number = [&changes](const char* name, const auto& value) {
    if (value.has_value()) changes.push_back(Set(name, absl::StrCat(*value)));
  };
  const auto flag = [&changes](const char* name, const std::optional<bool>& value) {
    if (value.has_value()) changes.push_back(Set(name, *value ? "ON" : "OFF"));
  };
  number("clone_max_data_bandwidth", settings.max_data_bandwidth_mib);
  number("clone_max_network_bandwidth", settings.max_network_bandwidth_mib);
  number("clone_max_concurrency", settings.max_concurrency);
  flag("clone_enable_compression", settings.compression);
  flag("clone_block_ddl", settings.block_ddl);
  return changes;
}

bool IsNoted(const std::vector<FenceRecord::Persisted>& noted, const std::string& name) {
  return std::any_of(noted.begin(), noted.end(),
                     [&name](const FenceRecord::Persisted& known) { return known.name == name; });
}

}  // namespace

absl::Status ApplyCloneSettings(StepContext& context, const CloneSettings& settings) {
  const std::vector<VariableChange> changes = SettingChanges(settings);
  std::vector<FenceRecord::Persisted>& noted = context.state.fence.clone_settings;
  for (const VariableChange& change : changes) {
    if (IsNoted(noted, change.name)) continue;
    GRAFT_ASSIGN_OR_RETURN(const std::vector<Variable> before,
                           context.recipient().ReadVariables({change.name}));
    noted.push_back({change.name, before.front().value, before.front().persisted});
  }
  if (changes.empty()) return absl::OkStatus();
  GRAFT_RETURN_IF_ERROR(context.Save());
  return context.recipient().SetVariables(changes);
}

}  // namespace graft
