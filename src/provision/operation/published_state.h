// What an operation makes of its tablet's record: the type, and tags any Vitess tool shows.
//
//   graft.step        while it runs: the step, "clone"
//   graft.progress    while it copies: percent of the bytes known so far, "42%"
//   graft.data_state  INTACT, PARTIAL, EMPTY, CLONED
//   graft.queue_place while it waits for its donor: 1 is next
//   graft.donor       alias
//   graft.operation   id
//   graft.reason      after a failure: why, as a word
#ifndef GRAFT_PROVISION_OPERATION_PUBLISHED_STATE_H_
#define GRAFT_PROVISION_OPERATION_PUBLISHED_STATE_H_

#include "graft/operation.h"
#include "graft/tablet.h"

namespace graft {

// Sets type and graft.* tags of `tablet`; leaves all else. RESTORE from the fence on until the data
// is verified and follows its source; the former type again after that, or after a failure that
// left the old data whole.
void ApplyPublishedState(const Operation& operation, Tablet& tablet);

}  // namespace graft

#endif  // GRAFT_PROVISION_OPERATION_PUBLISHED_STATE_H_
