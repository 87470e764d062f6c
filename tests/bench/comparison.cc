#include "bench/comparison.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "bench/spread.h"

namespace graft {
namespace {

// A size counts as 1 GB or 4 GB from here on: tables come out a little smaller than asked for.
constexpr double kNearly = 0.9;
constexpr double kMostOverhead = 1.05;
constexpr double kLeastGain = 10;

std::string SizeText(int64_t bytes) {
  const auto megabytes = static_cast<double>(bytes) / 1e6;
  return megabytes < 1000 ? absl::StrFormat("%.0f MB", megabytes)
                          : absl::StrFormat("%.2f GB", megabytes / 1000);
}

std::string Row(const Comparison& comparison, const WayTimes& times) {
  const std::vector<double> seconds = times.Measured();
  if (seconds.empty()) {
    return absl::StrFormat("| %-20s | not measured: %s | | | |\n", times.way, times.not_measured);
  }
  const double median = SpreadOf(seconds).median;
  const std::string ratio =
      times.way == kGraft ? "1" : SpreadText(comparison.Ratios(times.way, kGraft), 2);
  const double speed = static_cast<double>(comparison.size_bytes) / 1e6 / median;
  if (times.given_up) {
    return absl::StrFormat("| %-20s | given up after %s | more than %s | below %.0f | %d |\n",
                           times.way, SpreadText(seconds, 0), ratio, std::ceil(speed),
                           seconds.size());
  }
  return absl::StrFormat("| %-20s | %s | %s | %.0f | %d |\n", times.way, SpreadText(seconds, 2),
                         ratio, speed, seconds.size());
}

std::vector<double> ProcessorPercent(const std::vector<AgentCost>& costs) {
  std::vector<double> percent;
  percent.reserve(costs.size());
  for (const AgentCost& cost : costs) {
    percent.push_back(cost.processor_percent());
  }
  return percent;
}

std::vector<double> PeaksMb(const std::vector<AgentCost>& costs) {
  std::vector<double> peaks;
  peaks.reserve(costs.size());
  for (const AgentCost& cost : costs) peaks.push_back(cost.peak_resident_mb);
  return peaks;
}

// The medians of the parts that one can see in the whole.
std::string PartsText(const std::vector<PartTimes>& parts) {
  constexpr double kLeastSeconds = 0.02;
  std::vector<std::string> texts;
  for (const PartTimes& part : parts) {
    const double median = SpreadOf(part.seconds).median;
    if (median >= kLeastSeconds) texts.push_back(absl::StrFormat("%s %.2f", part.part, median));
  }
  return absl::StrJoin(texts, ", ");
}

void AddTarget(const Comparison& comparison, const std::string& way, const std::string& base,
               Target target, std::vector<Target>& targets) {
  const std::vector<double> ratios = comparison.Ratios(way, base);
  if (ratios.empty()) return;
  target.figure = SpreadOf(ratios).median;
  target.what = absl::StrCat(SizeText(comparison.size_bytes), ", ", way, " over ", base);
  targets.push_back(std::move(target));
}

}  // namespace

std::vector<double> WayTimes::Measured() const {
  std::vector<double> values;
  for (const std::optional<double>& value : seconds) {
    if (value.has_value()) values.push_back(*value);
  }
  return values;
}

const WayTimes* Comparison::Find(const std::string& way) const {
  const auto found = std::find_if(ways.begin(), ways.end(),
                                  [&way](const WayTimes& times) { return times.way == way; });
  return found == ways.end() ? nullptr : &*found;
}

void Comparison::AddPart(const std::string& part, double seconds) {
  const auto found = std::find_if(parts.begin(), parts.end(),
                                  [&part](const PartTimes& times) { return times.part == part; });
  if (found == parts.end()) {
    parts.push_back({part, {seconds}});
  } else {
    found->seconds.push_back(seconds);
  }
}

std::vector<double> Comparison::Ratios(const std::string& way, const std::string& base) const {
  const WayTimes* above = Find(way);
  const WayTimes* below = Find(base);
  std::vector<double> ratios;
  if (above == nullptr || below == nullptr) return ratios;
  for (size_t i = 0; i < std::min(above->seconds.size(), below->seconds.size()); ++i) {
    if (above->seconds[i].has_value() && below->seconds[i].has_value()) {
      ratios.push_back(*above->seconds[i] / *below->seconds[i]);
    }
  }
  return ratios;
}

std::vector<size_t> RoundOrder(const std::vector<bool>& slow, int round, bool with_slow) {
  std::vector<size_t> order;
  for (const bool wanted : {false, true}) {
    if (wanted && !with_slow) break;
    std::vector<size_t> group;
    for (size_t i = 0; i < slow.size(); ++i) {
      if (slow[i] == wanted) group.push_back(i);
    }
    if (group.empty()) continue;
    const auto first = static_cast<std::ptrdiff_t>(static_cast<size_t>(round) % group.size());
    std::rotate(group.begin(), group.begin() + first, group.end());
    order.insert(order.end(), group.begin(), group.end());
  }
  return order;
}

std::string ToText(const Comparison& comparison) {
  std::string text = absl::StrFormat(
      "%s, %d rows, three secondary indexes\n\n"
      "| way | seconds: median (min to max) | times graft's | MB/s | rounds |\n"
      "|---|---|---|---|---|\n",
      SizeText(comparison.size_bytes), comparison.rows);
  for (const WayTimes& times : comparison.ways) text += Row(comparison, times);
  const std::vector<double> overhead = comparison.Ratios(kGraft, kByHand);
  if (!overhead.empty()) {
    absl::StrAppend(&text, "\ngraft over by hand: ", SpreadText(overhead, 3), "\n");
  }
  if (!comparison.parts.empty()) {
    absl::StrAppend(&text, "\nwhere graft's time goes, in seconds: ", PartsText(comparison.parts),
                    "\n");
  }
  if (!comparison.agent.empty()) {
    absl::StrAppend(
        &text, "\nthe agent meanwhile: ", SpreadText(ProcessorPercent(comparison.agent), 2),
        " % of a core, at most ", SpreadText(PeaksMb(comparison.agent), 1), " MB resident\n");
  }
  return text;
}

std::vector<Target> TargetsOf(const Comparison& comparison) {
  std::vector<Target> targets;
  const auto size = static_cast<double>(comparison.size_bytes);
  if (size >= kNearly * kGigabyte) {
    AddTarget(comparison, kGraft, kByHand, {"", Target::Kind::kAtMost, kMostOverhead, 0}, targets);
  }
  if (size >= kNearly * 4 * kGigabyte) {
    const Target gain{"", Target::Kind::kAtLeast, kLeastGain, 0};
    AddTarget(comparison, kMysqldump, kGraft, gain, targets);
    AddTarget(comparison, kMydumper, kGraft, gain, targets);
  }
  return targets;
}

}  // namespace graft
