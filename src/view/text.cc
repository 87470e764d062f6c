#include "view/text.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/duration_flag.h"

namespace graft::view {
namespace {

// "1h10m", "4m30s", "4m": whole seconds, no part that is zero, no seconds beside hours.
std::string ShortDuration(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  const int64_t hours = seconds / 3600;
  const int64_t minutes = seconds / 60 % 60;
  std::string text;
  if (hours > 0) absl::StrAppend(&text, hours, "h");
  if (minutes > 0) absl::StrAppend(&text, minutes, "m");
  if (hours == 0 && seconds % 60 > 0) absl::StrAppend(&text, seconds % 60, "s");
  return text;
}

}  // namespace

std::string HumanBytes(int64_t bytes) {
  constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return absl::StrCat(std::max<int64_t>(bytes, 0), " B");
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  // 1023.95 would print as 1024.0.
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::string HumanRate(double bytes_per_second) {
  return absl::StrCat(HumanBytes(static_cast<int64_t>(bytes_per_second)), "/s");
}

std::string RoughDuration(absl::Duration duration) {
  if (duration < absl::Seconds(1)) return "a moment";
  absl::Duration unit = absl::Minutes(10);
  if (duration < absl::Seconds(10)) {
    unit = absl::Seconds(1);
  } else if (duration < absl::Minutes(1)) {
    unit = absl::Seconds(5);
  } else if (duration < absl::Minutes(10)) {
    unit = absl::Seconds(30);
  } else if (duration < absl::Hours(1)) {
    unit = absl::Minutes(1);
  }
  return ShortDuration(absl::Floor(duration + unit / 2, unit));
}

std::string UtcTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string AgoText(absl::Time time, absl::Time now) {
  return absl::StrCat(HumanDuration(std::max(absl::ZeroDuration(), now - time)), " ago");
}

double Fraction(int64_t done, int64_t expected) {
  if (expected <= 0) return 0;
  return std::clamp(static_cast<double>(done) / static_cast<double>(expected), 0.0, 1.0);
}

int PercentOf(double fraction) {
  return std::isfinite(fraction) ? static_cast<int>(std::clamp(fraction, 0.0, 1.0) * 100 + 1e-9)
                                 : 0;
}

std::string PercentText(double percent) {
  if (!std::isfinite(percent)) return "0.0";
  return absl::StrFormat("%.1f", std::floor(std::clamp(percent, 0.0, 100.0) * 10 + 1e-6) / 10);
}

std::string Count(int64_t count, absl::string_view thing) {
  return absl::StrCat(count, " ", thing, count == 1 ? "" : "s");
}

std::string Listed(const std::vector<std::string>& names, size_t most, int64_t more) {
  const size_t shown = std::min(names.size(), most);
  std::string text =
      absl::StrJoin(names.begin(), names.begin() + static_cast<ptrdiff_t>(shown), ", ");
  const int64_t others = static_cast<int64_t>(names.size() - shown) + more;
  if (others > 0) absl::StrAppend(&text, " and ", others, " more");
  return text;
}

}  // namespace graft::view
