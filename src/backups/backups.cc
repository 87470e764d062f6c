#include "backups/backups.h"

#include <algorithm>
#include <memory>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"

namespace graft {
namespace {

absl::StatusOr<std::string> ReadSmall(BackupStorage& storage, const std::string& path) {
  TextSink text(kMostManifestBytes);
  GRAFT_RETURN_IF_ERROR(storage.Read(path, text));
  return text.text();
}

// What is stored of the manifest and beside it.
void ReadState(BackupStorage& storage, Backup& backup) {
  const absl::StatusOr<std::string> text =
      ReadSmall(storage, absl::StrCat(backup.folder(), "/", kManifestName));
  if (absl::IsNotFound(text.status())) {
    backup.state =
        absl::NotFoundError("MANIFEST is missing: the backup is incomplete, or is being made");
    return;
  }
  absl::StatusOr<Manifest> manifest =
      text.ok() ? ParseManifest(*text) : absl::StatusOr<Manifest>(text.status());
  if (!manifest.ok()) {
    backup.state = Annotate(manifest.status(), "MANIFEST cannot be read");
    return;
  }
  backup.manifest = *std::move(manifest);
  backup.manifest_sha256 = Sha256Of(*text);
  backup.state = CheckRestorable(backup.manifest).status();
  const std::string shard = absl::StrCat(backup.manifest.keyspace, "/", backup.manifest.shard);
  if (backup.state.ok() && shard != "/" && shard != backup.shard) {
    backup.state = absl::DataLossError("MANIFEST says that the backup is of the shard " + shard);
  }
}

absl::Status CountFiles(BackupStorage& storage, Backup& backup) {
  GRAFT_ASSIGN_OR_RETURN(const auto files, storage.ListFiles(backup.folder()));
  for (const StoredFile& file : files) {
    backup.stored_bytes += file.bytes;
    backup.proves_content |= file.name == kContentsName;
  }
  return absl::OkStatus();
}

// An incomplete one that is younger may be under way.
constexpr absl::Duration kLongestBackup = absl::Hours(24);

std::string Label(const Manifest& manifest, size_t number) {
  return absl::StrCat("file ", number, " (", manifest.files[number].name, ")");
}

}  // namespace

absl::Status ProgressSink::Append(absl::string_view bytes) {
  progress_.bytes += static_cast<int64_t>(bytes.size());
  if (progress_.interrupted != nullptr && progress_.interrupted()) {
    return absl::CancelledError("interrupted");
  }
  return next_.Append(bytes);
}

absl::StatusOr<std::vector<Backup>> ListBackups(BackupStorage& storage, const std::string& shard) {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> names, storage.ListFolders(shard));
  std::vector<Backup> backups;
  for (const std::string& name : names) {
    const absl::StatusOr<BackupName> parsed = BackupName::Parse(name);
    if (!parsed.ok() || parsed->ToString() != name) continue;
    Backup backup;
    backup.shard = shard;
    backup.name = *parsed;
    ReadState(storage, backup);
    GRAFT_RETURN_IF_ERROR(CountFiles(storage, backup));
    backups.push_back(std::move(backup));
  }
  std::sort(backups.begin(), backups.end(), [](const Backup& a, const Backup& b) {
    return std::make_pair(a.name.time, a.name.ToString()) <
           std::make_pair(b.name.time, b.name.ToString());
  });
  return backups;
}

absl::StatusOr<Backup> ChooseBackup(const std::vector<Backup>& backups,
                                    const BackupChoice& choice) {
  std::vector<std::string> others;
  for (auto backup = backups.rbegin(); backup != backups.rend(); ++backup) {
    const std::string name = backup->name.ToString();
    if (!choice.name.empty()) {
      if (name == choice.name && backup->state.ok()) return *backup;
      if (name == choice.name) return Annotate(backup->state, "the backup " + name);
      others.push_back(name);
      continue;
    }
    const bool fits =
        backup->name.time <= choice.not_after && backup->name.time >= choice.not_before;
    if (fits && backup->state.ok()) return *backup;
    others.push_back(absl::StrCat(
        name, " (", fits ? std::string(backup->state.message()) : "of another time", ")"));
  }
  constexpr size_t kMostNamed = 5;
  const size_t count = others.size();
  others.resize(std::min(count, kMostNamed));
  return absl::NotFoundError(
      absl::StrCat(choice.name.empty() ? "no complete backup fits"
                                       : absl::StrCat("there is no backup ", choice.name),
                   count == 0 ? "; the shard has none"
                              : absl::StrCat("; there is ", absl::StrJoin(others, ", ")),
                   count > kMostNamed ? absl::StrCat(" and ", count - kMostNamed, " more") : ""));
}

