// What a clone report means for one run. Pure.
//
// clone_status has one row for ever, with id 1, and an old "Completed" stays in it: a run is known
// by its source together with its connection id or its begin time, never by being the last row.
// STATE alone lies as well: after a crash in the middle it says "In Progress" for ever.
#ifndef GRAFT_PROVISION_STEPS_CLONE_VERDICT_H_
#define GRAFT_PROVISION_STEPS_CLONE_VERDICT_H_

#include <string>

#include "absl/status/status.h"
#include "graft/clone_report.h"
#include "graft/operation.h"
#include "graft/server_facts.h"
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

// What the server shows of one run and of itself.
struct DataEvidence {
  const CloneReport& report;
  const CloneRun& run;
  const HostPort& donor;
  DataState before;  // what the data was when the attempt began
  // Of the server that came back after the restart; nullptr: it has not been asked.
  const ServerFacts* restarted = nullptr;
  std::string server_uuid;  // which the recipient had before, and CLONE keeps
};

struct DataVerdict {
  DataState state = DataState::kIntact;
  absl::Status why;  // OK for kCloned; else what keeps it from being that
};

// What the recipient's data is. Before the restart MySQL says so in one place: the DROP DATA row of
// clone_progress. kCloned takes all of it: this run, Completed, on this server, with every
// transaction that clone_status promised.
DataVerdict JudgeData(const DataEvidence& evidence);

}  // namespace graft

#endif  // GRAFT_PROVISION_STEPS_CLONE_VERDICT_H_
