// Finding the machine's mysqld and asking for its version.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/server_version.h"

namespace graft {

// `flag` (the value of --mysqld) if not empty; else $GRAFT_MYSQL_HOME/bin/mysqld or sbin/mysqld;
// else the first in PATH or in the system's sbin folders. NOT_FOUND: none, and where it was sought.
absl::StatusOr<std::string> FindMysqld(const std::string& flag);

// Reads the output of `mysqld --version`. FAILED_PRECONDITION: MariaDB, older than 8.0.17, or not
// understood.
absl::StatusOr<ServerVersion> ParseMysqldVersion(absl::string_view printed);

// Runs `mysqld --version`.
absl::StatusOr<ServerVersion> MysqldVersion(const std::string& mysqld);

}  // namespace graft
