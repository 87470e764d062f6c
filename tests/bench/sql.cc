#include "bench/sql.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/errors.h"

namespace graft {

absl::StatusOr<std::unique_ptr<Session>> Connect(Clock& clock, MysqlSandbox& mysql,
                                                 absl::Duration read_timeout) {
  ConnectionOptions options;
  options.socket = mysql.socket();
  options.user = "vt_dba";
  return Session::Open(clock, options, read_timeout, absl::Seconds(10));
}

absl::StatusOr<std::string> Value(Session& session, const std::string& sql) {
  GRAFT_ASSIGN_OR_RETURN(const RowSet rows, session.Query(sql, sql));
  if (rows.rows.empty()) return std::string();
  return rows.rows.front().front().value_or("");
}

absl::StatusOr<int64_t> NumberValue(Session& session, const std::string& sql) {
  GRAFT_ASSIGN_OR_RETURN(const std::string text, Value(session, sql));
  int64_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return number;
  return absl::InternalError(absl::StrCat(sql, " answers no number but \"", text, "\""));
}

absl::StatusOr<GtidSet> Executed(Session& session) {
  GRAFT_ASSIGN_OR_RETURN(const std::string text, Value(session, "SELECT @@GLOBAL.gtid_executed"));
  return GtidSet::Parse(text);
}

}  // namespace graft
