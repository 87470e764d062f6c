#include "bench/full_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace graft {
namespace {

constexpr double kMostIdleMb = 30;
constexpr double kMostIdlePercent = 0.2;

void AddSection(const std::string& title, const std::string& body, std::string& text) {
  absl::StrAppend(&text, text.empty() ? "" : "\n", "## ", title, "\n\n", body);
}

}  // namespace

std::string ToText(const FullReport& report) {
  std::string text;
  for (const Comparison& size : report.sizes) AddSection("Rebuilding", ToText(size), text);
  const std::string at = absl::StrFormat(" (%d MB)", report.settings_bytes / 1000000);
  if (!report.settings.empty()) AddSection("CLONE's settings" + at, ToText(report.settings), text);
  if (!report.watchers.empty()) AddSection("Watchers" + at, ToText(report.watchers), text);
  if (!report.topology.empty()) AddSection("Tablets in etcd", ToText(report.topology), text);
  if (report.idle.has_value()) AddSection("An idle agent", ToText(*report.idle), text);
  const std::vector<Target> targets = TargetsOf(report);
  if (!targets.empty()) AddSection("Targets", ToText(targets), text);
  return text;
}

std::vector<Target> TargetsOf(const FullReport& report) {
  std::vector<Target> targets;
  const auto add = [&targets](const std::vector<Target>& more) {
    targets.insert(targets.end(), more.begin(), more.end());
  };
  for (const Comparison& size : report.sizes) add(TargetsOf(size));
  add(TargetsOf(report.watchers));
  if (report.idle.has_value()) {
    add({{"an idle agent, MB resident", Target::Kind::kAtMost, kMostIdleMb,
          report.idle->resident_mb},
         {"an idle agent, % of a core", Target::Kind::kAtMost, kMostIdlePercent,
          report.idle->cpu_percent}});
  }
  return targets;
}

}  // namespace graft
