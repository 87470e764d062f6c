// A file is written under a name that no reader asks for, and renamed when it is whole and durable.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backups/backup_storage.h"
#include "base/errors.h"

namespace graft {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kUnfinished = ".unfinished";

absl::Status Error(absl::string_view what, const std::string& path, const std::error_code& error) {
  return FileError(what, path, error.value());
}

// Makes the missing folders of `path` last, too.
absl::Status MakeFolders(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return absl::OkStatus();
  GRAFT_RETURN_IF_ERROR(MakeFolders(folder.parent_path()));
  if (mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST) {
    return WriteError("make", folder.string(), errno);
  }
  return SyncDirectory(folder.parent_path().string());
}

class RenamingSink : public ByteSink {
 public:
  RenamingSink(std::unique_ptr<ByteSink> file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}

  absl::Status Append(absl::string_view bytes) override { return file_->Append(bytes); }

  absl::Status Finish() override {
    GRAFT_RETURN_IF_ERROR(file_->Finish());
    const std::string unfinished = absl::StrCat(path_, kUnfinished);
    // Unlike rename(), link() does not replace what is there.
    int failed = link(unfinished.c_str(), path_.c_str()) == 0 ? 0 : errno;
    // A file system without hard links.
    if ((failed == EPERM || failed == EOPNOTSUPP) && access(path_.c_str(), F_OK) != 0) {
      failed = rename(unfinished.c_str(), path_.c_str()) == 0 ? 0 : errno;
    }
    unlink(unfinished.c_str());
    if (failed == EEXIST) return absl::AlreadyExistsError(path_ + " is there already");
    if (failed != 0) return WriteError("create", path_, failed);
    return SyncDirectory(fs::path(path_).parent_path().string());
  }

 private:
  const std::unique_ptr<ByteSink> file_;
  const std::string path_;
};

class FileBackupStorage : public BackupStorage {
 public:
  FileBackupStorage(fs::path root, const struct stat& status)
      : root_(std::move(root)), device_(status.st_dev), inode_(status.st_ino) {}

  absl::StatusOr<std::vector<std::string>> ListFolders(const std::string& folder) override {
    std::vector<std::string> names;
    GRAFT_RETURN_IF_ERROR(ForEach(folder, [&](const fs::directory_entry& entry) {
      std::error_code error;
      if (entry.is_directory(error)) names.push_back(entry.path().filename().string());
    }));
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::StatusOr<std::vector<StoredFile>> ListFiles(const std::string& folder) override {
    std::vector<StoredFile> files;
    GRAFT_RETURN_IF_ERROR(ForEach(folder, [&](const fs::directory_entry& entry) {
      std::error_code error;
      const std::string name = entry.path().filename().string();
      if (!entry.is_regular_file(error) || absl::EndsWith(name, kUnfinished)) return;
      const auto bytes = entry.file_size(error);
      if (!error) files.push_back({name, static_cast<int64_t>(bytes)});
    }));
    std::sort(files.begin(), files.end(),
              [](const StoredFile& a, const StoredFile& b) { return a.name < b.name; });
    return files;
  }

  absl::Status Read(const std::string& path, ByteSink& to) override {
    return ReadFileInto(PathOf(path), to);
  }

  absl::StatusOr<std::unique_ptr<ByteSink>> Create(const std::string& path) override {
    const std::string whole = PathOf(path);
    GRAFT_RETURN_IF_ERROR(CheckRoot());
    GRAFT_RETURN_IF_ERROR(MakeFolders(fs::path(whole).parent_path()));
    if (access(whole.c_str(), F_OK) == 0) {
      return absl::AlreadyExistsError(whole + " is there already");
    }
    const std::string unfinished = absl::StrCat(whole, kUnfinished);
    unlink(unfinished.c_str());  // of somebody who was killed
    GRAFT_ASSIGN_OR_RETURN(std::unique_ptr<ByteSink> file, MakeFileSink(unfinished));
    return std::make_unique<RenamingSink>(std::move(file), whole);
  }

  absl::Status RemoveFile(const std::string& path) override {
    const std::string whole = PathOf(path);
    GRAFT_RETURN_IF_ERROR(CheckRoot());
    GRAFT_RETURN_IF_ERROR(graft::RemoveFile(whole));
    return SyncIfThere(fs::path(whole).parent_path());
  }

  absl::Status RemoveFolder(const std::string& folder) override {
    std::error_code error;
    GRAFT_RETURN_IF_ERROR(CheckRoot());
    const fs::path whole = PathOf(folder);
    fs::remove_all(whole, error);
    if (error) return Error("remove", whole.string(), error);
    return SyncIfThere(whole.parent_path());
  }

 private:
  std::string PathOf(const std::string& path) const { return (root_ / path).string(); }

  static absl::Status SyncIfThere(const fs::path& folder) {
    std::error_code error;
    return fs::exists(folder, error) ? SyncDirectory(folder.string()) : absl::OkStatus();
  }

  template <typename Visit>
  absl::Status ForEach(const std::string& folder, const Visit& visit) const {
    GRAFT_RETURN_IF_ERROR(CheckRoot());
    std::error_code error;
    fs::directory_iterator entry(PathOf(folder), error);
    if (error == std::errc::no_such_file_or_directory) return absl::OkStatus();
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) visit(*entry);
    return error ? Error("list", PathOf(folder), error) : absl::OkStatus();
  }

  // A root that is gone, or another folder than at first, is no empty storage: its disk is not
  // mounted any more.
  absl::Status CheckRoot() const {
    struct stat status = {};
    const bool there = stat(root_.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    if (there && status.st_dev == device_ && status.st_ino == inode_) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat(root_.string(), " is no longer the folder that it was: is its disk mounted?"));
  }

  const fs::path root_;
  const dev_t device_;
  const ino_t inode_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BackupStorage>> OpenFileStorage(const std::string& root) {
  struct stat status = {};
  if (stat(root.c_str(), &status) != 0 && errno != ENOENT) return FileError("open", root, errno);
  if (S_ISDIR(status.st_mode)) {
    std::error_code error;
    return std::make_unique<FileBackupStorage>(fs::absolute(root, error), status);
  }
  return absl::FailedPreconditionError(absl::StrCat(
      root,
      " is no folder: make it, or mount its disk, then give it as --file-backup-storage-root"));
}

}  // namespace graft
