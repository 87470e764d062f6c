#include "agent/hold_observer.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
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
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
  const std::optional<Step> step = ParseStep(parts.first);
  if (!step.has_value() || parts.second.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is no <step>=<file>, e.g. clone=/run/hold"));
  }
  return HoldOptions{*step, parts.second};
}

void HoldObserver::OnStep(const Operation& operation) {
  if (options_.file.empty() || operation.step != options_.step || !Exists(options_.file)) return;
  WriteFile(absl::StrCat(options_.file, ".reached"), operation.request.id).IgnoreError();
  while (Exists(options_.file) && stop_.WaitFor(clock_, kLookEvery) != WaitEnd::kCancelled) {
  }
}

}  // namespace graft
