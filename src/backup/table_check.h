// The proof that a backup's tables can be read, as the server itself reads them.
#pragma once

#include "absl/status/status.h"
#include "backup/backup_status.h"
#include "backup/temporary_mysqld.h"
#include "graft/clock.h"
#include "log/log.h"
#include "mysql/connector_server.h"

namespace graft {

// Referred-to things outlive the call.
struct TableCheck {
  const ConnectionOptions& mysql;  // of the temporary mysqld
  TemporaryMysqld& mysqld;
  Clock& clock;
  Log& log;
  BackupStatus& status;
  int threads;
};

// Reads every table of the user's schemas, see CheckTables(). Not OK: no backup may be made; the
// temporary mysqld may have ended. CANCELLED: `interrupt`. DATA_LOSS and UNAVAILABLE name the table
// that cannot be read.
absl::Status CheckTablesReadable(const TableCheck& check, const Cancellation& interrupt);

}  // namespace graft
