#include "http/format.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/duration_flag.h"

namespace graft::http {
namespace {

constexpr size_t kUuidShown = 8;
constexpr size_t kIntervalsShown = 24;
constexpr size_t kUuidsShown = 2;

// A length of time in the unit that its size asks for, roughly.
struct Rough {
  std::string number;
  const char* unit;
};

Rough Roughly(absl::Duration duration) {
  const double seconds = std::max(0.0, absl::ToDoubleSeconds(duration));
  if (seconds < 90) {
    return {absl::StrFormat("%.0f", std::max(5.0, std::ceil(seconds / 5) * 5)), "s"};
  }
  if (seconds < 90 * 60) return {absl::StrFormat("%.0f", seconds / 60), "min"};
  if (seconds < 36 * 3600) return {absl::StrFormat("%.1f", seconds / 3600), "h"};
  return {absl::StrFormat("%.1f", seconds / 86400), "d"};
}

std::string ShortMember(absl::string_view member) {
  const size_t colon = member.find(':');
  const absl::string_view uuid = member.substr(0, std::min(colon, kUuidShown));
  if (colon == absl::string_view::npos) return absl::StrCat(uuid, "…");
  const absl::string_view intervals = member.substr(colon + 1);
  return absl::StrCat(uuid, "…:", intervals.substr(0, kIntervalsShown),
                      intervals.size() > kIntervalsShown ? "…" : "");
}

}  // namespace

std::string BytesText(double bytes) {
  constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  if (!(bytes > 0)) return "0 B";
  size_t unit = 0;
  // 1023.95 would print as 1024.0.
  while (bytes >= 1023.95 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.*f %s", unit == 0 ? 0 : 1, bytes, kUnits[unit]);
}

std::string ClockText(absl::Time time) {
  if (time == absl::InfinitePast()) return "–";
  return absl::FormatTime("%H:%M:%S", time, absl::UTCTimeZone());
}

std::string DateText(absl::Time time) {
  if (time == absl::InfinitePast()) return "–";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::UTCTimeZone());
}

std::string AgoText(absl::Time time, absl::Time now) {
  if (time == absl::InfinitePast()) return "never";
  return absl::StrCat(HumanDuration(std::max(absl::ZeroDuration(), now - time)), " ago");
}

std::string PercentText(double percent) {
  if (!std::isfinite(percent)) return "0.0";
  const double tenths = std::floor(std::clamp(percent, 0.0, 100.0) * 10 + 1e-6);
  return absl::StrFormat("%.1f", tenths / 10);
}

std::string EtaText(const Eta& eta, absl::Time sampled, absl::Time now) {
  const absl::Duration gone =
      sampled == absl::InfinitePast() ? absl::ZeroDuration() : now - sampled;
  const Rough likely = Roughly(eta.likely - gone);
  const Rough low = Roughly(eta.low - gone);
  const Rough high = Roughly(eta.high - gone);
  const bool low_unit = low.unit != likely.unit;
  const bool high_unit = high.unit != likely.unit;
  const auto with_unit = [](const Rough& rough) {
    return absl::StrCat(rough.number, " ", rough.unit);
  };
  std::string text = absl::StrCat("about ", with_unit(likely), " left");
  if (low.number == high.number && low.unit == high.unit) return text;
  absl::StrAppend(&text, ", between ", low_unit || high_unit ? with_unit(low) : low.number, " and ",
                  high_unit || low_unit ? with_unit(high) : high.number);
  return text;
}

std::string ShortGtids(absl::string_view set) {
  std::vector<std::string> members;
  size_t count = 0;
  for (const absl::string_view member : absl::StrSplit(set, ',', absl::SkipWhitespace())) {
    if (++count <= kUuidsShown) {
      members.push_back(ShortMember(absl::StripAsciiWhitespace(member)));
    }
  }
  std::string text = absl::StrJoin(members, ", ");
  if (count > kUuidsShown) absl::StrAppend(&text, " and ", count - kUuidsShown, " more");
  return text;
}

}  // namespace graft::http
