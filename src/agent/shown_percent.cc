#include "agent/shown_percent.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/files.h"

namespace graft {
namespace {

// "<operation> <attempt> ": what the percentage after it is of.
std::string Of(const Operation& operation) {
  return absl::StrCat(operation.request.id, " ", operation.attempt, " ");
}

}  // namespace

void ShownPercent::Restore(std::vector<TabletState>& states) const {
  if (states.empty() || states.back().operation.outcome != Outcome::kRunning) return;
  Operation& operation = states.back().operation;
  const auto text = ReadFile(path_);
  if (!text.ok()) return;
  absl::string_view rest = *text;
  double percent = 0;
  if (!absl::ConsumePrefix(&rest, Of(operation)) || !absl::SimpleAtod(rest, &percent)) return;
  if (!(percent >= 0 && percent < 100)) return;
  operation.progress.percent = std::max(operation.progress.percent, percent);
}

void ShownPercent::Keep(const Operation& operation) {
  const std::string text = absl::StrFormat("%s%.17g", Of(operation), operation.progress.percent);
  if (text == kept_) return;
  if (ReplaceFile(path_, text, /*durable=*/false).ok()) kept_ = text;
}

}  // namespace graft
