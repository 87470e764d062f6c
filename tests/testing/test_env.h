// Where a test finds the programs: ctest sets GRAFT_BIN_DIR and GRAFT_SOURCE_DIR.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace graft {

// Path of one of our programs, e.g. "graft-mysqld". NOT_FOUND: not built, or GRAFT_BIN_DIR is not
// set.
absl::StatusOr<std::string> OurProgram(const std::string& name);

// The MySQL to test with: $GRAFT_MYSQL_HOME, else what scripts/setup finds or fetches. Asked for
// once per program. NOT_FOUND: none; the text names scripts/setup.
absl::StatusOr<std::string> MysqlHome();

// A file of the checkout, e.g. "tests/testing/s3_server.py". NOT_FOUND: GRAFT_SOURCE_DIR is not
// set.
absl::StatusOr<std::string> SourceFile(const std::string& path);

}  // namespace graft
