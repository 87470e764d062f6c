// MySQL version strings and the rule which of them may clone from which.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace graft {

struct ServerVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;

  // "9.7.4-2", "8.0.36-28", "26.10.0": what follows the patch level is ignored, as CLONE does.
  // INVALID_ARGUMENT.
  static absl::StatusOr<ServerVersion> Parse(absl::string_view text);
  std::string ToString() const;

  bool AtLeast(int other_major, int other_minor, int other_patch) const;
};

// OK if `recipient` can clone from `donor`; else FAILED_PRECONDITION with the rule that is broken.
// The rule is the server's own (mysys/my_version.cc): both at least 8.0.17; the same series, and in
// 8.0 the same patch level unless both are at least 8.0.37; from 9.7 on also an LTS donor into the
// next LTS. That next LTS is named by the series' numbers, 9.7 into 28.4; the recipient's server
// has the last word.
absl::Status CheckCloneVersions(const ServerVersion& recipient, const ServerVersion& donor);

}  // namespace graft
