#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "mysql/statements.h"
#include "mysql/tables.h"

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

std::string QuotedAccount(absl::string_view account) {
  const auto [user, host] = SplitAccount(account);
  return absl::StrCat(QuoteText(user), "@", QuoteText(host));
}

// The schema of "REVOKE SELECT, INSERT ON `shop`.* FROM ..." if SELECT is in the list.
std::string RevokedSchema(absl::string_view line) {
  if (!absl::ConsumePrefix(&line, "REVOKE ")) return "";
  const size_t on = line.find(" ON `");
  const size_t end = line.find("`.* FROM ");
  if (on == absl::string_view::npos || end == absl::string_view::npos || end < on) return "";
  for (absl::string_view privilege : absl::StrSplit(line.substr(0, on), ',')) {
    if (absl::StripAsciiWhitespace(privilege) != "SELECT") continue;
    const size_t begin = on + absl::string_view(" ON `").size();
    return std::string(line.substr(begin, end - begin));
  }
  return "";
}

bool IsMysqlsOwn(absl::string_view schema) {
  return schema == "mysql" || schema == "sys" || schema == "information_schema" ||
         schema == "performance_schema";
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
  for (const Row& schema : Rows(schemas)) result.user_schemas.push_back(schema.Text({"name"}));
  return result;
}

absl::StatusOr<std::vector<Variable>> OrderVariables(const std::vector<std::string>& names,
                                                     const RowSet& rows) {
  std::map<std::string, Variable> known;
  for (const Row& row : Rows(rows)) known.emplace(row.Text({"name"}), ReadVariable(row));
  std::vector<Variable> variables;
  for (const std::string& name : names) {
    const auto variable = known.find(name);
    if (variable == known.end()) {
      return WithReason(
          absl::NotFoundError(absl::StrCat("this MySQL server has no variable ", name)),
          Reason::kNoSuchVariable);
    }
    variables.push_back(variable->second);
  }
  return variables;
}

std::pair<std::string, std::string> SplitAccount(absl::string_view account) {
  const size_t at = account.rfind('@');
  if (at == absl::string_view::npos) return {std::string(account), ""};
  return {std::string(account.substr(0, at)), std::string(account.substr(at + 1))};
}

std::map<std::string, std::string> ReadSurveyVariables(const RowSet& rows) {
  std::map<std::string, std::string> variables;
  for (const Row& row : Rows(rows)) {
    variables[row.Text({"name"})] = row.Text({"value"});
  }
  return variables;
}

std::vector<ServerPlugin> ReadPlugins(const RowSet& active, const RowSet& installed) {
  const std::vector<std::string> by_statement = ReadNames(installed);
  std::vector<ServerPlugin> plugins;
  for (const Row& row : Rows(active)) {
    ServerPlugin plugin;
    plugin.name = row.Text({"name"});
    plugin.library = row.Text({"library"});
    plugin.by_statement = std::any_of(
        by_statement.begin(), by_statement.end(),
        [&plugin](const std::string& name) { return absl::EqualsIgnoreCase(name, plugin.name); });
    plugins.push_back(std::move(plugin));
  }
  return plugins;
}

bool HasKeyringPlugin(const RowSet& active) {
  const std::vector<Row> rows = Rows(active);
  return std::any_of(rows.begin(), rows.end(),
                     [](const Row& row) { return row.Text({"type"}) == "KEYRING"; });
}

std::vector<std::string> ReadNames(const RowSet& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows.rows) {
    if (!row.empty() && row[0].has_value()) names.push_back(*row[0]);
  }
  return names;
}

absl::StatusOr<int64_t> ReadCount(const RowSet& rows) {
  if (rows.rows.size() != 1) return absl::InternalError("MySQL did not answer a count in one row");
  return Row(rows, 0).Number({"count"});
}

SemiSync ReadSemiSync(const RowSet& rows) {
  SemiSync semi_sync;
  absl::Duration timeout;
  bool goes_on = false;
  const auto number = [](const std::string& text) {
    int64_t value = 0;
    return absl::SimpleAtoi(text, &value) ? value : 0;
  };
  for (const Row& row : Rows(rows)) {
    // Before 8.0.26: master, slave.
    const std::string name =
        absl::StrReplaceAll(absl::AsciiStrToLower(row.Text({"name"})),
                            {{"_master_", "_source_"}, {"_slave", "_replica"}});
    const std::string value = row.Text({"value"});
    if (name == "rpl_semi_sync_source_status") semi_sync.waits = IsOn(value);
    if (name == "rpl_semi_sync_source_timeout") timeout = absl::Milliseconds(number(value));
    if (name == "rpl_semi_sync_source_wait_no_replica") goes_on = !IsOn(value);
    if (name == "rpl_semi_sync_source_wait_for_replica_count") semi_sync.wait_for = number(value);
    if (name == "rpl_semi_sync_source_clients") semi_sync.acknowledgers = number(value);
    if (name == "rpl_semi_sync_replica_status") semi_sync.acknowledges = IsOn(value);
  }
  semi_sync.patience = goes_on ? absl::ZeroDuration() : timeout;
  return semi_sync;
}

