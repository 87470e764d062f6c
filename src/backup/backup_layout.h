// What a backup of a server's data directory would miss, as the server itself says: asked before
// the server ends, since its files alone do not tell.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "graft/mysql_server.h"
#include "graft/operation.h"

namespace graft {

// The system tablespace's files, "ibdata1", as innodb_data_file_path names them.
// FAILED_PRECONDITION: some of InnoDB's files lie, or may lie, outside of the data directory; the
// text names them.
absl::StatusOr<std::vector<std::string>> CheckLayout(MysqlServer& server);

// By the findings of a clone's preflight, before anything is copied: the donor has data files
// outside of its data directory, which CLONE would write to the same places here.
// FAILED_PRECONDITION.
absl::Status CheckDonorLayout(const Operation& operation);

}  // namespace graft
