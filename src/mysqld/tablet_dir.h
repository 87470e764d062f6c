// A tablet's directory, the one that Vitess calls vt_<uid>: where things lie in it, who works on
// it, and what its error log says.
//
//   <dir>/my.cnf              written by init; its presence says that init was complete
//   <dir>/data/               mysqld's own data directory; CLONE wipes what is in it
//   <dir>/mysql.sock          unless --socket says otherwise
//   <dir>/mysqld.pid, <dir>/error.log
//   <dir>/graft-mysqld.lock   held by whoever works on the directory
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/files.h"

namespace graft {

struct TabletPaths {
  std::string dir;  // absolute, without a slash at the end

  std::string my_cnf() const { return dir + "/my.cnf"; }
  std::string data() const { return dir + "/data"; }
  std::string socket() const { return dir + "/mysql.sock"; }
  std::string pid_file() const { return dir + "/mysqld.pid"; }
  std::string error_log() const { return dir + "/error.log"; }
  std::string lock() const { return dir + "/graft-mysqld.lock"; }
};

// Of a directory that may be relative, as the user typed it.
TabletPaths PathsOf(const std::string& dir);

// FAILED_PRECONDITION: another graft-mysqld holds it; the text has its process id.
absl::StatusOr<FileLock> LockTablet(const TabletPaths& paths);

// The process id of a mysqld that works on the directory, also if another process started it.
std::optional<pid_t> FindLiveMysqld(const TabletPaths& paths);

// The last error lines that mysqld wrote to `path` past `offset`, for a status text; empty: none.
std::string LastErrors(const std::string& path, size_t offset = 0);

// FAILED_PRECONDITION: something listens on the port. An address that is no number is not checked:
// mysqld will tell.
absl::Status CheckPortFree(const std::string& bind_address, int port);

// What a finished clone leaves behind that harms the data it brought.
//
// CLONE replaces the data files and the redo log at mysqld's next start, but not the doublewrite
// files, which still hold pages of the data that is gone. They are harmless until the new mysqld is
// killed before it has written enough pages of its own: its crash recovery then takes a page that
// is still empty on disk, at the growing end of an undo tablespace, from there, with a log sequence
// number from the other life (MY-011971 "is in the future!", seen with 9.7.4; in bad cases the data
// dictionary breaks). mysqld makes new files where there are none.
//
// Call it while no mysqld runs on `data_directory`. If a copy waits there for the next start
// (#clone/#replace_files), removes the doublewrite files, whose data the copy replaces; returns how
// many. UNAVAILABLE: a file could not be removed.
absl::StatusOr<int> RemoveStaleDoublewrite(const std::string& data_directory);

}  // namespace graft
