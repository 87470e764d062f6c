#include "provision/retry_policy.h"

#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"
#include "base/errors.h"

namespace graft {
namespace {

// Gone when tried again, with the same donor too.
constexpr absl::string_view kPassing[] = {
    "DONOR_BUSY", "DONOR_UNREACHABLE", "DONOR_LOST",        "DONOR_DDL",
    "DONOR_GONE", "CLONE_STALLED",     "CLONE_NETWORK",     "CLONE_RUNNING_HERE",
    "LOCK_WAIT",  "CLONE_NOT_STARTED", "RECIPIENT_CRASHED", "RECOVERY_FAILED",
    "CLAIM_LOST", "NO_DONOR",
};

// The donor's fault for as long as nobody mends it: only another donor helps.
constexpr absl::string_view kDonorsOwn[] = {
    "DONOR_CREDENTIALS",    "DONOR_PRIVILEGE",         "DONOR_TLS",
    "DONOR_PLUGIN_MISSING", "DONOR_VERSION",           "DONOR_OS",
    "DONOR_PLATFORM",       "DONOR_CHARSET",           "DONOR_CONFIG",
    "DONOR_PLUGINS",        "DONOR_REDO_LOG_DISABLED", "DONOR_UNFIT",
};

template <size_t n>
bool IsOneOf(const std::string& reason, const absl::string_view (&reasons)[n]) {
  return std::find(std::begin(reasons), std::end(reasons), reason) != std::end(reasons);
}

}  // namespace

bool IsPermanentForDonor(const absl::Status& failure) {
  return IsOneOf(ReasonOf(failure), kDonorsOwn);
}

bool IsDonorBusy(const absl::Status& failure) {
  return ReasonOf(failure) == "DONOR_BUSY";
}

bool MayTryAgain(const Operation& operation, const absl::Status& failure) {
  if (IsOneOf(ReasonOf(failure), kPassing)) return true;
  return operation.request.donor.kind == DonorChoice::Kind::kAny && IsPermanentForDonor(failure);
}

absl::Duration BackOff(int attempt, double jitter) {
  constexpr absl::Duration kFirst = absl::Seconds(1);
  constexpr absl::Duration kLongest = absl::Minutes(1);
  const absl::Duration whole = std::min(kFirst * (1 << std::min(attempt - 1, 10)), kLongest);
  return whole / 2 + whole / 2 * jitter;
}

}  // namespace graft
