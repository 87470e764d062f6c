#include "journal/file_journal.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "base/errors.h"
#include "base/files.h"
#include "google/protobuf/util/json_util.h"
#include "graft/v1/journal.pb.h"
#include "wire/operation_proto.h"

namespace graft {
namespace {

constexpr absl::string_view kPrefix = "operation-";
constexpr absl::string_view kSuffix = ".json";
// Common file systems refuse names of more than 255 bytes; the rest is for what is added to a name.
constexpr size_t kLongestName = 255 - 12;

bool IsRecord(absl::string_view name) {
  return absl::StartsWith(name, kPrefix) && absl::EndsWith(name, kSuffix);
}

// An id as part of a file's name: what is not plainly harmless becomes %XX, so that no id leaves
// the folder and two ids never share a file.
std::string Escaped(absl::string_view id) {
  std::string text;
  for (const char c : id) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.') {
      text.push_back(c);
    } else {
      absl::StrAppendFormat(&text, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return text;
}

std::string NameOf(const Operation& operation) {
  return absl::StrCat(kPrefix, Escaped(operation.request.id), kSuffix);
}

absl::StatusOr<TabletState> FromJson(const std::string& json) {
  v1::JournalRecord record;
  google::protobuf::util::JsonParseOptions options;
  // This graft must not drop fields that it does not know, so it refuses the record.
  options.ignore_unknown_fields = false;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &record, options);
  if (!status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("it is no journal record: ", status.ToString()));
  }
  return FromJournalRecord(record);
}

// As Load() can read it. INVALID_ARGUMENT: it could not.
absl::StatusOr<std::string> ToJson(const TabletState& state) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status =
      google::protobuf::util::MessageToJsonString(ToJournalRecord(state), &json, options);
  if (!status.ok()) {
    return absl::InternalError(absl::StrCat("operation ", state.operation.request.id,
                                            " cannot be written as JSON: ", status.ToString()));
  }
  const absl::Status readable = FromJson(json).status();
  if (readable.ok()) return json;
  return absl::InvalidArgumentError(
      absl::StrCat("the journal keeps no record that it could not read again: operation ",
                   state.operation.request.id, ": ", readable.message()));
}

DamagedRecord Damaged(const std::string& path, const absl::Status& status) {
  return {path, absl::StrCat("the journal's record ", path, " cannot be read: ", status.message(),
                             ". If a newer graft wrote it, run that one")};
}

class FileJournal : public Journal {
 public:
  FileJournal(std::string directory, int keep) : directory_(std::move(directory)), keep_(keep) {}

