#include "backups/manifest.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/errors.h"

namespace graft {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kNameTime[] = "%Y-%m-%d.%H%M%S";
constexpr char kFieldTime[] = "%Y-%m-%dT%H:%M:%SZ";
constexpr absl::string_view kFlavor = "MySQL56/";

constexpr std::array<std::pair<BackupBase, absl::string_view>, 4> kBases = {
    {{BackupBase::kData, "Data"},
     {BackupBase::kInnodbData, "InnoDBData"},
     {BackupBase::kInnodbLog, "InnoDBLog"},
     {BackupBase::kBinLog, "BinLog"}}};

absl::string_view NameOf(BackupBase base) {
  return kBases[static_cast<size_t>(base)].second;
}

// The fields of one JSON object, read one by one; the first that has the wrong kind is the error.
class Fields {
 public:
  explicit Fields(const Json& json, std::string where = "")
      : json_(json), where_(std::move(where)) {
    if (!json.is_object()) status_ = absl::DataLossError(where_ + "no JSON object");
  }

  void Read(const char* name, std::string& into) {
    const Json* value = Find(name);
    if (value != nullptr && Check(value->is_string(), name)) into = value->get<std::string>();
  }
  void Read(const char* name, bool& into) {
    const Json* value = Find(name);
    if (value != nullptr && Check(value->is_boolean(), name)) into = value->get<bool>();
  }
  void Read(const char* name, int64_t& into) {
    const Json* value = Find(name);
    if (value != nullptr && Check(value->is_number_integer(), name)) into = value->get<int64_t>();
  }
  void Read(const char* name, absl::Time& into) {
    std::string text;
    Read(name, text);
    if (!text.empty()) Check(absl::ParseTime(absl::RFC3339_full, text, &into, nullptr), name);
  }
  // nullptr: not there, or null.
  const Json* ReadList(const char* name) {
    const Json* value = Find(name);
    return value != nullptr && Check(value->is_array(), name) ? value : nullptr;
  }

  void Fail(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }
  const absl::Status& status() const { return status_; }

