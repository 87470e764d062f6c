#include "mysqld/stale_doublewrite.h"

#include <filesystem>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "base/files.h"

namespace graft {
namespace {

bool IsDoublewrite(const std::string& name) {
  return absl::StartsWith(name, "#ib_") &&
         (absl::EndsWith(name, ".dblwr") || absl::EndsWith(name, ".bdblwr"));
}

}  // namespace

absl::StatusOr<int> RemoveStaleDoublewrite(const std::string& data_directory) {
  std::error_code error;
  if (!std::filesystem::exists(data_directory + "/#clone/#replace_files", error)) return 0;
  GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(data_directory));
  int removed = 0;
  for (const std::string& name : names) {
    if (!IsDoublewrite(name)) continue;
    GRAFT_RETURN_IF_ERROR(RemoveFile(absl::StrCat(data_directory, "/", name)));
    ++removed;
  }
  return removed;
}

}  // namespace graft