absl::Status ReadBackupFile(BackupStorage& storage, const Backup& backup, size_t number,
                            const Contents& contents, ByteSink& to, BackupProgress& progress) {
  const Manifest& manifest = backup.manifest;
  GRAFT_ASSIGN_OR_RETURN(const Compression compression, CheckRestorable(manifest));
  HashingSink content(HashKind::kSha256, to);
  const std::unique_ptr<ByteSink> plain = MakeDecompressor(compression, content);
  HashingSink stored(HashKind::kCrc32, *plain);
  ProgressSink counted(progress, stored);
  absl::Status status = storage.Read(absl::StrCat(backup.folder(), "/", number), counted);
  if (absl::IsNotFound(status)) status = absl::DataLossError("missing in the storage");
  if (status.ok()) status = counted.Finish();
  const std::string& wanted = manifest.files[number].hash;
  if (status.ok() && !absl::EqualsIgnoreCase(stored.hex(), wanted)) {
    status = absl::DataLossError(
        absl::StrCat("the CRC-32 is ", stored.hex(), ", the MANIFEST says ", wanted));
  }
  if (status.ok() && !contents.files.empty()) {
    const FileContent& known = contents.files[number];
    if (content.hex() != known.sha256 || content.bytes() != known.bytes) {
      status = absl::DataLossError(
          absl::StrCat("the content has ", content.bytes(), " bytes and the SHA-256 ",
                       content.hex(), ", GRAFT says ", known.bytes, " and ", known.sha256));
    }
  }
  ++progress.files;
  return Annotate(status, Label(manifest, number));
}

absl::StatusOr<Contents> ReadContents(BackupStorage& storage, const Backup& backup) {
  if (!backup.proves_content) return Contents();
  GRAFT_ASSIGN_OR_RETURN(const std::string text,
                         ReadSmall(storage, absl::StrCat(backup.folder(), "/", kContentsName)));
  absl::StatusOr<Contents> contents = ParseContents(text);
  if (!contents.ok()) return Annotate(contents.status(), "GRAFT cannot be read");
  if (contents->manifest_sha256 != backup.manifest_sha256) {
    return absl::DataLossError("MANIFEST is not the one that GRAFT was written for");
  }
  if (contents->files.size() == backup.manifest.files.size()) return contents;
  return absl::DataLossError(absl::StrCat("GRAFT lists ", contents->files.size(),
                                          " files, MANIFEST ", backup.manifest.files.size()));
}

absl::Status ForEachFile(size_t count, int threads,
                         const std::function<absl::Status(size_t)>& work) {
  absl::Mutex mutex;
  size_t next = 0;
  size_t failed_at = count;
  absl::Status result;
  const auto run = [&] {
    while (true) {
      size_t number = 0;
      {
        const absl::MutexLock lock(&mutex);
        if (next >= count || failed_at < count) return;
        number = next++;
      }
      const absl::Status status = work(number);
      const absl::MutexLock lock(&mutex);
      if (status.ok() || number >= failed_at) continue;
      failed_at = number;
      result = status;
    }
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads && static_cast<size_t>(i) < count; ++i) others.emplace_back(run);
  run();
  for (std::thread& thread : others) thread.join();
  return result;
}

absl::StatusOr<std::vector<std::string>> VerifyBackup(BackupStorage& storage, const Backup& backup,
                                                      int threads, BackupProgress& progress) {
  GRAFT_RETURN_IF_ERROR(backup.state);
  absl::StatusOr<Contents> contents = ReadContents(storage, backup);
  std::vector<std::string> faults(backup.manifest.files.size());
  if (absl::IsDataLoss(contents.status())) {  // the CRC-32 remains
    faults.emplace_back(contents.status().message());
    contents = Contents();
  }
  GRAFT_RETURN_IF_ERROR(contents.status());
  GRAFT_RETURN_IF_ERROR(ForEachFile(backup.manifest.files.size(), threads, [&](size_t number) {
    NullSink nowhere;
    const absl::Status status =
        ReadBackupFile(storage, backup, number, *contents, nowhere, progress);
    if (!absl::IsDataLoss(status)) return status;
    faults[number] = std::string(status.message());
    return absl::OkStatus();
  }));
  faults.erase(std::remove(faults.begin(), faults.end(), ""), faults.end());
  return faults;
}

absl::StatusOr<std::vector<Backup>> ChoosePruned(const std::vector<Backup>& backups,
                                                 const Retention& retention, absl::Time now) {
  if (retention.min_count < 1) {
    return absl::InvalidArgumentError(
        "--min-retention-count must be at least 1: the last complete backup is never removed");
  }
  std::vector<Backup> pruned;
  int complete = 0;
  for (auto backup = backups.rbegin(); backup != backups.rend(); ++backup) {
    const absl::Duration age = now - backup->name.time;
    if (age < absl::ZeroDuration()) continue;
    const bool beyond = backup->state.ok() ? ++complete > retention.min_count
                                           : absl::IsNotFound(backup->state) && complete > 0 &&
                                                 age > kLongestBackup;
    if (beyond && age > retention.min_time) pruned.push_back(*backup);
  }
  std::reverse(pruned.begin(), pruned.end());
  return pruned;
}

absl::Status RemoveBackup(BackupStorage& storage, const Backup& backup) {
  GRAFT_RETURN_IF_ERROR(storage.RemoveFile(absl::StrCat(backup.folder(), "/", kManifestName)));
  return storage.RemoveFolder(backup.folder());
}

}  // namespace graft
