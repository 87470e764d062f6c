// FolderStore: the key-value port in one SQLite file in a folder, for the agents of one machine; no
// server needed.
//
//   <root>/topology.sqlite          every key, the newest 10,000 writes, and the leases
//   <root>/topology.sqlite-journal  what SQLite undoes if a writer dies; empty between writes
//
// A write is one transaction. It is on the disk before its call returns; if its writer dies before
// that, the write is there whole or not at all. Processes exclude each other with locks that the
// kernel frees when their holder dies: the folder must be on a local file system.
//
// A lease's end is on the kernel's CLOCK_BOOTTIME, which all processes share, nobody can set and
// which goes on while the machine sleeps; a lease from before the last boot has ended. Each call
// first ends what is overdue. A watch looks for a change of the file every 50 ms, and reads the
// file every second at least; it ends overdue leases, too.
// If a watch is more than 10,000 writes behind, it is told the last write of each key; deletions
// among the older writes are then not told.
//
// Besides the port's codes: DATA_LOSS, the file is damaged or not graft's, the text names it;
// FAILED_PRECONDITION, an older graft used the folder, with a file for each record.
//
// Safe for use from several threads and processes. `clock` must outlive the store, the store its
// watches.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "graft/clock.h"
#include "graft/key_value_store.h"

namespace graft {

// Makes the folder and its file where they are missing.
absl::StatusOr<std::unique_ptr<KeyValueStore>> MakeFolderStore(Clock& clock,
                                                               const std::string& root);

}  // namespace graft
