// Files of the folder store: how a key is named, how a record looks, what a failure means.
// Private to src/filestore. Plain functions, safe for use from several threads.
#ifndef GRAFT_FILESTORE_RECORD_FILE_H_
#define GRAFT_FILESTORE_RECORD_FILE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "graft/key_value_store.h"

namespace graft {

// A status of base/files.h as the store's own: never NOT_FOUND, which would speak of a key, and
// PERMISSION_DENIED where this user is not allowed to.
absl::Status StoreStatus(const absl::Status& status);

// DATA_LOSS, naming the file and what to do.
absl::Status Damaged(const std::string& path, absl::string_view why);

// The name of a key's file; one to one, safe for any bytes. INVALID_ARGUMENT: empty or too long.
absl::StatusOr<std::string> KeyFileName(absl::string_view key);
// nullopt: no name that KeyFileName() makes.
std::optional<std::string> KeyOfFileName(absl::string_view name);

// A write, and a key's present value, as a file.
std::string EncodeRecord(const KeyEvent& event);
absl::StatusOr<KeyEvent> DecodeRecord(absl::string_view bytes, const std::string& path);

// nullopt: no such file.
absl::StatusOr<std::optional<std::string>> ReadIfThere(const std::string& path);

}  // namespace graft

#endif  // GRAFT_FILESTORE_RECORD_FILE_H_
