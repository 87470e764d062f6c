// A file system of a given size, in memory, for what happens when a disk is full. Needs root.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace graft {

class SmallDisk {
 public:
  // On an empty folder, which has it until this ends. PERMISSION_DENIED: this user may not mount.
  static absl::StatusOr<std::unique_ptr<SmallDisk>> Mount(const std::string& folder, int megabytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  explicit SmallDisk(std::string folder) : folder_(std::move(folder)) {}

  const std::string folder_;
};

}  // namespace graft
