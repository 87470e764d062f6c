// What a clone report means for one run. Pure.
//
// clone_status has one row for ever, with id 1, and an old "Completed" stays in it: a run is known
// by its source together with its connection id or its begin time, never by being the last row.
// STATE alone lies as well: after a crash in the middle it says "In Progress" for ever.
#ifndef GRAFT_PROVISION_CLONE_VERDICT_H_
#define GRAFT_PROVISION_CLONE_VERDICT_H_

#include "graft/clone_report.h"
#include "graft/operation.h"
#include "graft/tablet.h"

namespace graft {

enum class CloneVerdict {
  kNoTrace,    // the report does not speak of this run (yet)
  kRunning,    // its session lives and has not finished
  kStopping,   // all is copied; the server that copied it is about to go down
  kCompleted,  // copied, restarted, recovered
  kCrashed,    // the server went down in the middle and came back without it
  kFailed,
};

CloneVerdict JudgeClone(const CloneReport& report, const CloneRun& run, const HostPort& donor);

// What is left of the recipient's old data after this run, before the result is verified: kIntact,
// kPartial or kEmpty. MySQL says so in one place: the DROP DATA row of clone_progress.
DataState DataStateAfter(const CloneReport& report, const CloneRun& run, const HostPort& donor);

}  // namespace graft

#endif  // GRAFT_PROVISION_CLONE_VERDICT_H_
