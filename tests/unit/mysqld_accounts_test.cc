#include <gmock/gmock.h>

#include "mysqld/my_cnf.h"
#include "testing/mysql_client.h"

namespace graft {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(SqlLiteral, KeepsQuotesAndBackslashesInside) {
  EXPECT_EQ(SqlLiteral(""), "''");
  EXPECT_EQ(SqlLiteral("it's"), "'it''s'");
  EXPECT_EQ(SqlLiteral("a\\"), "'a\\\\'");
  EXPECT_EQ(SqlLiteral("\\'; DROP USER root; -- "), "'\\\\''; DROP USER root; -- '");
}

TEST(AccountSql, MakesThreeAccountsWithTheirGrants) {
  Accounts accounts;
  accounts.clone_enabled = true;
  accounts.repl.password = Secret("r'1");
  const absl::StatusOr<std::string> sql = AccountSql(accounts);
  ASSERT_TRUE(sql.ok()) << sql.status();
  EXPECT_EQ(*sql,
            "SET SESSION sql_log_bin=0;\n"
            "SET SESSION sql_mode='';\n"
            "CREATE USER 'vt_dba'@'localhost' IDENTIFIED BY '';\n"
            "GRANT ALL PRIVILEGES ON *.* TO 'vt_dba'@'localhost' WITH GRANT OPTION;\n"
            "CREATE USER 'vt_repl'@'%' IDENTIFIED BY 'r''1';\n"
            "GRANT REPLICATION SLAVE ON *.* TO 'vt_repl'@'%';\n"
            "CREATE USER 'vt_clone'@'%' IDENTIFIED BY '';\n"
            "GRANT BACKUP_ADMIN, CLONE_ADMIN, PROCESS, REPLICATION CLIENT, SELECT ON *.* TO "
            "'vt_clone'@'%';\n");
}

TEST(AccountSql, MakesNoCloneAccountUnlessAsked) {
  const absl::StatusOr<std::string> sql = AccountSql(Accounts{});
  ASSERT_TRUE(sql.ok()) << sql.status();
  EXPECT_THAT(*sql, Not(HasSubstr("clone")));
}

TEST(AccountSql, RefusesAPasswordOfTwoLinesWithoutShowingIt) {
  Accounts accounts;
  accounts.dba.password = Secret("hunter2\nGRANT");
  const absl::Status status = AccountSql(accounts).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("vt_dba"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("hunter2")));
}

// CHANGE REPLICATION SOURCE takes 32 characters (3056).
TEST(AccountSql, RefusesAPasswordThatReplicationRefuses) {
  Accounts accounts;
  accounts.dba.password = accounts.clone.password = Secret(std::string(33, 'x'));
  accounts.repl.password = Secret(std::string(32, 'x'));
  EXPECT_TRUE(AccountSql(accounts).ok());
  accounts.repl.password = Secret(std::string(33, 'x'));
  EXPECT_THAT(std::string(AccountSql(accounts).status().message()), HasSubstr("at most 32"));
}

TEST(AccountSql, RefusesNamesThatMysqlRefuses) {
  for (const std::string& name : {std::string(), std::string(33, 'x'), std::string("a\nb")}) {
    Accounts accounts;
    accounts.repl.user = name;
    EXPECT_TRUE(absl::IsInvalidArgument(AccountSql(accounts).status())) << name;
  }
}

TEST(ParseBatchOutput, TakesEscapesBack) {
  EXPECT_EQ(ParseBatchOutput(""), SqlRows());
  EXPECT_EQ(ParseBatchOutput("\n"), (SqlRows{}));
  EXPECT_EQ(ParseBatchOutput("a\tb\\tc\n1\tx\\\\ny\n"), (SqlRows{{"a", "b\tc"}, {"1", "x\\ny"}}));
}

}  // namespace
}  // namespace graft
