// Whether an operator's word is enough to release a tablet. Pure.
#ifndef GRAFT_PROVISION_OPERATION_RELEASE_WORD_H_
#define GRAFT_PROVISION_OPERATION_RELEASE_WORD_H_

#include "absl/status/status.h"
#include "graft/operation.h"

namespace graft {

// The old data is gone, and nothing that is known to be good has taken its place.
bool IsDropped(DataState data);

// FAILED_PRECONDITION with DATA_NOT_GOOD: the tablet's data was dropped, and the word of `release`
// does not say that it is good.
absl::Status CheckVouched(const Operation& release, DataState data);

}  // namespace graft

#endif  // GRAFT_PROVISION_OPERATION_RELEASE_WORD_H_
