#include "backups/take_backup.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {
namespace {

namespace fs = std::filesystem;

constexpr char kRedoFolder[] = "#innodb_redo";
// A file that is more than its thread's share of the data would be the last one for long: zstd
// compresses it with threads of its own.
constexpr int kWorkersOfLargeFile = 2;

using SystemFiles = std::vector<std::string>;

// The InnoDB files of the data directory itself.
bool IsSystemFile(const std::string& name, const SystemFiles& system) {
  return std::find(system.begin(), system.end(), name) != system.end() ||
         absl::StartsWith(name, "undo_") || absl::EndsWith(name, ".ibu");
}

// A redo log file that is not in use yet.
bool IsSpareRedo(const std::string& name) {
  return absl::StartsWith(name, kRedoFolder) && absl::EndsWith(name, "_tmp");
}

// InnoDB's own folders begin with '#'; of those only the redo log's is kept.
bool IsBackedUp(const std::string& first, bool in_folder, const SystemFiles& system) {
  if (in_folder) return !absl::StartsWith(first, "#") || first == kRedoFolder;
  return IsSystemFile(first, system) || absl::EndsWith(first, ".ibd");
}

BackupBase BaseOf(const std::string& first, bool in_folder, const SystemFiles& system) {
  if (in_folder) return first == kRedoFolder ? BackupBase::kInnodbLog : BackupBase::kData;
  return IsSystemFile(first, system) ? BackupBase::kInnodbData : BackupBase::kData;
}

absl::Status Look(const fs::directory_entry& entry, const std::string& name,
                  const SystemFiles& system, SourceFiles& source) {
  std::error_code error;
  const bool in_folder = absl::StrContains(name, '/') || entry.is_directory(error);
  const std::string first = name.substr(0, name.find('/'));
  if (!IsBackedUp(first, in_folder, system) || IsSpareRedo(name)) return absl::OkStatus();
  if (entry.is_symlink(error)) {
    return absl::FailedPreconditionError(
        absl::StrCat(entry.path().string(), " is a link: the backup would miss what it leads to"));
  }
  if (entry.is_directory(error)) {
    if (fs::is_empty(entry.path(), error)) source.empty_folders.push_back(name);
    return absl::OkStatus();
  }
  if (!entry.is_regular_file(error)) return absl::OkStatus();
  const auto bytes = entry.file_size(error);
  if (error) return FileError("look at", entry.path().string(), error.value());
  source.files.push_back({{BaseOf(first, in_folder, system), name, "", ""},
                          entry.path().string(),
                          static_cast<int64_t>(bytes)});
  return absl::OkStatus();
}

class Taking {
 public:
  Taking(BackupStorage& storage, const SourceFiles& source, Backup backup,
         const TakeOptions& options, Clock& clock, BackupProgress& progress,
         const std::function<absl::Status(const Backup&)>& check)
      : storage_(storage),
        source_(source),
        backup_(std::move(backup)),
        options_(options),
        clock_(clock),
        progress_(progress),
        check_(check) {}

  absl::StatusOr<Backup> Run() {
    const size_t count = source_.files.size();
    contents_.files.resize(count);
    contents_.empty_folders = source_.empty_folders;
    for (const SourceFile& file : source_.files) {
      backup_.manifest.files.push_back(file.file);
      share_ += file.bytes / options_.threads;
    }
    GRAFT_RETURN_IF_ERROR(ForEachFile(count, options_.threads, [this](size_t number) {
      const absl::Status first = Store(number);
      if (first.ok() || absl::IsAlreadyExists(first) || absl::IsCancelled(first)) return first;
      return Store(number);
    }));
    backup_.manifest.finished_time = absl::FromUnixSeconds(absl::ToUnixSeconds(clock_.Now()));
    const std::string manifest = ManifestText(backup_.manifest);
    contents_.manifest_sha256 = backup_.manifest_sha256 = Sha256Of(manifest);
    GRAFT_RETURN_IF_ERROR(StoreText(kContentsName, ContentsText(contents_)));
    backup_.proves_content = true;
    GRAFT_RETURN_IF_ERROR(check_(backup_));
    GRAFT_RETURN_IF_ERROR(StoreText(kManifestName, manifest));
    GRAFT_ASSIGN_OR_RETURN(const auto stored, storage_.ListFiles(backup_.folder()));
    for (const StoredFile& file : stored) backup_.stored_bytes += file.bytes;
    return backup_;
  }

