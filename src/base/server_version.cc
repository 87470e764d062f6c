#include "base/server_version.h"

#include <tuple>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace graft {
namespace {

// LTS series from which, and into which, a clone may cross.
bool IsNextLts(const ServerVersion& donor, const ServerVersion& recipient) {
  return donor.major == 9 && donor.minor == 7 && recipient.major == 28 && recipient.minor == 4;
}

absl::Status Refuse(const ServerVersion& recipient, const ServerVersion& donor,
                    absl::string_view rule) {
  return absl::FailedPreconditionError(absl::StrCat(
      "MySQL ", recipient.ToString(), " cannot clone from ", donor.ToString(), ": ", rule));
}

}  // namespace

absl::StatusOr<ServerVersion> ServerVersion::Parse(absl::string_view text) {
  const absl::string_view digits = text.substr(0, text.find_first_not_of("0123456789."));
  const std::vector<absl::string_view> parts = absl::StrSplit(digits, '.');
  ServerVersion version;
  if (parts.size() < 3 || !absl::SimpleAtoi(parts[0], &version.major) ||
      !absl::SimpleAtoi(parts[1], &version.minor) || !absl::SimpleAtoi(parts[2], &version.patch)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no MySQL version"));
  }
  return version;
}

std::string ServerVersion::ToString() const {
  return absl::StrCat(major, ".", minor, ".", patch);
}

bool ServerVersion::AtLeast(int other_major, int other_minor, int other_patch) const {
  return std::tie(major, minor, patch) >= std::tie(other_major, other_minor, other_patch);
}

absl::Status CheckCloneVersions(const ServerVersion& recipient, const ServerVersion& donor) {
  if (!recipient.AtLeast(8, 0, 17) || !donor.AtLeast(8, 0, 17)) {
    return Refuse(recipient, donor, "CLONE exists from 8.0.17 on; upgrade the older one");
  }
  if (recipient.major == donor.major && recipient.minor == donor.minor) {
    const bool is_80 = donor.major == 8 && donor.minor == 0;
    if (!is_80 || recipient.patch == donor.patch) return absl::OkStatus();
    if (recipient.AtLeast(8, 0, 37) && donor.AtLeast(8, 0, 37)) return absl::OkStatus();
    return Refuse(recipient, donor,
                  "in 8.0 the patch levels must be equal unless both are at least 8.0.37");
  }
  if (IsNextLts(donor, recipient)) return absl::OkStatus();
  return Refuse(recipient, donor,
                "the series must be the same (from 9.7 on, also an LTS into the next LTS)");
}

}  // namespace graft
