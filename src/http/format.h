// Small texts for the page: sizes, times, estimates, GTID sets. Pure functions.
#ifndef GRAFT_HTTP_FORMAT_H_
#define GRAFT_HTTP_FORMAT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "graft/progress.h"

namespace graft::http {

std::string BytesText(double bytes);  // "512 B", "1.5 GiB"

// "13:45:53" and "2026-11-20 13:45:53", UTC; a dash for a time that never was.
std::string ClockText(absl::Time time);
std::string DateText(absl::Time time);
std::string AgoText(absl::Time time, absl::Time now);  // "3.2s ago", "never"

// Cut, not rounded: 100 is said only when it is reached. "43.2".
std::string PercentText(double percent);

// "about 4 min left, between 3 and 7", counted from `now`.
std::string EtaText(const Eta& eta, absl::Time sampled, absl::Time now);

// "00000000…:1-5012, 3e11fa47…:1-7 and 2 more": who wrote how much, for a glance.
std::string ShortGtids(absl::string_view set);

}  // namespace graft::http

#endif  // GRAFT_HTTP_FORMAT_H_
