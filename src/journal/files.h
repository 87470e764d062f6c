// The few file operations the journal is made of. Each failure is UNAVAILABLE, naming the path and
// what the system said. No state; safe for use from several threads on different paths.
#ifndef GRAFT_JOURNAL_FILES_H_
#define GRAFT_JOURNAL_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace graft {
inline namespace journal_files {

// Makes `directory` with mode 0700 unless it is there.
absl::Status MakeDirectory(const std::string& directory);

// Names in `directory`, without "." and "..", sorted.
absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& directory);

absl::StatusOr<std::string> ReadFile(const std::string& path);

// `path` holds `text`, mode 0600; its bytes are on disk, its name once SyncDirectory() says so. At
// no moment is there half of it. Uses `temporary`, in the same directory, on the way.
absl::Status ReplaceFile(const std::string& path, const std::string& temporary,
                         absl::string_view text);

// OK if it is gone already.
absl::Status RemoveFile(const std::string& path);

// Makes renames and removals in `directory` last.
absl::Status SyncDirectory(const std::string& directory);

}  // namespace journal_files
}  // namespace graft

#endif  // GRAFT_JOURNAL_FILES_H_
