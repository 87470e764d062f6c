// Sizes, rates, times and lists as people read them. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace graft::view {

std::string HumanBytes(int64_t bytes);           // "512 B", "1.5 MiB"
std::string HumanRate(double bytes_per_second);  // "1.5 MiB/s"

// An estimate, no finer than it can be known: "a moment", "7s", "35s", "4m30s", "25m", "2h10m".
std::string RoughDuration(absl::Duration duration);

std::string UtcTime(absl::Time time);                  // "2026-11-20 13:00:00Z"
std::string AgoText(absl::Time time, absl::Time now);  // "3.2s ago"

// 0 to 1; 0 where nothing is expected.
double Fraction(int64_t done, int64_t expected);
// Rounded down, so that only a finished thing shows 100. PercentText has one decimal: "43.2".
int PercentOf(double fraction);
std::string PercentText(double percent);

std::string Count(int64_t count, absl::string_view thing);  // "1 session", "3 sessions"

// "a, b and 3 more": at most `most` names, and `more` that are only counted.
std::string Listed(const std::vector<std::string>& names, size_t most, int64_t more = 0);

}  // namespace graft::view
