#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backups/backups.h"
#include "base/errors.h"

namespace graft {
namespace {

namespace fs = std::filesystem;

// Inside the data directory, so that its files need only be renamed.
constexpr char kUnfinishedFolder[] = ".graft-restore";

absl::Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  return error ? WriteError("make", folder.string(), error.value()) : absl::OkStatus();
}

// Without ibdata1 no mysqld starts, and neither does it on half of the files.
std::vector<std::string> IbdataLast(std::vector<std::string> names) {
  std::stable_partition(names.begin(), names.end(),
                        [](const std::string& name) { return !absl::StartsWith(name, "ibdata"); });
  return names;
}

class Restore {
 public:
  Restore(BackupStorage& storage, const Backup& backup, const fs::path& to,
          BackupProgress& progress)
      : storage_(storage),
        backup_(backup),
        to_(to),
        unfinished_(to / kUnfinishedFolder),
        progress_(progress) {}

  absl::Status Run(int threads) {
    GRAFT_RETURN_IF_ERROR(CheckFolder());
    GRAFT_ASSIGN_OR_RETURN(contents_, ReadContents(storage_, backup_));
    absl::Status status = CheckRoom();
    if (status.ok()) status = MakeFolder(unfinished_);
    if (status.ok()) status = Fill(threads);
    if (status.ok()) status = SyncFolders();
    if (status.ok()) status = MoveUp();
    if (!status.ok()) Discard();
    return status;
  }

 private:
  absl::Status CheckFolder() {
    std::error_code missing;
    if (!fs::is_directory(to_, missing)) {
      return absl::FailedPreconditionError(to_.string() + " is no folder: make it first");
    }
    GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(to_.string()));
    if (names.empty()) return absl::OkStatus();
    if (names.size() == 1 && names.front() == kUnfinishedFolder) {
      Discard();
      return absl::OkStatus();
    }
    std::error_code error;
    const bool killed = fs::exists(unfinished_, error);
    return absl::FailedPreconditionError(absl::StrCat(
        to_.string(), " is not empty (it holds ", killed ? names.back() : names.front(), ")",
        killed ? ", left by a restore that was killed at its end: empty the folder, then try again"
               : ": nothing was changed"));
  }

  absl::Status CheckRoom() const {
    int64_t wanted = 0;
    for (const FileContent& content : contents_.files) wanted += content.bytes;
    struct statvfs room = {};
    if (statvfs(to_.c_str(), &room) != 0) return FileError("look at", to_.string(), errno);
    const auto free = static_cast<int64_t>(room.f_bavail * room.f_frsize);
    if (wanted <= free) return absl::OkStatus();
    return absl::ResourceExhaustedError(absl::StrCat("the backup's files take ", wanted,
                                                     " bytes, and the disk of ", to_.string(),
                                                     " has ", free, " bytes free"));
  }

  absl::Status Fill(int threads) {
    GRAFT_RETURN_IF_ERROR(
        ForEachFile(backup_.manifest.files.size(), threads, [this](size_t number) -> absl::Status {
          const fs::path path = unfinished_ / backup_.manifest.files[number].name;
          GRAFT_RETURN_IF_ERROR(MakeFolder(path.parent_path()));
          GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSink> file, MakeFileSink(path.string()));
          return ReadBackupFile(storage_, backup_, number, contents_, *file, progress_);
        }));
    for (const std::string& folder : contents_.empty_folders) {
      GRAFT_RETURN_IF_ERROR(MakeFolder(unfinished_ / folder));
    }
    return absl::OkStatus();
  }

  // The names of files in folders last, too.
  absl::Status SyncFolders() const {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(unfinished_, error)) {
      if (entry.is_directory(error)) GRAFT_RETURN_IF_ERROR(SyncDirectory(entry.path().string()));
    }
    return SyncDirectory(unfinished_.string());
  }

  absl::Status MoveUp() {
    GRAFT_ASSIGN_OR_RETURN(const auto names, ListDirectory(unfinished_.string()));
    std::error_code error;
    for (const std::string& name : IbdataLast(names)) {
      fs::rename(unfinished_ / name, to_ / name, error);
      if (error) return FileError("move", (unfinished_ / name).string(), error.value());
    }
    fs::remove(unfinished_, error);
    return SyncDirectory(to_.string());
  }

  void Discard() const {
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(to_, ignored)) {
      fs::remove_all(entry.path(), ignored);
    }
  }

  BackupStorage& storage_;
  const Backup& backup_;
  const fs::path to_;
  const fs::path unfinished_;
  BackupProgress& progress_;
  Contents contents_;
};

}  // namespace

absl::Status RestoreFiles(BackupStorage& storage, const Backup& backup,
                          const std::string& data_directory, int threads,
                          BackupProgress& progress) {
  GRAFT_RETURN_IF_ERROR(backup.state);
  return Restore(storage, backup, data_directory, progress).Run(threads);
}

}  // namespace graft
