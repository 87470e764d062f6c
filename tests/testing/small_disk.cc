#include "testing/small_disk.h"

#include <string.h>
#include <sys/mount.h>

#include <cerrno>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"

namespace graft {

absl::StatusOr<std::unique_ptr<SmallDisk>> SmallDisk::Mount(const std::string& folder,
                                                            int megabytes) {
  const std::string size = absl::StrCat("size=", megabytes, "m");
  if (mount("tmpfs", folder.c_str(), "tmpfs", MS_NODEV | MS_NOSUID, size.c_str()) == 0) {
    return absl::WrapUnique(new SmallDisk(folder));
  }
  return absl::PermissionDeniedError(
      absl::StrCat("mounting a tmpfs on ", folder, ": ", strerror(errno), "; run this as root"));
}

SmallDisk::~SmallDisk() {
  // Also while somebody still has a file open there.
  umount2(folder_.c_str(), MNT_DETACH);
}

}  // namespace graft
