// Removes files that a finished clone leaves and that can damage its data.
//
// CLONE replaces the data files and the redo log at mysqld's next start, but not the doublewrite
// files, which still hold pages of the data that is gone. They are harmless until the new mysqld is
// killed before it has written enough pages of its own: its crash recovery then takes a page that
// is still empty on disk, at the growing end of an undo tablespace, from there, with a log sequence
// number from the other life (MY-011971 "is in the future!", seen with 9.7.4; in bad cases the data
// dictionary breaks). mysqld makes new files where there are none.
#ifndef GRAFT_MYSQLD_STALE_DOUBLEWRITE_H_
#define GRAFT_MYSQLD_STALE_DOUBLEWRITE_H_

#include <string>

#include "absl/status/statusor.h"

namespace graft {

// Call it while no mysqld runs on `data_directory`. If a copy waits there for the next start
// (#clone/#replace_files), removes the doublewrite files, whose data the copy replaces; returns how
// many. UNAVAILABLE: a file could not be removed.
absl::StatusOr<int> RemoveStaleDoublewrite(const std::string& data_directory);

}  // namespace graft

#endif  // GRAFT_MYSQLD_STALE_DOUBLEWRITE_H_
