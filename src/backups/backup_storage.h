// BackupStorage: where backups are kept, as folders of files under one root.
//
// Paths are relative to the root: "commerce/0/2026-11-28.113000.zone1-0000000101/MANIFEST". Safe
// for use from several threads. Every call may return UNAVAILABLE or DEADLINE_EXCEEDED (the storage
// is away) and PERMISSION_DENIED or UNAUTHENTICATED; the text names the path. Implementations:
// FileBackupStorage (a folder, as Vitess's `file`) and S3BackupStorage; one contract test runs on
// each.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "backups/byte_sink.h"
#include "backups/s3_options.h"

namespace graft {

struct StoredFile {
  std::string name;
  int64_t bytes = 0;
};

class BackupStorage {
 public:
  virtual ~BackupStorage() = default;

  // Sorted; empty if there is no such folder.
  virtual absl::StatusOr<std::vector<std::string>> ListFolders(const std::string& folder) = 0;
  // Sorted by name; empty if there is no such folder.
  virtual absl::StatusOr<std::vector<StoredFile>> ListFiles(const std::string& folder) = 0;

  // Hands the file's bytes to `to`, without Finish(). NOT_FOUND: no such file. Or the sink's error.
  virtual absl::Status Read(const std::string& path, ByteSink& to) = 0;

  // A new file, and the folders above it. Readers see it whole, or not at all: from Finish() on,
  // when it is durable too. An unfinished one leaves nothing. ALREADY_EXISTS from Create() or from
  // Finish(): there is such a file.
  virtual absl::StatusOr<std::unique_ptr<ByteSink>> Create(const std::string& path) = 0;

  // OK if it is gone already.
  virtual absl::Status RemoveFile(const std::string& path) = 0;
  // The folder and all that is in it. OK if it is gone already.
  virtual absl::Status RemoveFolder(const std::string& folder) = 0;

  // Asked from any thread while a call waits for the storage: true ends it with CANCELLED, and lets
  // what removes something be quick. Not while a call is under way. A local folder needs it not.
  virtual void InterruptBy(std::function<bool()> interrupted) { static_cast<void>(interrupted); }
};

// FAILED_PRECONDITION: `root` is no folder. The folder is only looked into when a call needs it.
absl::StatusOr<std::unique_ptr<BackupStorage>> OpenFileStorage(const std::string& root);

// INVALID_ARGUMENT: see CheckS3Options. The store is only asked when a call needs it: then
// FAILED_PRECONDITION, there is no such bucket, or it is in another region; others as above, and of
// s3_client.h. Besides its calls it starts no thread.
absl::StatusOr<std::unique_ptr<BackupStorage>> OpenS3Storage(const S3Options& options);

}  // namespace graft
