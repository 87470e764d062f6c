#include "mysql/survey_tables.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/errors.h"
#include "mysql/server_tables.h"
#include "mysql/statements.h"

namespace graft {
namespace {

std::string QuotedAccount(absl::string_view account) {
  const auto [user, host] = SplitAccount(account);
  return absl::StrCat(QuoteText(user), "@", QuoteText(host));
}

absl::Status MissingPrivilege(absl::string_view privilege, absl::string_view account,
                              absl::string_view shown) {
  return WithReason(absl::PermissionDeniedError(absl::StrCat(
                        "MySQL would show only some of ", shown, " to ", QuotedAccount(account),
                        " (GRANT ", privilege, " ON *.* TO ", QuotedAccount(account), ")")),
                    Reason::kPrivilegeMissing);
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
  for (size_t i = 0; i < active.rows.size(); ++i) {
    if (Row(active, i).Text({"type"}) == "KEYRING") return true;
  }
  return false;
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
  return MissingPrivilege(privilege, account, shown);
}

}  // namespace graft
