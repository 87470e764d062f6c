// FolderStore: the key-value port in a folder, for the agents of one machine; no server needed.
//
//   <root>/revision       the version of the last write
//   <root>/events/<n>     write number n; the newest 1000. A write is done once this file is there
//   <root>/keys/<name>    the present value of a key; written after its event, and again by
//                         whoever comes next if that was cut short
//   <root>/leases/<id>    a lease and its end
//   <root>/lock           flock(2)ed during each call, also between processes
//
// A lease's end is on the kernel's CLOCK_BOOTTIME, which all processes share, nobody can set and
// which goes on while the machine sleeps; a lease from before the last boot has ended. Whoever
// calls next ends what is overdue, and every watch does so in time. Watches wait on inotify: the
// folder must be on a local filesystem. A watch that starts more than 1000 writes back is told the
// difference instead: a put per key written since; deletions in between are then not told.
//
// Besides the port's codes: DATA_LOSS, a file is damaged or not ours, the text names it;
// INVALID_ARGUMENT, a key too long for a file name (250 bytes, bytes other than letters, digits and
// any of "/._-" count three).
//
// Safe for use from several threads and processes. `clock` must outlive the store, the store its
// watches.
#ifndef GRAFT_FILESTORE_FOLDER_STORE_H_
#define GRAFT_FILESTORE_FOLDER_STORE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "graft/clock.h"
#include "graft/key_value_store.h"

namespace graft {

// Makes the folder where it is missing.
absl::StatusOr<std::unique_ptr<KeyValueStore>> MakeFolderStore(Clock& clock,
                                                               const std::string& root);

}  // namespace graft

#endif  // GRAFT_FILESTORE_FOLDER_STORE_H_
