// What an operation takes over from the one before it. Pure.
#ifndef GRAFT_PROVISION_OPERATION_TAKE_OVER_H_
#define GRAFT_PROVISION_OPERATION_TAKE_OVER_H_

#include "graft/operation.h"

namespace graft {

// After a bad end the tablet is not what it was: its data may be gone, its record says RESTORE, and
// the fence still stands. `next` must neither take that for the tablet's normal state, nor call
// dropped data intact when it ends early itself. A copy that was made and only waits for its mysqld
// to be started is gone on with, if the same is asked for. `previous` has ended.
void TakeOver(const Operation& previous, Operation& next);

}  // namespace graft

#endif  // GRAFT_PROVISION_OPERATION_TAKE_OVER_H_
