// graft-backup's options from its command line, its file and its environment, checked once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/options.h"
#include "backup/make_backup.h"
#include "command_line/command_line.h"

namespace graft {

// As typed, under Vitess's names and with Vitess's defaults.
struct BackupFlags {
  AgentFlags agent;
  BackupOptions options;  // what is taken as it is typed
  std::string compression = "zstd";
  std::string min_interval = "0";
  std::string min_retention_time = "0";
  std::string keep_alive = "0";
  std::string mysqld;
  std::vector<std::string> extra_my_cnf;
};

// INVALID_ARGUMENT with every fault found, one to a line. Reads the password files and looks for
// mysqld.
absl::StatusOr<BackupOptions> CheckBackupFlags(BackupFlags flags);

// Parses a command line. On --help, or a fault, prints and returns the exit code instead.
struct ParsedBackupFlags {
  BackupFlags flags;
  std::vector<GivenOption> given;
  std::optional<int> exit_code;
};
ParsedBackupFlags ParseBackupFlags(int argc, char** argv);

}  // namespace graft
