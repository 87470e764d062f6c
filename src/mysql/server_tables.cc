#include "mysql/server_tables.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/errors.h"

namespace graft {
namespace {

bool IsOn(const std::string& value) {
  return value == "1" || value == "ON";
}

std::string OneLine(const std::string& gtid_set) {
  return absl::StrReplaceAll(gtid_set, {{"\n", ""}});
}

// The wall clock may have been set back behind the server's start; Uptime is unsigned then.
absl::StatusOr<int64_t> SecondsOf(const std::string& text) {
  int64_t seconds = 0;
  uint64_t wrapped = 0;
  if (absl::SimpleAtoi(text, &seconds)) return seconds;
  if (absl::SimpleAtoi(text, &wrapped)) return static_cast<int64_t>(wrapped);
  return absl::InternalError(absl::StrCat("MySQL's uptime is \"", text, "\", which is no number"));
}

Variable ReadVariable(const Row& row) {
  Variable variable;
  variable.name = row.Text({"name"});
  variable.value = row.Text({"value"});
  variable.persisted = row.Find({"persisted"});
  variable.source = row.Text({"source"});
  const std::string user = row.Text({"set_user"});
  if (!user.empty()) variable.set_by = absl::StrCat(user, "@", row.Text({"set_host"}));
  std::string error;
  absl::ParseTime("%Y-%m-%d %H:%M:%E*S", row.Text({"set_time"}), absl::UTCTimeZone(),
                  &variable.set_at, &error);
  return variable;
}

}  // namespace

std::set<std::string> ReadGrants(const RowSet& grants) {
  std::set<std::string> privileges;
  for (const auto& row : grants.rows) {
    if (row.empty() || !row[0].has_value()) continue;
    absl::string_view line = *row[0];
    const size_t end = line.find(" ON *.* TO ");
    if (end == absl::string_view::npos || !absl::ConsumePrefix(&line, "GRANT ")) continue;
    const absl::string_view list = line.substr(0, end - absl::string_view("GRANT ").size());
    for (absl::string_view privilege : absl::StrSplit(list, ',')) {
      privileges.emplace(absl::StripAsciiWhitespace(privilege));
    }
  }
  privileges.erase("USAGE");  // means: none
  return privileges;
}

absl::StatusOr<ServerFacts> ReadServerFacts(const RowSet& facts, const RowSet& uptime,
                                            const RowSet& main_thread, const RowSet& grants,
                                            const RowSet& schemas) {
  if (facts.rows.size() != 1 || uptime.rows.size() != 1) {
    return absl::InternalError("MySQL did not describe itself in one row");
  }
  const Row row(facts, 0);
  ServerFacts result;
  result.version = row.Text({"version"});
  result.server_uuid = row.Text({"server_uuid"});
  result.now = row.Text({"now"});
  GRAFT_ASSIGN_OR_RETURN(const int64_t seconds, SecondsOf(Row(uptime, 0).Text({"uptime"})));
  GRAFT_ASSIGN_OR_RETURN(const int64_t now, Row(uptime, 0).Number({"now"}));
  result.uptime = absl::Seconds(std::max<int64_t>(0, seconds));
  const bool has_pid = !main_thread.rows.empty();
  result.process =
      absl::StrCat(has_pid ? Row(main_thread, 0).Text({"pid"}) : "", "@", now - seconds);
  result.performance_schema = IsOn(row.Text({"performance_schema"}));
  GRAFT_ASSIGN_OR_RETURN(const int64_t lower_case, row.Number({"lower_case_table_names"}));
  result.lower_case_table_names = static_cast<int>(lower_case);
  result.read_only = IsOn(row.Text({"read_only"}));
  result.super_read_only = IsOn(row.Text({"super_read_only"}));
  result.gtid_mode = row.Text({"gtid_mode"});
  result.gtid_executed = OneLine(row.Text({"gtid_executed"}));
  result.gtid_purged = OneLine(row.Text({"gtid_purged"}));
  result.clone_plugin_status = row.Text({"clone_plugin_status"});
  result.privileges = ReadGrants(grants);
  for (size_t i = 0; i < schemas.rows.size(); ++i) {
    result.user_schemas.push_back(Row(schemas, i).Text({"name"}));
  }
  return result;
}

absl::StatusOr<std::vector<Variable>> OrderVariables(const std::vector<std::string>& names,
                                                     const RowSet& rows) {
  std::vector<Variable> variables;
  for (const std::string& name : names) {
    bool found = false;
    for (size_t i = 0; i < rows.rows.size() && !found; ++i) {
      const Row row(rows, i);
      if (row.Text({"name"}) != name) continue;
      variables.push_back(ReadVariable(row));
      found = true;
    }
    if (!found) {
      return WithReason(
          absl::NotFoundError(absl::StrCat("this MySQL server has no variable ", name)),
          Reason::kNoSuchVariable);
    }
  }
  return variables;
}

}  // namespace graft