absl::StatusOr<std::map<std::string, int64_t>> ReadCounts(const RowSet& rows) {
  std::map<std::string, int64_t> counts;
  for (const Row& row : Rows(rows)) {
    GRAFT_ASSIGN_OR_RETURN(counts[row.Text({"folder"})], row.Number({"count"}));
  }
  return counts;
}

bool ReadRedoLogEnabled(const RowSet& rows) {
  return rows.rows.empty() || Row(rows, 0).Text({"Value"}) != "OFF";
}

absl::StatusOr<OutsideFiles> ReadOutsideFiles(const RowSet& rows) {
  OutsideFiles files;
  for (const Row& row : Rows(rows)) {
    GRAFT_ASSIGN_OR_RETURN(const int64_t space, row.Number({"space"}));
    files.spaces.push_back(space);
    files.paths.push_back(row.Text({"path"}));
  }
  std::sort(files.paths.begin(), files.paths.end());
  return files;
}

absl::StatusOr<TablespaceFacts> ReadTablespaces(const RowSet& sizes, const RowSet& system,
                                                const RowSet& encrypted, OutsideFiles outside) {
  if (sizes.rows.size() != 1 || system.rows.size() != 1) {
    return absl::InternalError("MySQL did not tell the tablespaces' sizes in one row");
  }
  TablespaceFacts facts;
  GRAFT_ASSIGN_OR_RETURN(const int64_t spaces, Row(sizes, 0).Number({"bytes"}));
  GRAFT_ASSIGN_OR_RETURN(const int64_t first, Row(system, 0).Number({"bytes"}));
  facts.bytes = spaces + first;
  GRAFT_ASSIGN_OR_RETURN(facts.dropped_bytes, Row(sizes, 0).Number({"dropped_bytes"}));
  facts.outside = std::move(outside.paths);
  facts.encrypted = ReadNames(encrypted);
  return facts;
}

std::vector<std::string> ReadNonInnodbTables(const RowSet& rows) {
  std::vector<std::string> tables;
  for (const Row& row : Rows(rows)) {
    tables.push_back(absl::StrCat(row.Text({"schema"}), ".", row.Text({"name"}), " (",
                                  row.Find({"engine"}).value_or("unknown engine"), ")"));
  }
  return tables;
}

std::vector<ServerAccount> ReadAccounts(const RowSet& rows) {
  std::vector<ServerAccount> accounts;
  for (const Row& row : Rows(rows)) {
    accounts.push_back({row.Text({"host"}), row.Text({"plugin"}), row.Text({"fingerprint"})});
  }
  return accounts;
}

absl::Status CheckSeesAllTables(const RowSet& grants, absl::string_view account) {
  GRAFT_RETURN_IF_ERROR(CheckPrivilege(ReadGrants(grants), "SELECT", account, "the tables"));
  for (const std::string& line : ReadNames(grants)) {
    const std::string schema = RevokedSchema(line);
    if (schema.empty() || IsMysqlsOwn(schema)) continue;
    return WithReason(absl::PermissionDeniedError(absl::StrCat(
                          "MySQL hides the tables of ", schema, " from ", QuotedAccount(account),
                          " (GRANT SELECT ON `", schema, "`.* TO ", QuotedAccount(account), ")")),
                      Reason::kPrivilegeMissing);
  }
  return absl::OkStatus();
}

absl::Status CheckPrivilege(const std::set<std::string>& privileges, absl::string_view privilege,
                            absl::string_view account, absl::string_view shown) {
  if (privileges.count(std::string(privilege)) > 0) return absl::OkStatus();
  return WithReason(absl::PermissionDeniedError(absl::StrCat(
                        "MySQL would show only some of ", shown, " to ", QuotedAccount(account),
                        " (GRANT ", privilege, " ON *.* TO ", QuotedAccount(account), ")")),
                    Reason::kPrivilegeMissing);
}

}  // namespace graft
