#include "mysql/maintenance.h"

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/errors.h"
#include "mysql/session.h"

namespace graft {
namespace {

constexpr absl::Duration kLockWait = absl::Seconds(10);

// Estimates as of now, not as of yesterday.
constexpr char kFreshStatement[] = "SET SESSION information_schema_stats_expiry=0";
constexpr char kUserTablesStatement[] =
    "SELECT table_schema AS `schema`, table_name AS name, "
    "COALESCE(data_length,0)+COALESCE(index_length,0) AS bytes FROM information_schema.tables "
    "WHERE table_type='BASE TABLE' AND table_schema NOT IN "
    "('mysql','sys','information_schema','performance_schema') ORDER BY 1,2";
constexpr char kRedoLogStatement[] =
    "SELECT variable_value AS value FROM performance_schema.global_status "
    "WHERE variable_name='Innodb_redo_log_enabled'";

absl::StatusOr<std::unique_ptr<Session>> OpenPatient(Clock& clock,
                                                     const ConnectionOptions& options) {
  return Session::Open(clock, options, absl::InfiniteDuration(), kLockWait);
}

std::string QuotedName(const std::string& name) {
  return absl::StrCat("`", absl::StrReplaceAll(name, {{"`", "``"}}), "`");
}

// What CHECK TABLE finds amiss; empty: nothing. An engine that knows no CHECK TABLE says so in a
// note.
std::string FaultIn(const RowSet& rows) {
  std::string warning;
  bool good = false;
  for (const Row& row : Rows(rows)) {
    const std::string type = row.Text({"Msg_type"});
    const std::string text = row.Text({"Msg_text"});
    if (absl::EqualsIgnoreCase(type, "warning")) warning = text + "; ";
    if (absl::EqualsIgnoreCase(type, "error")) return warning + text;
    good = good || absl::EqualsIgnoreCase(type, "note") || text == "OK" ||
           absl::StartsWith(text, "Table is already up to date");
  }
  return good ? "" : warning + "CHECK TABLE does not say that it is good";
}

absl::Status CheckOne(Session& session, const UserTable& table) {
  const absl::StatusOr<RowSet> rows = session.Query(
      absl::StrCat("CHECK TABLE ", QuotedName(table.schema), ".", QuotedName(table.name), " QUICK"),
      "read it");
  if (!rows.ok() && session.lost()) {
    return Annotate(rows.status(), "mysqld ended while it read the table " + table.ToString());
  }
  if (!rows.ok()) return Annotate(rows.status(), "the table " + table.ToString());
  const std::string fault = FaultIn(*rows);
  if (fault.empty()) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the table ", table.ToString(), " cannot be read: ", fault));
}

}  // namespace

absl::StatusOr<std::vector<UserTable>> ListUserTables(Clock& clock,
                                                      const ConnectionOptions& options) {
  GRAFT_ASSIGN_OR_RETURN(const auto session, OpenPatient(clock, options));
  GRAFT_RETURN_IF_ERROR(session->Execute(kFreshStatement, "list the tables"));
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows,
                         session->Query(kUserTablesStatement, "list the tables"));
  std::vector<UserTable> tables;
  for (const Row& row : Rows(rows)) {
    GRAFT_ASSIGN_OR_RETURN(const int64_t bytes, row.Number({"bytes"}));
    tables.push_back({row.Text({"schema"}), row.Text({"name"}), bytes});
  }
  return tables;
}

absl::Status CheckTables(Clock& clock, const ConnectionOptions& options,
                         const std::vector<UserTable>& tables, int threads,
                         std::atomic<int64_t>& done) {
  GRAFT_ASSIGN_OR_RETURN(const auto session, OpenPatient(clock, options));
  GRAFT_RETURN_IF_ERROR(
      session->Execute(absl::StrCat("SET SESSION innodb_parallel_read_threads=", threads),
                       "read the tables in parallel"));
  for (const UserTable& table : tables) {
    GRAFT_RETURN_IF_ERROR(CheckOne(*session, table));
    done += table.bytes;
  }
  return absl::OkStatus();
}

absl::Status SwitchRedoLog(Clock& clock, const ConnectionOptions& options, bool on) {
  GRAFT_ASSIGN_OR_RETURN(const auto session, OpenPatient(clock, options));
  const std::string statement =
      absl::StrCat("ALTER INSTANCE ", on ? "ENABLE" : "DISABLE", " INNODB REDO_LOG");
  GRAFT_RETURN_IF_ERROR(session->Execute(statement, statement));
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows,
                         session->Query(kRedoLogStatement, "read Innodb_redo_log_enabled"));
  const std::string said = rows.rows.empty() ? "" : Row(rows, 0).Text({"value"});
  if (absl::EqualsIgnoreCase(said, on ? "ON" : "OFF")) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat(statement, ": Innodb_redo_log_enabled is \"", said, "\" afterwards"));
}

}  // namespace graft
