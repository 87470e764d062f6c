// Converts the rows that Survey() reads into the values of graft/server_facts.h. Pure functions;
// the columns are those of survey_statements.h.
#ifndef GRAFT_MYSQL_SURVEY_TABLES_H_
#define GRAFT_MYSQL_SURVEY_TABLES_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "graft/server_facts.h"
#include "mysql/row_set.h"

namespace graft {

// User and host of "vt_dba@localhost"; a user's name may hold an @ too.
std::pair<std::string, std::string> SplitAccount(absl::string_view account);

std::map<std::string, std::string> ReadSurveyVariables(const RowSet& rows);

// `installed` is empty if it cannot be read.
std::vector<ServerPlugin> ReadPlugins(const RowSet& active, const RowSet& installed);
// One of the older kind of keyrings, a plugin.
bool HasKeyringPlugin(const RowSet& active);

// The first column, without NULLs.
std::vector<std::string> ReadNames(const RowSet& rows);
// The column "count" of the only row. INTERNAL: there is none.
absl::StatusOr<int64_t> ReadCount(const RowSet& rows);
// No row: a server whose redo log cannot be switched off.
bool ReadRedoLogEnabled(const RowSet& rows);

struct OutsideFiles {
  std::vector<int64_t> spaces;
  std::vector<std::string> paths;
};
absl::StatusOr<OutsideFiles> ReadOutsideFiles(const RowSet& rows);
absl::StatusOr<TablespaceFacts> ReadTablespaces(const RowSet& sizes, const RowSet& system,
                                                const RowSet& encrypted, OutsideFiles outside);

std::vector<std::string> ReadNonInnodbTables(const RowSet& rows);  // "shop.log (MyISAM)"
std::vector<ServerAccount> ReadAccounts(const RowSet& rows);

// OK if an account with these kGrantsStatement rows sees all tables. information_schema.tables
// silently leaves out tables without a privilege. PERMISSION_DENIED: the account does not see all;
// the text names the privilege to grant. A REVOKE of a schema (partial_revokes) counts, but for
// those of MySQL itself.
absl::Status CheckSeesAllTables(const RowSet& grants, absl::string_view account);

// PERMISSION_DENIED: `privilege` is not among the global ones. For facts of which the server shows
// a part instead of refusing them; `shown` names them ("the sessions").
absl::Status CheckPrivilege(const std::set<std::string>& privileges, absl::string_view privilege,
                            absl::string_view account, absl::string_view shown);

}  // namespace graft

#endif  // GRAFT_MYSQL_SURVEY_TABLES_H_
