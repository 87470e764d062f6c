#include "filestore/folder.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "base/files.h"
#include "filestore/record_file.h"

namespace graft {
namespace {

constexpr Version kHistory = 1000;
constexpr absl::Duration kLockTimeout = absl::Seconds(5);
constexpr char kRevisionMagic[] = "graft-folder-1 ";

absl::StatusOr<Version> ParseRevision(absl::string_view text, const std::string& path) {
  Version version = 0;
  if (!absl::ConsumePrefix(&text, kRevisionMagic) || !absl::ConsumeSuffix(&text, "\n") ||
      !absl::SimpleAtoi(text, &version)) {
    return Damaged(path, "not a revision of graft's");
  }
  return version;
}

}  // namespace

absl::StatusOr<Folder> Folder::Create(Clock& clock, const std::string& root) {
  if (root.empty()) return absl::InvalidArgumentError("folder store: no folder given");
  const std::string boot_id_path = "/proc/sys/kernel/random/boot_id";
  GRAFT_ASSIGN_OR_RETURN(const std::optional<std::string> boot_id, ReadIfThere(boot_id_path));
  if (!boot_id.has_value()) {
    return absl::UnavailableError(absl::StrCat(boot_id_path, " is missing: is /proc mounted?"));
  }
  Folder folder(clock, root, std::string(absl::StripAsciiWhitespace(*boot_id)));
  GRAFT_RETURN_IF_ERROR(folder.Prepare());
  return folder;
}

absl::Status Folder::Prepare() const {
  for (const char* name : {"keys", "events", "leases", "tmp"}) {
    std::error_code error;
    std::filesystem::create_directories(Path(name), error);
    if (error) return StoreStatus(FileError("make the folder", Path(name), error.value()));
  }
  GRAFT_ASSIGN_OR_RETURN(FolderLock lock, FolderLock::Take(*clock_, Path("lock"), kLockTimeout));
  GRAFT_ASSIGN_OR_RETURN(const std::optional<std::string> revision, ReadIfThere(Path("revision")));
  if (revision.has_value()) return ParseRevision(*revision, Path("revision")).status();
  GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> keys, Names("keys"));
  GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> events, Names("events"));
  if (!keys.empty() || !events.empty()) {
    return absl::DataLossError(absl::StrCat("folder store: ", Path("revision"),
                                            " is missing though there are keys: restore it, or "
                                            "move the whole folder away to begin anew"));
  }
  GRAFT_RETURN_IF_ERROR(Replace(Path("revision"), absl::StrCat(kRevisionMagic, 0, "\n")));
  return StoreStatus(SyncDirectory(root_));
}

absl::StatusOr<FolderSession> Folder::Enter(absl::Time deadline) const {
  const absl::Duration patience = std::min(deadline - clock_->Now(), kLockTimeout);
  GRAFT_ASSIGN_OR_RETURN(FolderLock lock, FolderLock::Take(*clock_, Path("lock"), patience));
  FolderSession session(*this, std::move(lock));
  GRAFT_RETURN_IF_ERROR(session.Begin());
  return session;
}

std::string Folder::Path(absl::string_view name) const {
  return absl::StrCat(root_, "/", name);
}

std::string Folder::EventPath(Version version) const {
  return absl::StrFormat("%s/events/%020d", root_, version);
}

absl::Status Folder::Replace(const std::string& path, absl::string_view bytes, bool durable) const {
  ReplaceOptions options;
  options.scratch = Path("tmp/new");
  options.mode = 0640;
  options.durable = durable;
  return StoreStatus(ReplaceFile(path, bytes, options));
}

absl::StatusOr<std::vector<std::string>> Folder::Names(absl::string_view folder) const {
  absl::StatusOr<std::vector<std::string>> names = ListDirectory(Path(folder));
  if (!names.ok()) return StoreStatus(names.status());
  return names;
}

