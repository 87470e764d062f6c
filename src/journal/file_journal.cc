#include "journal/file_journal.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
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
constexpr absl::string_view kTemporarySuffix = ".json.tmp";
// Longer names are refused by common file systems.
constexpr size_t kLongestName = 255;

bool IsRecord(absl::string_view name) {
  return absl::StartsWith(name, kPrefix) && absl::EndsWith(name, kSuffix);
}

bool IsTemporary(absl::string_view name) {
  return absl::StartsWith(name, kPrefix) && absl::EndsWith(name, kTemporarySuffix);
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

absl::StatusOr<std::string> ToJson(const Operation& operation) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status =
      google::protobuf::util::MessageToJsonString(ToJournalRecord(operation), &json, options);
  if (!status.ok()) {
    return absl::InternalError(absl::StrCat("operation ", operation.request.id,
                                            " cannot be written as JSON: ", status.ToString()));
  }
  return json;
}

absl::StatusOr<Operation> FromJson(const std::string& json) {
  v1::JournalRecord record;
  google::protobuf::util::JsonParseOptions options;
  // What an older graft does not know it must not drop: refuse instead.
  options.ignore_unknown_fields = false;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &record, options);
  if (!status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("it is no journal record: ", status.ToString()));
  }
  return FromJournalRecord(record);
}

absl::StatusOr<Operation> LoadRecord(const std::string& path) {
  GRAFT_ASSIGN_OR_RETURN(const std::string json, ReadFile(path));
  absl::StatusOr<Operation> operation = FromJson(json);
  if (operation.ok()) return operation;
  return absl::DataLossError(absl::StrCat(
      "the journal's record ", path, " cannot be read: ", operation.status().message(),
      ". If a newer graft wrote it, run that one; else look at the server's data and replication, "
      "then move the file out of the folder: its operation is forgotten"));
}

bool Older(const Operation& a, const Operation& b) {
  return a.requested != b.requested ? a.requested < b.requested : a.request.id < b.request.id;
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
      if (IsTemporary(name)) GRAFT_RETURN_IF_ERROR(RemoveFile(PathOf(name)));
    }
    // A folder made just now must outlive a crash too; where its parent may not be read, the file
    // system's own order has to do.
    SyncDirectory(absl::StrCat(directory_, "/..")).IgnoreError();
    return absl::OkStatus();
  }

  absl::Status Save(const Operation& operation) override ABSL_LOCKS_EXCLUDED(mutex_) {
    const std::string name = absl::StrCat(kPrefix, Escaped(operation.request.id), kSuffix);
    if (operation.request.id.empty() || name.size() + 4 > kLongestName) {
      return absl::InvalidArgumentError(
          absl::StrCat("the journal keeps no operation whose id is empty or this long: \"",
                       operation.request.id, "\""));
    }
    GRAFT_ASSIGN_OR_RETURN(const std::string json, ToJson(operation));
    absl::MutexLock lock(&mutex_);
    GRAFT_RETURN_IF_ERROR(ReplaceFile(PathOf(name), json));
    GRAFT_RETURN_IF_ERROR(SyncDirectory(directory_));
    // The operation is safe; what could not be cleared away is tried again at the next save.
    Prune().IgnoreError();
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Operation>> Load() override ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> paths, Records());
    std::vector<Operation> operations;
    for (const std::string& path : paths) {
      GRAFT_ASSIGN_OR_RETURN(operations.emplace_back(), LoadRecord(path));
    }
    std::sort(operations.begin(), operations.end(), Older);
    return operations;
  }

 private:
  std::string PathOf(absl::string_view name) const { return absl::StrCat(directory_, "/", name); }

  absl::StatusOr<std::vector<std::string>> Records() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory_));
    std::vector<std::string> paths;
    for (const std::string& name : names) {
      if (IsRecord(name)) paths.push_back(PathOf(name));
    }
    return paths;
  }

  // Removes the oldest ended operations beyond keep_. What cannot be read is nobody's to remove.
  absl::Status Prune() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    GRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> paths, Records());
    auto excess = static_cast<int>(paths.size()) - keep_;
    if (excess <= 0) return absl::OkStatus();
    std::vector<std::pair<Operation, std::string>> ended;
    for (const std::string& path : paths) {
      absl::StatusOr<Operation> operation = LoadRecord(path);
      if (operation.ok() && operation->outcome != Outcome::kRunning) {
        ended.emplace_back(*std::move(operation), path);
      }
    }
    std::sort(ended.begin(), ended.end(),
              [](const auto& a, const auto& b) { return Older(a.first, b.first); });
    for (const auto& [operation, path] : ended) {
      if (excess-- <= 0) break;
      GRAFT_RETURN_IF_ERROR(RemoveFile(path));
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
