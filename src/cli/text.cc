#include "cli/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/duration_flag.h"
#include "cli/characters.h"

namespace graft::cli {
namespace {

absl::Duration RoundTo(absl::Duration duration, absl::Duration unit) {
  return absl::Floor(duration + unit / 2, unit);
}

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

const char* Filling(BarKind kind, bool utf8) {
  if (kind == BarKind::kGuessed) return utf8 ? "▒" : "=";
  return utf8 ? "█" : "#";
}

}  // namespace

std::string HumanBytes(int64_t bytes) {
  constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return absl::StrCat(bytes, " B");
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
  return ShortDuration(RoundTo(duration, unit));
}

std::string UtcTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string Bar(double fraction, int width, bool utf8, BarKind kind) {
  const double clamped = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
  // Rounded down: a full bar is a finished one.
  const int filled = static_cast<int>(clamped * width);
  std::string bar = "[";
  for (int i = 0; i < width; ++i) {
    absl::StrAppend(&bar, i < filled ? Filling(kind, utf8) : utf8 ? "░" : ".");
  }
  return bar + "]";
}

std::vector<std::string> AlignColumns(const std::vector<std::vector<std::string>>& rows) {
  std::vector<int> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    }
  }
  std::vector<std::string> lines;
  lines.reserve(rows.size());
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(static_cast<size_t>(widths[i] - DisplayWidth(row[i]) + 2), ' ');
    }
    absl::StripTrailingAsciiWhitespace(&line);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string CutToWidth(absl::string_view text, int columns) {
  int used = 0;
  size_t end = 0;
  for (const Character& character : Characters(text)) {
    used += character.width;
    if (used > columns) break;
    end += character.bytes.size();
  }
  return std::string(text.substr(0, end));
}

int DisplayWidth(absl::string_view text) {
  int width = 0;
  for (const Character& character : Characters(text)) width += character.width;
  return width;
}

std::vector<std::string> WrapWords(absl::string_view text, int columns, absl::string_view indent) {
  if (columns < 1 || DisplayWidth(text) <= columns) return {std::string(text)};
  std::vector<std::string> lines;
  std::string line;
  const auto end_line = [&] {
    lines.push_back(std::move(line));
    line = std::string(indent);
  };
  for (absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const bool fresh = line.empty() || (line == indent && !lines.empty());
    const int left = columns - DisplayWidth(line) - (fresh ? 0 : 1);
    if (!fresh && DisplayWidth(word) > left) end_line();
    if (!line.empty() && line.back() != ' ') line += ' ';
    while (DisplayWidth(line) + DisplayWidth(word) > columns) {
      const std::string part = CutToWidth(word, columns - DisplayWidth(line));
      if (part.empty()) break;  // not even one character: the line will be cut
      line += part;
      word.remove_prefix(part.size());
      end_line();
    }
    absl::StrAppend(&line, word);
  }
  lines.push_back(std::move(line));
  return lines;
}

std::string Printable(absl::string_view text, bool utf8) {
  std::string printable;
  for (const Character& character : Characters(text)) {
    if (character.kind == CharacterKind::kSpace) {
      printable += ' ';
    } else if (character.kind != CharacterKind::kPrintable ||
               (!utf8 && character.bytes.size() > 1)) {
      printable += '?';
    } else {
      absl::StrAppend(&printable, character.bytes);
    }
  }
  return printable;
}

bool LocaleIsUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string lower = absl::AsciiStrToLower(value);
    return absl::StrContains(lower, "utf-8") || absl::StrContains(lower, "utf8");
  }
  return false;
}

}  // namespace graft::cli
