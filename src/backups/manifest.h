// A backup's MANIFEST and name, as Vitess's builtin engine (v24) writes and reads them. Pure.
//
// A backup is a folder <keyspace>/<shard>/<name> with the files 0, 1, 2, … (one for each file of
// the server, see BackupFile) and MANIFEST, which is written last: without one the backup is
// incomplete. graft adds the file GRAFT, which Vitess ignores: the SHA-256 of what each file held
// before it was compressed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backups/compression.h"
#include "graft/tablet.h"

namespace graft {

inline constexpr absl::string_view kManifestName = "MANIFEST";
inline constexpr absl::string_view kContentsName = "GRAFT";
inline constexpr size_t kMostManifestBytes = size_t{256} << 20;  // a million tables take 150 MB

// "2026-11-28.113000.zone1-0000000101": when it was begun, UTC, and of which tablet.
struct BackupName {
  absl::Time time;
  TabletAlias alias;

  static absl::StatusOr<BackupName> Parse(absl::string_view text);  // INVALID_ARGUMENT
  std::string ToString() const;
};

// Which folder of a server a file's name is relative to. They are one folder unless my.cnf says
// otherwise, as Vitess's does.
enum class BackupBase { kData, kInnodbData, kInnodbLog, kBinLog };

// One file of the server; its number in Manifest::files is the name of the stored one.
struct BackupFile {
  BackupBase base = BackupBase::kData;
  std::string name;         // "shop/orders.ibd"
  std::string hash;         // CRC-32 of the bytes as stored, see HashingSink
  std::string parent_path;  // Vitess writes it for incremental backups; empty otherwise
};

struct Manifest {
  std::string name;
  std::string method;    // "builtin"; empty in old ones
  std::string position;  // "MySQL56/<GTID set>", as of the data
  std::string purged_position;
  std::string from_position;  // not empty: an incremental backup
  std::string from_backup;
  bool incremental = false;
  absl::Time time;           // when it was begun
  absl::Time finished_time;  // whole seconds
  std::string server_uuid;
  std::string tablet_alias;
  std::string hostname;
  std::string keyspace;
  std::string shard;
  std::string mysql_version;
  bool upgrade_safe = false;  // the server was stopped with innodb_fast_shutdown=0
  std::string compression_engine;
  std::string external_decompressor;
  bool skip_compress = false;
  std::vector<BackupFile> files;
};

// DATA_LOSS: it is no JSON, or a field has the wrong kind; the text names the field. A field that
// is missing keeps its default, and one that is unknown is ignored, as in Vitess.
absl::StatusOr<Manifest> ParseManifest(absl::string_view text);

std::string ManifestText(const Manifest& manifest);

// Of a file or folder below another one, with at least one part; no control characters. A name that
// leads out would let whoever can write to the storage overwrite any file.
bool IsNameInside(const std::string& name);

// What the stored files are compressed with. UNIMPLEMENTED: graft cannot restore this backup: of
// another engine than builtin, incremental, or with an external decompressor. DATA_LOSS: a file's
// name would leave the folder that it is relative to, is no name, or clashes with another one; the
// position is none; or the MANIFEST lists no file.
absl::StatusOr<Compression> CheckRestorable(const Manifest& manifest);

// The GTID set of a position: what stands after "MySQL56/".
std::string GtidSetOf(absl::string_view position);

// What GRAFT says of one file, as it was before it was compressed.
struct FileContent {
  int64_t bytes = 0;
  std::string sha256;
};

// The file GRAFT, which also carries a hash of its own text.
struct Contents {
  std::string manifest_sha256;     // of the MANIFEST's text
  std::vector<FileContent> files;  // in the order of Manifest::files
  // Databases without a file: mysqld fails to drop one whose folder is missing. Vitess loses them.
  std::vector<std::string> empty_folders;
};

// DATA_LOSS as ParseManifest, and for a folder's name that leads out of the data directory.
absl::StatusOr<Contents> ParseContents(absl::string_view text);
std::string ContentsText(const Contents& contents);

}  // namespace graft
