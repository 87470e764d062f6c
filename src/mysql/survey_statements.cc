#include "mysql/survey_statements.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mysql/statements.h"

namespace graft {

std::string SurveyVariablesStatement(const std::vector<std::string>& names) {
  const std::string list = absl::StrJoin(names, ",", [](std::string* out, const std::string& name) {
    absl::StrAppend(out, QuoteText(name));
  });
  return absl::StrCat(
      "SELECT variable_name AS `name`, variable_value AS `value` FROM "
      "performance_schema.global_variables WHERE variable_name IN (",
      list, ")");
}

// The larger of the two sizes: a sparse or compressed file may be written out in full, and InnoDB
// allocates ahead.
std::string TablespaceSizesStatement(const std::vector<int64_t>& outside) {
  const std::string inside =
      outside.empty() ? "" : absl::StrCat(" AND space NOT IN (", absl::StrJoin(outside, ","), ")");
  return absl::StrCat(
      "SELECT SUM(GREATEST(file_size,allocated_size)) AS `bytes`, SUM(IF(space_type IN "
      "('Single','General') AND name<>'mysql' AND name NOT LIKE 'mysql/%' AND name NOT LIKE "
      "'sys/%'",
      inside,
      ",allocated_size,0)) AS `dropped_bytes` FROM information_schema.innodb_tablespaces "
      "WHERE name<>'innodb_temporary'");
}

std::string EncryptedTablespacesStatement() {
  return absl::StrCat(
      "SELECT name FROM information_schema.innodb_tablespaces WHERE encryption='Y' "
      "ORDER BY name LIMIT ",
      kLongestList);
}

std::string NonInnodbTablesStatement() {
  return absl::StrCat(
      "SELECT table_schema AS `schema`, table_name AS `name`, engine FROM "
      "information_schema.tables "
      "WHERE table_type='BASE TABLE' AND NOT engine<=>'InnoDB' AND table_schema NOT IN "
      "('mysql','sys','information_schema','performance_schema') ORDER BY 1,2 LIMIT ",
      kLongestList);
}

std::string AccountsStatement(absl::string_view user) {
  return absl::StrCat(
      "SELECT host, plugin, LEFT(SHA2(IFNULL(authentication_string,''),256),16) AS `fingerprint` "
      "FROM mysql.user WHERE user=",
      QuoteText(user), " ORDER BY host");
}

std::string RolesStatement(absl::string_view user, absl::string_view host) {
  return absl::StrCat(
      "SELECT from_user AS `user`, from_host AS `host`, EXISTS(SELECT 1 FROM mysql.default_roles d "
      "WHERE d.user=e.to_user AND d.host=e.to_host AND d.default_role_user=e.from_user "
      "AND d.default_role_host=e.from_host) AS `by_default` FROM mysql.role_edges e WHERE to_user=",
      QuoteText(user), " AND to_host=", QuoteText(host));
}

std::string GrantsOfStatement(absl::string_view user, absl::string_view host,
                              const std::vector<std::string>& roles) {
  return absl::StrCat("SHOW GRANTS FOR ", QuoteText(user), "@", QuoteText(host),
                      roles.empty() ? "" : " USING ", absl::StrJoin(roles, ","));
}

std::string TakeServerLockStatement(absl::Duration wait) {
  return absl::StrCat("SELECT GET_LOCK('graft.agent',", absl::ToInt64Seconds(wait), ") AS `taken`");
}

std::string HoldingAttributesStatement(int64_t connection_id) {
  const auto attribute = [](absl::string_view name) {
    return absl::StrCat("MAX(IF(attr_name='", name, "',attr_value,NULL))");
  };
  return absl::StrCat("SELECT ", attribute("program_name"), " AS `program`, ",
                      attribute("graft_pid"), " AS `pid`, ", attribute("graft_host"),
                      " AS `host`, ", attribute("graft_pid_namespace"), " AS `pid_namespace`, ",
                      attribute("graft_since"),
                      " AS `since` FROM performance_schema.session_connect_attrs "
                      "WHERE processlist_id=",
                      connection_id, " HAVING `pid` IS NOT NULL");
}

}  // namespace graft
