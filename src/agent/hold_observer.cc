#include "agent/hold_observer.h"

#include <filesystem>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/files.h"

namespace graft {
namespace {

constexpr absl::Duration kLookEvery = absl::Milliseconds(10);

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace

absl::StatusOr<HoldOptions> ParseHold(absl::string_view text) {
  const size_t equals = text.find('=');
  const std::optional<Step> step = ParseStep(text.substr(0, equals));
  if (equals == absl::string_view::npos || !step.has_value() || equals + 1 == text.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is no <step>=<file>, e.g. clone=/run/hold"));
  }
  return HoldOptions{*step, std::string(text.substr(equals + 1))};
}

void HoldObserver::OnStep(const Operation& operation) {
  if (options_.file.empty() || operation.step != options_.step || !Exists(options_.file)) return;
  WriteFile(absl::StrCat(options_.file, ".reached"), operation.request.id).IgnoreError();
  while (Exists(options_.file) && stop_.WaitFor(clock_, kLookEvery) != WaitEnd::kCancelled) {
  }
}

}  // namespace graft
