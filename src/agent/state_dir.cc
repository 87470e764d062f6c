#include "agent/state_dir.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace graft {

absl::StatusOr<std::unique_ptr<DirectoryLock>> OpenStateDir(const std::string& state_dir) {
  std::error_code error;
  std::filesystem::create_directories(state_dir, error);
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat("--state-dir ", state_dir, " cannot be made: ", error.message(),
                     "; name one that this user may write, outside of mysqld's data directory"));
  }
  return LockDirectory(state_dir, "graftd");
}

}  // namespace graft
