// Journal: operations that outlive the agent. Saved before each step acts.
//
// Implementations: FileJournal, FakeJournal. Safe for use from several threads.
#ifndef GRAFT_JOURNAL_H_
#define GRAFT_JOURNAL_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graft/operation.h"

namespace graft {

class Journal {
 public:
  virtual ~Journal() = default;

  // On stable storage when it returns; replaces the record with the same id. Only the newest
  // operations are kept. UNAVAILABLE: the disk refused.
  virtual absl::Status Save(const Operation& operation) = 0;

  // All that is kept, oldest first. DATA_LOSS: a record cannot be read; the text names the file.
  virtual absl::StatusOr<std::vector<Operation>> Load() = 0;
};

}  // namespace graft

#endif  // GRAFT_JOURNAL_H_
