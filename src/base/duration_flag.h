// Durations as Go writes them: "5m", "1h30m", "250ms", "1.5s", "0".
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace graft {

// INVALID_ARGUMENT: no duration, negative, or a number without a unit (but "0").
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text);

// For people, at most two units: "850ms", "2.3s", "1m05s", "3h20m".
std::string HumanDuration(absl::Duration duration);

}  // namespace graft
