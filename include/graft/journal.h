// Journal: operations that outlive the agent. Saved before each step acts.
//
// Implementations: FileJournal, FakeJournal. Safe for use from several threads.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/tablet_state.h"

namespace graft {

// A record that cannot be read, and why; the texts are for the operator.
struct DamagedRecord {
  std::string file;
  std::string why;
};

struct LoadedJournal {
  std::vector<TabletState> states;  // oldest first, as IsOlder() has it
  std::vector<DamagedRecord> damaged;
};

class Journal {
 public:
  virtual ~Journal() = default;

  // The record is on stable storage when Save() returns; it replaces the record with the same id.
  // The journal keeps only the newest operations. UNAVAILABLE: the disk refused. INVALID_ARGUMENT:
  // Load() could not read this record again. If Save() fails, the earlier record stays whole.
  virtual absl::Status Save(const TabletState& state) = 0;

  // All records: those that can be read, and those that cannot. UNAVAILABLE: the journal cannot be
  // read at all.
  virtual absl::StatusOr<LoadedJournal> Load() = 0;

  // Renames the damaged records, so that Load() no longer sees them. OK if there is none.
  // UNAVAILABLE.
  virtual absl::Status SetDamagedAside() = 0;
};

}  // namespace graft