  // Makes the folder and clears it of half-written files.
  absl::Status Open() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    GRAFT_RETURN_IF_ERROR(MakeDirectory(directory_));
    GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory_));
    for (const std::string& name : names) {
      // What cannot be removed is in the way of that one record alone, whose save says so.
      const bool half_written =
          absl::StartsWith(name, kPrefix) && absl::EndsWith(name, ".json.tmp");
      if (half_written) RemoveFile(PathOf(name)).IgnoreError();
    }
    // A folder made just now must outlive a crash too; where its parent may not be read, the file
    // system's own order has to do.
    SyncDirectory(absl::StrCat(directory_, "/..")).IgnoreError();
    return absl::OkStatus();
  }

  absl::Status Save(const TabletState& state) override ABSL_LOCKS_EXCLUDED(mutex_) {
    const Operation& operation = state.operation;
    const std::string name = NameOf(operation);
    if (operation.request.id.empty() || name.size() > kLongestName) {
      return absl::InvalidArgumentError(
          absl::StrCat("the journal keeps no operation whose id is empty or this long: \"",
                       operation.request.id, "\""));
    }
    GRAFT_ASSIGN_OR_RETURN(const std::string json, ToJson(state));
    absl::MutexLock lock(&mutex_);
    GRAFT_RETURN_IF_ERROR(Annotate(Write(PathOf(name), json), "journal"));
    // The operation is safe. The next save removes the files that could not be removed now.
    Prune().IgnoreError();
    return absl::OkStatus();
  }

  absl::StatusOr<LoadedJournal> Load() override ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return LoadAll();
  }

  absl::Status SetDamagedAside() override ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    GRAFT_ASSIGN_OR_RETURN(const LoadedJournal loaded, LoadAll());
    for (const DamagedRecord& record : loaded.damaged) {
      const std::string aside = FreeNameFor(absl::StrCat(record.file, ".damaged"));
      if (rename(record.file.c_str(), aside.c_str()) != 0) {
        return Annotate(FileError("rename", record.file, errno), "journal");
      }
    }
    return loaded.damaged.empty() ? absl::OkStatus() : SyncDirectory(directory_);
  }

 private:
  std::string PathOf(absl::string_view name) const { return absl::StrCat(directory_, "/", name); }

  absl::Status Write(const std::string& path, const std::string& json)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    // Somebody may have removed the folder, or the state directory that holds it.
    const std::filesystem::path folder(directory_);
    std::error_code error;
    if (!std::filesystem::exists(folder, error)) {
      if (folder.has_parent_path()) GRAFT_RETURN_IF_ERROR(MakeDirectory(folder.parent_path()));
      GRAFT_RETURN_IF_ERROR(MakeDirectory(directory_));
    }
    GRAFT_RETURN_IF_ERROR(ReplaceFile(path, json));
    return SyncDirectory(directory_);
  }

  // `path` itself, or with a number behind it: nothing that was set aside before is overwritten.
  static std::string FreeNameFor(const std::string& path) {
    std::string name = path;
    std::error_code error;
    for (int i = 2; std::filesystem::exists(name, error); ++i) name = absl::StrCat(path, "-", i);
    return name;
  }

  absl::StatusOr<LoadedJournal> LoadAll() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    absl::StatusOr<std::vector<std::string>> paths = Records();
    if (!paths.ok()) return Annotate(paths.status(), "journal");
    LoadedJournal loaded;
    for (const std::string& path : *paths) {
      const absl::StatusOr<std::string> json = ReadFile(path);
      absl::StatusOr<TabletState> state = json.ok() ? FromJson(*json) : json.status();
      if (state.ok() && PathOf(NameOf(state->operation)) != path) {
        state = absl::DataLossError(
            absl::StrCat("it is a copy of the record of operation ", state->operation.request.id));
      }
      if (state.ok()) {
        loaded.states.push_back(*std::move(state));
      } else if (!absl::IsNotFound(state.status())) {
        loaded.damaged.push_back(Damaged(path, state.status()));
      }
    }
    std::sort(loaded.states.begin(), loaded.states.end(), IsOlder);
    return loaded;
  }

  absl::StatusOr<std::vector<std::string>> Records() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory_));
    std::vector<std::string> paths;
    for (const std::string& name : names) {
      if (IsRecord(name)) paths.push_back(PathOf(name));
    }
    return paths;
  }

  // Removes the oldest ended operations beyond keep_, never the newest. Records that cannot be read
  // stay, and do not count as kept.
  absl::Status Prune() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> paths, Records());
    if (static_cast<int>(paths.size()) <= keep_) return absl::OkStatus();
    GRAFT_ASSIGN_OR_RETURN(LoadedJournal loaded, LoadAll());
    auto excess = static_cast<int>(loaded.states.size()) - keep_;
    for (size_t i = 0; excess > 0 && i + 1 < loaded.states.size(); ++i) {
      const Operation& operation = loaded.states[i].operation;
      if (operation.outcome == Outcome::kRunning) continue;
      GRAFT_RETURN_IF_ERROR(RemoveFile(PathOf(NameOf(operation))));
      --excess;
    }
    return SyncDirectory(directory_);
  }

  const std::string directory_;
  const int keep_;
  absl::Mutex mutex_;  // one save at a time; also guards the folder's files
};

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> MakeFileJournal(const std::string& directory, int keep) {
  if (directory.empty() || keep < 1) {
    return absl::InvalidArgumentError(
        "the journal needs a folder and must keep at least one operation");
  }
  auto journal = std::make_unique<FileJournal>(directory, keep);
  GRAFT_RETURN_IF_ERROR(Annotate(journal->Open(), "journal"));
  return journal;
}

}  // namespace graft
