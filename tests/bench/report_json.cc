#include "bench/report_json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "bench/spread.h"

namespace graft {
namespace {

using Json = nlohmann::ordered_json;

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

double Figure(double value) {
  return std::round(value * 1e4) / 1e4;
}

// The JSON of each element, by `make`.
template <typename Element, typename Make>
Json Each(const std::vector<Element>& elements, const Make& make) {
  Json array = Json::array();
  for (const Element& element : elements) array.push_back(make(element));
  return array;
}

// What `value` makes of each element, with its spread; null of none.
template <typename Element, typename Value>
Json SpreadJson(const std::vector<Element>& elements, const Value& value) {
  if (elements.empty()) return nullptr;
  std::vector<double> values;
  values.reserve(elements.size());
  for (const Element& element : elements) values.push_back(value(element));
  const Spread spread = SpreadOf(values);
  return {{"median", Figure(spread.median)},
          {"min", Figure(spread.min)},
          {"max", Figure(spread.max)},
          {"runs", Each(values, Figure)}};
}

Json SpreadJson(const std::vector<double>& values) {
  return SpreadJson(values, [](double value) { return value; });
}

Json WayJson(const Comparison& comparison, const WayTimes& times) {
  return {{"way", times.way},
          {"seconds", SpreadJson(times.Measured())},
          {"times_graft", SpreadJson(comparison.Ratios(times.way, kGraft))},
          {"not_measured", times.not_measured},
          {"given_up", times.given_up}};
}

Json ComparisonJson(const Comparison& comparison) {
  Json parts = Json::object();
  for (const PartTimes& part : comparison.parts) parts[part.part] = SpreadJson(part.seconds);
  const auto way = [&](const WayTimes& times) { return WayJson(comparison, times); };
  return {{"size_bytes", comparison.size_bytes},
          {"rows", comparison.rows},
          {"ways", Each(comparison.ways, way)},
          {"overhead_ratio", SpreadJson(comparison.Ratios(kGraft, kByHand))},
          {"graft_parts", parts},
          {"agent_processor_percent",
           SpreadJson(comparison.agent,
                      [](const AgentCost& cost) { return cost.processor_percent(); })},
          {"agent_peak_resident_mb", SpreadJson(comparison.agent, [](const AgentCost& cost) {
             return cost.peak_resident_mb;
           })}};
}

Json SettingsJson(const std::vector<SettingTimes>& settings) {
  using Run = SettingTimes::Run;
  return Each(settings, [&](const SettingTimes& times) -> Json {
    return {{"settings", times.setting},
            {"seconds", SpreadJson(times.runs, [](const Run& run) { return run.seconds; })},
            {"times_first", SpreadJson(times.Ratios(settings.front()))},
            {"file_copy_seconds",
             SpreadJson(times.runs, [](const Run& run) { return run.file_copy_seconds; })}};
  });
}

Json WatchersJson(const WatchCost& cost) {
  return {{"watchers", cost.watchers},
          {"cpu_percent", Figure(cost.cpu_percent)},
          {"resident_mb", Figure(cost.resident_mb)},
          {"messages_per_second", Figure(cost.messages_per_second)}};
}

Json TopologyJson(const TopologyTimes& times) {
  return {{"tablets", times.tablets},
          {"shard_tablets", times.shard_tablets},
          {"register_seconds", SpreadJson(times.register_seconds)},
          {"resolve_primary_seconds", SpreadJson(times.primary_seconds)},
          {"resolve_any_seconds", SpreadJson(times.any_seconds)}};
}

Json IdleJson(const IdleReport& report) {
  return {{"resident_mb", Figure(report.resident_mb)},
          {"anonymous_mb", Figure(report.anonymous_mb)},
          {"cpu_percent", Figure(report.cpu_percent)},
          {"seconds", Figure(report.seconds)},
          {"threads", report.threads}};
}

Json TargetJson(const Target& target) {
  return {{"what", target.what},
          {"kind", target.kind == Target::Kind::kAtMost ? "at most" : "at least"},
          {"limit", Figure(target.limit)},
          {"figure", Figure(target.figure)},
          {"met", target.met()}};
}

Json MeasuredJson(const Comparison& comparison, const std::string& way) {
  const WayTimes* times = comparison.Find(way);
  return times == nullptr ? Json::array() : Each(times->Measured(), Figure);
}

}  // namespace

std::string ToJson(const FullReport& report) {
  Json json;
  if (const Comparison* nearest = NearestToGigabyte(report.sizes); nearest != nullptr) {
    json = {{"overhead_ratio", SpreadJson(nearest->Ratios(kGraft, kByHand))},
            {"graft_seconds", MeasuredJson(*nearest, kGraft)},
            {"by_hand_seconds", MeasuredJson(*nearest, kByHand)},
            {"size_bytes", nearest->size_bytes}};
  }
  json["mysql_version"] = report.mysql_version;
  json["buffer_pool"] = report.buffer_pool;
  json["load_average"] = Figure(report.load_average);
  json["settings_bytes"] = report.settings_bytes;
  if (!report.sizes.empty()) json["sizes"] = Each(report.sizes, ComparisonJson);
  if (!report.settings.empty()) json["settings"] = SettingsJson(report.settings);
  if (!report.watchers.empty()) json["watchers"] = Each(report.watchers, WatchersJson);
  if (!report.topology.empty()) json["topology"] = Each(report.topology, TopologyJson);
  if (report.idle.has_value()) json["idle"] = IdleJson(*report.idle);
  json["targets"] = Each(TargetsOf(report), TargetJson);
  return json.dump(/*indent=*/1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace graft