absl::Status FolderSession::Begin() {
  const std::string path = folder_.Path("revision");
  GRAFT_ASSIGN_OR_RETURN(const std::optional<std::string> text, ReadIfThere(path));
  if (!text.has_value()) return Damaged(path, "missing");
  GRAFT_ASSIGN_OR_RETURN(version_, ParseRevision(*text, path));
  // An event beyond the revision: its writer died, or the power failed, before the rest.
  while (true) {
    const std::string event_path = folder_.EventPath(version_ + 1);
    GRAFT_ASSIGN_OR_RETURN(const std::optional<std::string> bytes, ReadIfThere(event_path));
    if (!bytes.has_value()) break;
    GRAFT_ASSIGN_OR_RETURN(const KeyEvent event, DecodeRecord(*bytes, event_path));
    GRAFT_RETURN_IF_ERROR(Apply(event));
  }
  return DropOverdueLeases();
}

absl::StatusOr<KeyValue> FolderSession::Read(absl::string_view key) const {
  GRAFT_ASSIGN_OR_RETURN(const std::string name, KeyFileName(key));
  const std::string path = folder_.Path("keys/" + name);
  GRAFT_ASSIGN_OR_RETURN(const std::optional<std::string> bytes, ReadIfThere(path));
  if (!bytes.has_value()) {
    return absl::NotFoundError(absl::StrCat("folder store: no such key: ", key));
  }
  GRAFT_ASSIGN_OR_RETURN(KeyEvent event, DecodeRecord(*bytes, path));
  if (event.item.key != key) return Damaged(path, "holds another key than its name says");
  return std::move(event.item);
}

absl::StatusOr<std::vector<KeyValue>> FolderSession::List(absl::string_view prefix) const {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> names, folder_.Names("keys"));
  std::vector<KeyValue> result;
  for (const std::string& name : names) {
    const std::optional<std::string> key = KeyOfFileName(name);
    if (!key.has_value()) return Damaged(folder_.Path("keys/" + name), "not a file of graft's");
    if (!absl::StartsWith(*key, prefix)) continue;
    GRAFT_ASSIGN_OR_RETURN(KeyValue item, Read(*key));
    result.push_back(std::move(item));
  }
  std::sort(result.begin(), result.end(),
            [](const KeyValue& a, const KeyValue& b) { return a.key < b.key; });
  return result;
}

absl::StatusOr<Version> FolderSession::Commit(KeyEvent event) {
  event.item.version = version_ + 1;
  const bool put = event.kind == KeyEvent::Kind::kPut;
  if (put && event.item.create_version == 0) event.item.create_version = event.item.version;
  GRAFT_RETURN_IF_ERROR(
      folder_.Replace(folder_.EventPath(event.item.version), EncodeRecord(event)));
  GRAFT_RETURN_IF_ERROR(StoreStatus(SyncDirectory(folder_.Path("events"))));
  GRAFT_RETURN_IF_ERROR(Apply(event));
  return version_;
}

absl::Status FolderSession::Apply(const KeyEvent& event) {
  GRAFT_ASSIGN_OR_RETURN(const std::string name, KeyFileName(event.item.key));
  const std::string path = folder_.Path("keys/" + name);
  GRAFT_RETURN_IF_ERROR(event.kind == KeyEvent::Kind::kDelete
                            ? StoreStatus(RemoveFile(path))
                            : folder_.Replace(path, EncodeRecord(event)));
  GRAFT_RETURN_IF_ERROR(StoreStatus(SyncDirectory(folder_.Path("keys"))));
  if (event.item.version > kHistory) {
    GRAFT_RETURN_IF_ERROR(
        StoreStatus(RemoveFile(folder_.EventPath(event.item.version - kHistory))));
  }
  return WriteVersion(event.item.version);
}

absl::Status FolderSession::WriteVersion(Version version) {
  GRAFT_RETURN_IF_ERROR(
      folder_.Replace(folder_.Path("revision"), absl::StrCat(kRevisionMagic, version, "\n")));
  version_ = version;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<KeyEvent>> FolderSession::EventsAfter(Version after) const {
  std::vector<KeyEvent> events;
  for (Version version = after + 1; version <= version_; ++version) {
    const std::string path = folder_.EventPath(version);
    GRAFT_ASSIGN_OR_RETURN(const std::optional<std::string> bytes, ReadIfThere(path));
    if (!bytes.has_value()) {
      return absl::OutOfRangeError(absl::StrCat("folder store: no event ", version, " any more"));
    }
    GRAFT_ASSIGN_OR_RETURN(KeyEvent event, DecodeRecord(*bytes, path));
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace graft
