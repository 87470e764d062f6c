// One watch on a prefix of a folder store, with a thread of its own. Private to src/filestore.
#ifndef GRAFT_FILESTORE_FOLDER_WATCH_H_
#define GRAFT_FILESTORE_FOLDER_WATCH_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "filestore/folder.h"
#include "graft/key_value_store.h"

namespace graft {

// `folder` must outlive the watch.
absl::StatusOr<std::unique_ptr<Watch>> StartFolderWatch(
    const Folder& folder, absl::string_view prefix, Version after,
    std::function<void(const KeyEvent&)> on_event);

}  // namespace graft

#endif  // GRAFT_FILESTORE_FOLDER_WATCH_H_
