// Whether graft can restore a backup, by its MANIFEST alone.
#include <limits.h>

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "backups/manifest.h"
#include "base/errors.h"
#include "base/gtid_set.h"

namespace graft {
namespace {

// A file twice, or one where another one needs a folder.
absl::Status CheckNames(const std::vector<BackupFile>& files) {
  std::set<std::string> names;
  for (const BackupFile& file : files) {
    if (!IsNameInside(file.name) || !file.parent_path.empty()) {
      return absl::DataLossError(
          absl::StrCat("MANIFEST names the file \"", absl::CEscape(file.parent_path),
                       file.parent_path.empty() ? "" : "/", absl::CEscape(file.name),
                       "\", which is no file of the server's folders"));
    }
    if (!names.insert(file.name).second) {
      return absl::DataLossError(absl::StrCat("MANIFEST names ", file.name, " twice"));
    }
  }
  for (const std::string& name : names) {
    for (size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1)) {
      if (names.count(name.substr(0, at)) == 0) continue;
      return absl::DataLossError(
          absl::StrCat("MANIFEST names a file ", name.substr(0, at), ", and ", name));
    }
  }
  return absl::OkStatus();
}

}  // namespace

// A name that leads out of its folder would let whoever can write to the storage overwrite any
// file.
bool IsNameInside(const std::string& name) {
  for (const absl::string_view part : absl::StrSplit(name, '/')) {
    if (part.empty() || part == "." || part == ".." || part.size() > NAME_MAX) return false;
  }
  return std::none_of(name.begin(), name.end(),
                      [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

absl::StatusOr<Compression> CheckRestorable(const Manifest& manifest) {
  if (!manifest.method.empty() && manifest.method != "builtin") {
    return absl::UnimplementedError(absl::StrCat(
        "the engine \"", manifest.method, "\" made the backup, and graft reads only builtin's"));
  }
  if (manifest.incremental || !manifest.from_position.empty()) {
    return absl::UnimplementedError(
        "the backup is incremental, and graft restores only full backups");
  }
  if (manifest.files.empty()) return absl::DataLossError("MANIFEST lists no file");
  GRAFT_RETURN_IF_ERROR(CheckNames(manifest.files));
  const absl::Status position = GtidSet::Parse(GtidSetOf(manifest.position)).status();
  if (!position.ok()) return absl::DataLossError("the position in MANIFEST is no GTID set");
  if (!manifest.external_decompressor.empty()) return ParseCompression("external");
  if (manifest.skip_compress) return Compression::kNone;
  return ParseCompression(manifest.compression_engine);
}

}  // namespace graft
