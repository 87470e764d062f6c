#include "bench/report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace graft {
namespace {

std::string JsonList(const std::vector<double>& values) {
  return absl::StrCat("[",
                      absl::StrJoin(values, ", ",
                                    [](std::string* out, double value) {
                                      absl::StrAppendFormat(out, "%.4f", value);
                                    }),
                      "]");
}

std::string Line(const char* name, const std::vector<double>& values, const char* unit) {
  const Spread spread = SpreadOf(values);
  return absl::StrFormat("%-8s median %.3f%s   (%.3f to %.3f)\n", name, spread.median, unit,
                         spread.min, spread.max);
}

}  // namespace

Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {values.front(), median, values.back()};
}

std::vector<double> OverheadReport::Ratios() const {
  std::vector<double> ratios;
  for (size_t i = 0; i < graft_seconds.size(); ++i) {
    ratios.push_back(graft_seconds[i] / by_hand_seconds[i]);
  }
  return ratios;
}

std::string ToJson(const OverheadReport& report) {
  const std::vector<double> ratios = report.Ratios();
  const Spread spread = SpreadOf(ratios);
  return absl::StrFormat(
      "{\"overhead_ratio\": {\"median\": %.4f, \"min\": %.4f, \"max\": %.4f, \"runs\": %s},\n"
      " \"graft_seconds\": %s,\n \"by_hand_seconds\": %s,\n \"size_bytes\": %d}\n",
      spread.median, spread.min, spread.max, JsonList(ratios), JsonList(report.graft_seconds),
      JsonList(report.by_hand_seconds), report.size_bytes);
}

std::string ToText(const OverheadReport& report) {
  return absl::StrCat(Line("graft", report.graft_seconds, " s"),
                      Line("by hand", report.by_hand_seconds, " s"),
                      Line("ratio", report.Ratios(), "  "));
}

std::string ToJson(const IdleReport& report) {
  return absl::StrFormat(
      "{\"idle\": {\"resident_mb\": %.2f, \"anonymous_mb\": %.2f, \"cpu_percent\": %.4f, "
      "\"seconds\": %.1f, \"threads\": %d}}\n",
      report.resident_mb, report.anonymous_mb, report.cpu_percent, report.seconds, report.threads);
}

std::string ToText(const IdleReport& report) {
  return absl::StrFormat(
      "resident    %.1f MB, of which its own (anonymous) %.1f MB\n"
      "processor   %.3f %% of one core over %.0f s (one tick: %.3f %%)\n"
      "threads     %d\n",
      report.resident_mb, report.anonymous_mb, report.cpu_percent, report.seconds,
      report.cpu_tick_percent, report.threads);
}

}  // namespace graft
