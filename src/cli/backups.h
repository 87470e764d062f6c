// graftctl backups: the backups of a shard in a storage that Vitess or graft-backup wrote.
#pragma once

#include <string>

#include "backups/backups.h"
#include "backups/storage_options.h"
#include "cli/commands.h"

namespace graft::cli {

struct BackupCall {
  enum class Kind { kList, kVerify, kRestore, kRemove, kPrune };
  Kind kind = Kind::kList;
  StorageOptions storage;
  std::string shard;  // "commerce/0"
  std::string name;   // empty: the newest complete one
  std::string to;     // restore: an empty folder
  int threads = 4;
  Retention retention;
  bool dry_run = false;  // prune: say what would go
};

// kDone; kInternal if a backup that was verified is damaged. The only complete backup of a shard is
// never removed (FAILED_PRECONDITION). NOT_FOUND: there is no such backup, or none at all.
Result RunBackups(const Session& session, const BackupCall& call);

}  // namespace graft::cli
