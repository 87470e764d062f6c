// Which storage the backups are in: one choice for graft-backup, graftctl and graftd, whose flags
// storage_flags.h adds.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "backups/backup_storage.h"
#include "backups/s3_options.h"

namespace graft {

struct StorageOptions {
  std::string implementation = "file";  // or "s3"
  std::string file_root;
  S3Options s3;
};

// INVALID_ARGUMENT with every fault, one to a line. Touches nothing.
absl::Status CheckStorageOptions(const StorageOptions& options);

// Errors of the check, and of OpenFileStorage and OpenS3Storage.
absl::StatusOr<std::unique_ptr<BackupStorage>> OpenStorage(const StorageOptions& options);

// For people: the folder, or "s3://bucket/root".
std::string NameOf(const StorageOptions& options);

}  // namespace graft
