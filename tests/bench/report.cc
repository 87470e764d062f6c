#include "bench/report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/spread.h"

namespace graft {
namespace {

constexpr int kManyWatchers = 1000;
constexpr double kMostWatchersPercent = 5;
constexpr double kMostWatchersMb = 64;

std::vector<double> Seconds(const SettingTimes& times) {
  std::vector<double> seconds;
  seconds.reserve(times.runs.size());
  for (const SettingTimes::Run& run : times.runs) seconds.push_back(run.seconds);
  return seconds;
}

std::vector<double> FileCopySeconds(const SettingTimes& times) {
  std::vector<double> seconds;
  seconds.reserve(times.runs.size());
  for (const SettingTimes::Run& run : times.runs) seconds.push_back(run.file_copy_seconds);
  return seconds;
}

}  // namespace

std::vector<double> SettingTimes::Ratios(const SettingTimes& base) const {
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(runs.size(), base.runs.size()); ++i) {
    ratios.push_back(runs[i].seconds / base.runs[i].seconds);
  }
  return ratios;
}

std::string ToText(const IdleReport& report) {
  return absl::StrFormat(
      "- resident: %.1f MB, of which its own (anonymous) %.1f MB\n"
      "- processor: %.3f %% of one core over %.0f s (one tick: %.3f %%)\n"
      "- threads: %d\n",
      report.resident_mb, report.anonymous_mb, report.cpu_percent, report.seconds,
      report.cpu_tick_percent, report.threads);
}

std::string ToText(const std::vector<SettingTimes>& settings) {
  std::string text =
      "| settings | seconds: median (min to max) | times the first | FILE COPY, seconds |\n"
      "|---|---|---|---|\n";
  for (const SettingTimes& times : settings) {
    absl::StrAppendFormat(
        &text, "| %s | %s | %s | %s |\n", times.setting, SpreadText(Seconds(times), 2),
        SpreadText(times.Ratios(settings.front()), 2), SpreadText(FileCopySeconds(times), 2));
  }
  return text;
}

std::string ToText(const std::vector<WatchCost>& costs) {
  std::string text =
      "| watchers | agent, % of a core | MB resident | % of a core more | MB more | messages/s |\n"
      "|---|---|---|---|---|---|\n";
  for (const WatchCost& cost : costs) {
    absl::StrAppendFormat(&text, "| %d | %.2f | %.1f | %.2f | %.1f | %.0f |\n", cost.watchers,
                          cost.cpu_percent, cost.resident_mb,
                          cost.cpu_percent - costs.front().cpu_percent,
                          cost.resident_mb - costs.front().resident_mb, cost.messages_per_second);
  }
  return text;
}

std::vector<Target> TargetsOf(const std::vector<WatchCost>& costs) {
  std::vector<Target> targets;
  for (const WatchCost& cost : costs) {
    if (cost.watchers < kManyWatchers) continue;
    const std::string who = absl::StrCat(cost.watchers, " watchers, ");
    targets.push_back({who + "% of a core more", Target::Kind::kAtMost, kMostWatchersPercent,
                       cost.cpu_percent - costs.front().cpu_percent});
    targets.push_back({who + "MB more", Target::Kind::kAtMost, kMostWatchersMb,
                       cost.resident_mb - costs.front().resident_mb});
  }
  return targets;
}

std::string ToText(const std::vector<TopologyTimes>& times) {
  std::string text =
      "| tablets in etcd | in the shard | start to registered, s | resolve_donor, primary, s | "
      "resolve_donor, any, s |\n|---|---|---|---|---|\n";
  for (const TopologyTimes& row : times) {
    absl::StrAppendFormat(&text, "| %d | %d | %s | %s | %s |\n", row.tablets, row.shard_tablets,
                          SpreadText(row.register_seconds, 3), SpreadText(row.primary_seconds, 3),
                          SpreadText(row.any_seconds, 3));
  }
  return text;
}

}  // namespace graft
