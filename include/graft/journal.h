// Journal: operations that outlive the agent. Saved before each step acts.
//
// Implementations: FileJournal, FakeJournal. Safe for use from several threads.
#ifndef GRAFT_JOURNAL_H_
#define GRAFT_JOURNAL_H_

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

  // On stable storage when it returns; replaces the record with the same id. Only the newest
  // operations are kept. UNAVAILABLE: the disk refused. INVALID_ARGUMENT: Load() could not read it
  // again. Whatever it returns, the record before is whole unless it was replaced.
  virtual absl::Status Save(const TabletState& state) = 0;

  // All that is kept, and what there is besides but cannot be read. UNAVAILABLE: nothing can.
  virtual absl::StatusOr<LoadedJournal> Load() = 0;

  // Keeps the damaged records where Load() no longer sees them. OK if there is none. UNAVAILABLE.
  virtual absl::Status SetDamagedAside() = 0;
};

}  // namespace graft

#endif  // GRAFT_JOURNAL_H_
