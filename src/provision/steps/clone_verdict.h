// Judges a clone report for one run. Pure.
//
// clone_status has one row for ever, with id 1, and an old "Completed" stays in it: graft knows a
// run by its source together with its connection id or its begin time, never by its place in the
// table. STATE alone is wrong too: after a crash in the middle it says "In Progress" for ever, and
// a CLONE that fails while it connects can show the former run's "Completed" beside its own begin
// time.
#pragma once

#include "absl/status/status.h"
#include "graft/progress.h"
#include "graft/server_facts.h"
#include "graft/tablet_state.h"

namespace graft {

enum class CloneVerdict {
  kNoTrace,    // the report does not speak of this run (yet)
  kRunning,    // its session lives and has not finished
  kStopping,   // all is copied; the server that copied it is about to go down
  kCompleted,  // copied, restarted, recovered: everything says so
  kCrashed,    // the server went down in the middle and came back without it
  kFailed,
  kContradicts,  // the report speaks of this run and cannot be true
};

CloneVerdict JudgeClone(const CloneReport& report, const SentClone& clone);

// What is left of the old data (`before`), by the DROP DATA row of clone_progress: only this row
// says it. For a run that is in progress or failed.
DataState WhatIsLeft(const CloneReport& report, DataState before);

// What is left if the report does not say: the old data is whole only if schemas and GTIDs are
// exactly as before, and no finished clone can look the same.
DataState JudgeByServer(const ServerFacts& server, const SentClone& clone, DataState before);

// OK: this run has put the donor's data on this server, and everything that must be true of the run
// is true: the report, a new process of the same server, all GTIDs that clone_status promised, all
// GTIDs that the donor had. DATA_LOSS with VERIFY_FAILED otherwise.
absl::Status ProveClone(const CloneReport& report, const TabletState& state,
                        const ServerFacts& server);

}  // namespace graft
