// A tablet's directory: its user, and its error log.
#ifndef GRAFT_MYSQLD_TABLET_DIR_H_
#define GRAFT_MYSQLD_TABLET_DIR_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "mysqld/tablet_paths.h"

namespace graft {

// Held while it lives; gone with the process, however that ends. Not inherited by children.
class TabletLock {
 public:
  explicit TabletLock(Fd file) : file_(std::move(file)) {}

 private:
  Fd file_;
};

// FAILED_PRECONDITION: another graft-mysqld holds it; the text has its process id.
absl::StatusOr<TabletLock> LockTablet(const TabletPaths& paths);

// The process id of a mysqld that works on the directory, also if another process started it.
std::optional<pid_t> FindLiveMysqld(const TabletPaths& paths);

// The last error lines that mysqld wrote to `path` past `offset`, for a status text; empty: none.
std::string LastErrors(const std::string& path, size_t offset = 0);

// FAILED_PRECONDITION: something listens on the port. An address that is no number is not checked:
// mysqld will tell.
absl::Status CheckPortFree(const std::string& bind_address, int port);

}  // namespace graft

#endif  // GRAFT_MYSQLD_TABLET_DIR_H_