 private:
  const Json* Find(const char* name) const {
    if (!json_.is_object()) return nullptr;
    const auto found = json_.find(name);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  bool Check(bool good, const char* name) {
    if (!good) Fail(absl::DataLossError(absl::StrCat(where_, "the field ", name, " is no such")));
    return good;
  }

  const Json& json_;
  const std::string where_;
  absl::Status status_;
};

absl::StatusOr<Json> ParseJson(absl::string_view text) {
  Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return absl::DataLossError("no JSON, or the text ends too early");
  return json;
}

std::string TextOf(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime(kFieldTime, time, absl::UTCTimeZone());
}

absl::StatusOr<BackupFile> ParseFile(const Json& json, size_t number) {
  BackupFile file;
  std::string base;
  Fields fields(json, absl::StrCat("FileEntries[", number, "]: "));
  fields.Read("Base", base);
  fields.Read("Name", file.name);
  fields.Read("Hash", file.hash);
  fields.Read("ParentPath", file.parent_path);
  GRAFT_RETURN_IF_ERROR(fields.status());
  for (const auto& [known, name] : kBases) {
    if (name == base) {
      file.base = known;
      return file;
    }
  }
  return absl::DataLossError(
      absl::StrCat("FileEntries[", number, "]: the Base \"", base, "\" is unknown"));
}

}  // namespace

absl::StatusOr<BackupName> BackupName::Parse(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits('.', 2));
  BackupName name;
  if (parts.size() == 3 && parts[0].size() == 10 && parts[1].size() == 6 &&
      absl::ParseTime(kNameTime, absl::StrCat(parts[0], ".", parts[1]), &name.time, nullptr)) {
    const absl::StatusOr<TabletAlias> alias = TabletAlias::Parse(parts[2]);
    if (alias.ok()) {
      name.alias = *alias;
      return name;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no backup's name, as 2026-11-28.113000.zone1-0000000101 is"));
}

std::string BackupName::ToString() const {
  return absl::StrCat(absl::FormatTime(kNameTime, time, absl::UTCTimeZone()), ".",
                      alias.ToString());
}

absl::StatusOr<Manifest> ParseManifest(absl::string_view text) {
  GRAFT_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  Manifest manifest;
  Fields fields(json);
  fields.Read("BackupName", manifest.name);
  fields.Read("BackupMethod", manifest.method);
  fields.Read("Position", manifest.position);
  fields.Read("PurgedPosition", manifest.purged_position);
  fields.Read("FromPosition", manifest.from_position);
  fields.Read("FromBackup", manifest.from_backup);
  fields.Read("Incremental", manifest.incremental);
  fields.Read("BackupTime", manifest.time);
  fields.Read("FinishedTime", manifest.finished_time);
  fields.Read("ServerUUID", manifest.server_uuid);
  fields.Read("TabletAlias", manifest.tablet_alias);
  fields.Read("Hostname", manifest.hostname);
  fields.Read("Keyspace", manifest.keyspace);
  fields.Read("Shard", manifest.shard);
  fields.Read("MySQLVersion", manifest.mysql_version);
  fields.Read("UpgradeSafe", manifest.upgrade_safe);
  fields.Read("CompressionEngine", manifest.compression_engine);
  fields.Read("ExternalDecompressor", manifest.external_decompressor);
  fields.Read("SkipCompress", manifest.skip_compress);
  const Json* files = fields.ReadList("FileEntries");
  for (size_t i = 0; files != nullptr && i < files->size(); ++i) {
    GRAFT_ASSIGN_OR_RETURN(BackupFile file, ParseFile((*files)[i], i));
    manifest.files.push_back(std::move(file));
  }
  GRAFT_RETURN_IF_ERROR(fields.status());
  return manifest;
}

std::string ManifestText(const Manifest& manifest) {
  Json json = {{"BackupName", manifest.name},
               {"BackupMethod", manifest.method},
               {"Position", manifest.position},
               {"PurgedPosition", manifest.purged_position},
               {"FromPosition", manifest.from_position},
               {"FromBackup", manifest.from_backup},
               {"Incremental", manifest.incremental},
               {"BackupTime", TimeText(manifest.time)},
               {"FinishedTime", TimeText(manifest.finished_time)},
               {"ServerUUID", manifest.server_uuid},
               {"TabletAlias", manifest.tablet_alias},
               {"Hostname", manifest.hostname},
               {"Keyspace", manifest.keyspace},
               {"Shard", manifest.shard},
               {"MySQLVersion", manifest.mysql_version},
               {"UpgradeSafe", manifest.upgrade_safe},
               {"IncrementalDetails", nullptr}};
  if (!manifest.compression_engine.empty()) {
    json["CompressionEngine"] = manifest.compression_engine;
  }
  Json& files = json["FileEntries"] = Json::array();
  for (const BackupFile& file : manifest.files) {
    files.push_back({{"Base", NameOf(file.base)},
                     {"Name", file.name},
                     {"Hash", file.hash},
                     {"ParentPath", file.parent_path}});
  }
  json["SkipCompress"] = manifest.skip_compress;
  json["ExternalDecompressor"] = manifest.external_decompressor;
  return TextOf(json);
}

std::string GtidSetOf(absl::string_view position) {
  return std::string(absl::StripPrefix(position, kFlavor));
}

absl::StatusOr<Contents> ParseContents(absl::string_view text) {
  GRAFT_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  std::string sha256;
  Fields whole(json);
  whole.Read("SHA256", sha256);
  GRAFT_RETURN_IF_ERROR(whole.status());
  const auto content = json.find("Content");
  if (content == json.end() || Sha256Of(content->dump()) != sha256) {
    return absl::DataLossError("the text is not as graft wrote it: its own SHA-256 differs");
  }
  Fields fields(*content);
  Contents contents;
  fields.Read("Manifest", contents.manifest_sha256);
  const Json* files = fields.ReadList("Files");
  for (size_t i = 0; files != nullptr && i < files->size(); ++i) {
    Fields file((*files)[i], absl::StrCat("Files[", i, "]: "));
    FileContent& entry = contents.files.emplace_back();
    file.Read("Bytes", entry.bytes);
    file.Read("SHA256", entry.sha256);
    fields.Fail(file.status());
  }
  const Json* folders = fields.ReadList("EmptyFolders");
  for (size_t i = 0; folders != nullptr && i < folders->size(); ++i) {
    const Json& folder = (*folders)[i];
    const bool good = folder.is_string() && IsNameInside(folder.get<std::string>());
    if (!good) fields.Fail(absl::DataLossError(absl::StrCat("EmptyFolders[", i, "] is no folder")));
    if (good) contents.empty_folders.push_back(folder.get<std::string>());
  }
  GRAFT_RETURN_IF_ERROR(fields.status());
  return contents;
}

std::string ContentsText(const Contents& contents) {
  Json content = {{"Manifest", contents.manifest_sha256},
                  {"Files", Json::array()},
                  {"EmptyFolders", contents.empty_folders}};
  for (const FileContent& file : contents.files) {
    content["Files"].push_back({{"Bytes", file.bytes}, {"SHA256", file.sha256}});
  }
  return TextOf({{"Version", 1}, {"SHA256", Sha256Of(content.dump())}, {"Content", content}});
}

}  // namespace graft
