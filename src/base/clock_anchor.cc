#include "base/clock_anchor.h"

#include <chrono>
#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/files.h"

namespace graft {

ClockAnchor AnchorNow() {
  const auto boot_id = ReadFile("/proc/sys/kernel/random/boot_id");
  ClockAnchor anchor;
  // Without one, nobody goes on with it.
  if (boot_id.ok()) anchor.boot_id = std::string(absl::StripAsciiWhitespace(*boot_id));
  anchor.monotonic = absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  anchor.time = absl::FromChrono(std::chrono::system_clock::now());
  return anchor;
}

std::string ToText(const ClockAnchor& anchor) {
  return absl::StrCat(anchor.boot_id, " ", absl::ToInt64Nanoseconds(anchor.monotonic), " ",
                      absl::ToUnixNanos(anchor.time), "\n");
}

absl::StatusOr<ClockAnchor> ClockAnchorFromText(absl::string_view text) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(absl::StripAsciiWhitespace(text), ' ');
  int64_t monotonic = 0;
  int64_t time = 0;
  if (words.size() != 3 || words[0].empty() || !absl::SimpleAtoi(words[1], &monotonic) ||
      !absl::SimpleAtoi(words[2], &time)) {
    return absl::InvalidArgumentError("no clock anchor: \"<boot id> <nanoseconds> <nanoseconds>\"");
  }
  return ClockAnchor{std::string(words[0]), absl::Nanoseconds(monotonic),
                     absl::FromUnixNanos(time)};
}

bool SameBoot(const ClockAnchor& anchor, const ClockAnchor& now) {
  return !anchor.boot_id.empty() && anchor.boot_id == now.boot_id &&
         anchor.monotonic <= now.monotonic;
}

}  // namespace graft
