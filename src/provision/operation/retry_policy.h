// When an attempt that ended badly is followed by another. Pure.
#ifndef GRAFT_PROVISION_OPERATION_RETRY_POLICY_H_
#define GRAFT_PROVISION_OPERATION_RETRY_POLICY_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "graft/operation.h"

namespace graft {

// True if another attempt, perhaps with another donor, can avoid this failure. False if the
// recipient or the request is at fault: another attempt would fail in the same way. Does not count
// attempts.
bool MayTryAgain(const Operation& operation, const absl::Status& failure);

// True if no attempt of this operation with this donor can succeed: wrong password, wrong version.
bool IsPermanentForDonor(const absl::Status& failure);

// The donor serves another clone (3634), which was refused before anything was dropped.
bool IsDonorBusy(const absl::Status& failure);

// How long to wait after attempt number `attempt`: 1 s, doubled each time, at most a minute, of
// which `jitter` (0 to 1) decides the last half, so that recipients do not come back all at once.
absl::Duration BackOff(int attempt, double jitter);

}  // namespace graft

#endif  // GRAFT_PROVISION_OPERATION_RETRY_POLICY_H_
