#include "backup/table_check.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "backup/progress_log.h"
#include "base/errors.h"
#include "mysql/maintenance.h"

namespace graft {
namespace {

constexpr absl::Duration kTablesPause = absl::Milliseconds(200);
constexpr absl::Duration kEndOnFaultPatience = absl::Minutes(1);

}  // namespace

absl::Status CheckTablesReadable(const TableCheck& check, const Cancellation& interrupt) {
  GRAFT_ASSIGN_OR_RETURN(const std::vector<UserTable> tables,
                         ListUserTables(check.clock, check.mysql));
  int64_t bytes = 0;
  for (const UserTable& table : tables) bytes += table.bytes;
  check.log.Info("reading the tables", {{"tables", absl::StrCat(tables.size())},
                                        {"bytes_estimated", absl::StrCat(bytes)}});
  BackupProgress read;
  const ProgressLog tells(check.log, check.clock, "reading the tables", read, bytes, check.status);
  absl::Status found;
  Cancellation ended;
  std::thread reader([&] {
    found = CheckTables(check.clock, check.mysql, tables, check.threads, read.bytes);
    ended.Cancel();
  });
  absl::Status runs;
  while (runs.ok() && !interrupt.cancelled() && !ended.cancelled()) {
    ended.WaitFor(check.clock, kTablesPause);
    runs = check.mysqld.CheckRuns();
  }
  // Ends the statement, too.
  if (!runs.ok() || interrupt.cancelled()) check.mysqld.Stop(kEndOnFaultPatience).IgnoreError();
  reader.join();
  if (interrupt.cancelled()) return absl::CancelledError("interrupted");
  if (!absl::IsUnavailable(found)) return found;
  const absl::Status end = check.mysqld.Stop(kEndOnFaultPatience);  // its last words
  return absl::UnavailableError(absl::StrCat(found.message(), "; ", end.message()));
}

}  // namespace graft
