#include "bench/full_report.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/json.h"
#include "bench/spread.h"

namespace graft {
namespace {

constexpr double kGigabyte = 1e9;
constexpr double kMostIdleMb = 30;
constexpr double kMostIdlePercent = 0.2;

// As a factor, so that 256 MB is further away than 1.2 GB.
double DistanceFromGigabyte(const Comparison& comparison) {
  return std::abs(std::log(static_cast<double>(comparison.size_bytes) / kGigabyte));
}

const Comparison* NearestToGigabyte(const std::vector<Comparison>& sizes) {
  const auto nearest =
      std::min_element(sizes.begin(), sizes.end(), [](const Comparison& a, const Comparison& b) {
        return DistanceFromGigabyte(a) < DistanceFromGigabyte(b);
      });
  return nearest == sizes.end() ? nullptr : &*nearest;
}

std::string MeasuredJson(const Comparison& comparison, const std::string& way) {
  const WayTimes* times = comparison.Find(way);
  return JsonNumbers(times == nullptr ? std::vector<double>() : times->Measured());
}

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

std::string ToJson(const FullReport& report) {
  JsonObject json;
  if (const Comparison* nearest = NearestToGigabyte(report.sizes); nearest != nullptr) {
    json.Raw("overhead_ratio", SpreadJson(nearest->Ratios(kGraft, kByHand)))
        .Raw("graft_seconds", MeasuredJson(*nearest, kGraft))
        .Raw("by_hand_seconds", MeasuredJson(*nearest, kByHand))
        .Integer("size_bytes", nearest->size_bytes);
  }
  json.Text("mysql_version", report.mysql_version)
      .Text("buffer_pool", report.buffer_pool)
      .Number("load_average", report.load_average)
      .Integer("settings_bytes", report.settings_bytes);
  std::vector<std::string> sizes;
  sizes.reserve(report.sizes.size());
  for (const Comparison& size : report.sizes) sizes.push_back(ToJson(size));
  if (!sizes.empty()) json.Raw("sizes", JsonArray(sizes));
  if (!report.settings.empty()) json.Raw("settings", ToJson(report.settings));
  if (!report.watchers.empty()) json.Raw("watchers", ToJson(report.watchers));
  if (!report.topology.empty()) json.Raw("topology", ToJson(report.topology));
  if (report.idle.has_value()) json.Raw("idle", ToJson(*report.idle));
  return json.Raw("targets", ToJson(TargetsOf(report))).ToString() + "\n";
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