 private:
  // Each thread writes to its own file's place alone.
  absl::Status Store(size_t number) {
    const SourceFile& source = source_.files[number];
    GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSink> to,
                           storage_.Create(absl::StrCat(backup_.folder(), "/", number)));
    const int workers = source.bytes > share_ ? kWorkersOfLargeFile : 0;
    HashingSink stored(HashKind::kCrc32, *to);
    const std::unique_ptr<ByteSink> packed =
        MakeCompressor(options_.compression, options_.level, workers, stored);
    HashingSink content(HashKind::kSha256, *packed);
    ProgressSink counted(progress_, content);
    GRAFT_RETURN_IF_ERROR(ReadFileInto(source.path, counted));
    GRAFT_RETURN_IF_ERROR(counted.Finish());
    if (content.bytes() != source.bytes) {
      return absl::AbortedError(absl::StrCat(source.path, " had ", source.bytes, " bytes and has ",
                                             content.bytes(), ": something works on it"));
    }
    backup_.manifest.files[number].hash = stored.hex();
    contents_.files[number] = {content.bytes(), content.hex()};
    ++progress_.files;
    return absl::OkStatus();
  }

  absl::Status StoreText(absl::string_view name, const std::string& text) {
    GRAFT_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSink> to,
                           storage_.Create(absl::StrCat(backup_.folder(), "/", name)));
    GRAFT_RETURN_IF_ERROR(to->Append(text));
    return to->Finish();
  }

  BackupStorage& storage_;
  const SourceFiles& source_;
  Backup backup_;
  const TakeOptions& options_;
  Clock& clock_;
  BackupProgress& progress_;
  const std::function<absl::Status(const Backup&)>& check_;
  Contents contents_;
  int64_t share_ = 0;  // bytes for each thread, if all have as much to do
};

}  // namespace

absl::StatusOr<SourceFiles> ListSourceFiles(const std::string& data_directory,
                                            const std::vector<std::string>& system_files) {
  SourceFiles source;
  std::error_code error;
  fs::recursive_directory_iterator entry(data_directory, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().lexically_relative(data_directory).string();
    GRAFT_RETURN_IF_ERROR(Look(*entry, name, system_files, source));
  }
  if (error) return FileError("list", data_directory, error.value());
  for (const std::string& name : system_files) {
    const bool there = std::any_of(source.files.begin(), source.files.end(),
                                   [&](const auto& file) { return file.file.name == name; });
    if (there) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(data_directory, " holds no ", name, ", which innodb_data_file_path names"));
  }
  std::sort(source.files.begin(), source.files.end(), [](const SourceFile& a, const SourceFile& b) {
    return std::make_pair(-a.bytes, a.file.name) < std::make_pair(-b.bytes, b.file.name);
  });
  std::sort(source.empty_folders.begin(), source.empty_folders.end());
  return source;
}

absl::StatusOr<Backup> TakeBackup(BackupStorage& storage, const SourceFiles& source,
                                  Manifest manifest, const TakeOptions& options, Clock& clock,
                                  BackupProgress& progress,
                                  const std::function<absl::Status(const Backup&)>& check) {
  Backup backup;
  backup.shard = absl::StrCat(manifest.keyspace, "/", manifest.shard);
  GRAFT_ASSIGN_OR_RETURN(const TabletAlias alias, TabletAlias::Parse(manifest.tablet_alias));
  backup.name = {manifest.time, alias};
  manifest.name = backup.name.ToString();
  manifest.method = "builtin";
  manifest.compression_engine = std::string(EngineName(options.compression));
  manifest.skip_compress = options.compression == Compression::kNone;
  backup.manifest = std::move(manifest);
  GRAFT_ASSIGN_OR_RETURN(const auto there, storage.ListFiles(backup.folder()));
  if (!there.empty()) {
    return absl::AlreadyExistsError(absl::StrCat("there is a backup ", backup.folder()));
  }
  absl::StatusOr<Backup> taken =
      Taking(storage, source, backup, options, clock, progress, check).Run();
  if (!taken.ok()) RemoveBackup(storage, backup).IgnoreError();
  return taken;
}

}  // namespace graft
