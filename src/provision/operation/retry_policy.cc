#include "provision/operation/retry_policy.h"

#include <algorithm>

#include "base/errors.h"

namespace graft {

bool IsPermanentForDonor(const absl::Status& failure) {
  return FollowUpOf(failure) == FollowUp::kNextDonor;
}

bool IsDonorBusy(const absl::Status& failure) {
  return HasReason(failure, Reason::kDonorBusy);
}

bool MayTryAgain(const Operation& operation, const absl::Status& failure) {
  if (FollowUpOf(failure) == FollowUp::kNextAttempt) return true;
  return operation.request.donor.kind == DonorChoice::Kind::kAny && IsPermanentForDonor(failure);
}

absl::Duration BackOff(int attempt, double jitter) {
  constexpr absl::Duration kFirst = absl::Seconds(1);
  constexpr absl::Duration kLongest = absl::Minutes(1);
  const absl::Duration whole = std::min(kFirst * (1 << std::min(attempt - 1, 10)), kLongest);
  return whole / 2 + whole / 2 * jitter;
}

}  // namespace graft
