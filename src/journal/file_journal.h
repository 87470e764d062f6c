// FileJournal: a Journal as a folder, one JSON file an operation, readable by people.
//
// The folder must lie outside mysqld's data directory, which CLONE wipes. One FileJournal a folder
// at a time. A folder that somebody removes is made anew by the next save. Damaged records stay as
// <name>.damaged once set aside. Safe for use from several threads.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "graft/tablet_state.h"

namespace graft {

// Makes the folder (mode 0700; its parent must exist) if it is missing, and removes the files that
// a crash left half-written. `keep` operations stay, and every running one. INVALID_ARGUMENT:
// `keep` < 1 or no directory named. UNAVAILABLE: the folder cannot be used.
absl::StatusOr<std::unique_ptr<Journal>> MakeFileJournal(const std::string& directory,
                                                         int keep = 50);

}  // namespace graft
