#include "mysqld/accounts.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/errors.h"
#include "mysqld/my_cnf.h"

namespace graft {
namespace {

constexpr size_t kLongestUser = 32;          // characters, in mysql.user
constexpr size_t kLongestPassword = 256;     // caching_sha2_password's own limit
constexpr size_t kLongestReplPassword = 32;  // of CHANGE REPLICATION SOURCE (3056)

absl::Status Check(const Account& account, size_t longest_password = kLongestPassword) {
  if (account.user.empty() || account.user.size() > kLongestUser ||
      !IsPrintableLine(account.user)) {
    return absl::InvalidArgumentError(absl::StrCat("account name '", account.user,
                                                   "' must have 1 to ", kLongestUser,
                                                   " printable characters"));
  }
  const std::string& password = account.password.Reveal();
  if (password.size() > longest_password || !IsPrintableLine(password)) {
    return absl::InvalidArgumentError(absl::StrCat("the password of ", account.user,
                                                   " must be one line of at most ",
                                                   longest_password, " printable characters"));
  }
  return absl::OkStatus();
}

void AppendAccount(const Account& account, absl::string_view host, absl::string_view grants,
                   absl::string_view tail, std::string* sql) {
  const std::string name = absl::StrCat(SqlLiteral(account.user), "@", SqlLiteral(host));
  absl::StrAppend(sql, "CREATE USER ", name, " IDENTIFIED BY ",
                  SqlLiteral(account.password.Reveal()), ";\n");
  absl::StrAppend(sql, "GRANT ", grants, " ON *.* TO ", name, tail, ";\n");
}

}  // namespace

std::string SqlLiteral(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "''"}}), "'");
}

absl::StatusOr<std::string> AccountSql(const Accounts& accounts) {
  GRAFT_RETURN_IF_ERROR(Check(accounts.dba));
  GRAFT_RETURN_IF_ERROR(Check(accounts.repl, kLongestReplPassword));
  if (accounts.clone_enabled) GRAFT_RETURN_IF_ERROR(Check(accounts.clone));
  // A fixed sql_mode, so that an extra my.cnf cannot change the meaning of a literal.
  std::string sql =
      "SET SESSION sql_log_bin=0;\n"
      "SET SESSION sql_mode='';\n";
  AppendAccount(accounts.dba, "localhost", "ALL PRIVILEGES", " WITH GRANT OPTION", &sql);
  AppendAccount(accounts.repl, "%", "REPLICATION SLAVE", "", &sql);
  if (accounts.clone_enabled) {
    // The last three are for a recipient's preflight, which looks at this server through this
    // account. They reveal nothing new: an account that may clone a server may read all its data.
    AppendAccount(accounts.clone, "%",
                  "BACKUP_ADMIN, CLONE_ADMIN, PROCESS, REPLICATION CLIENT, SELECT", "", &sql);
  }
  return sql;
}

}  // namespace graft
