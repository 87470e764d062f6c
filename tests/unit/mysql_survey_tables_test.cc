#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "mysql/survey_statements.h"
#include "mysql/tables.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(SurveyTables, AccountsAreSplitAtTheLastAt) {
  EXPECT_THAT(SplitAccount("vt_dba@localhost"), Pair("vt_dba", "localhost"));
  EXPECT_THAT(SplitAccount("a@b@%"), Pair("a@b", "%"));
  EXPECT_THAT(SplitAccount("@localhost"), Pair("", "localhost"));
  EXPECT_THAT(SplitAccount("odd"), Pair("odd", ""));
}

TEST(SurveyTables, VariablesAreThoseThatTheServerHas) {
  EXPECT_THAT(ReadSurveyVariables(
                  {{"name", "value"}, {{"datadir", "/d/"}, {"clone_ssl_ca", std::nullopt}}}),
              UnorderedElementsAre(Pair("datadir", "/d/"), Pair("clone_ssl_ca", "")));
}

RowSet Plugins() {
  return {{"name", "type", "library"},
          {{"InnoDB", "STORAGE ENGINE", std::nullopt},
           {"clone", "CLONE", "mysql_clone.so"},
           {"daemon_keyring_proxy_plugin", "DAEMON", std::nullopt}}};
}

TEST(SurveyTables, PluginsKnowHowTheyCame) {
  const auto plugins = ReadPlugins(Plugins(), {{"name"}, {{"CLONE"}, {"gone"}}});
  ASSERT_EQ(plugins.size(), 3u);
  EXPECT_EQ(plugins[0].library, "");
  EXPECT_FALSE(plugins[0].by_statement);
  EXPECT_EQ(plugins[1].library, "mysql_clone.so");
  EXPECT_TRUE(plugins[1].by_statement);
  EXPECT_FALSE(ReadPlugins(Plugins(), {})[1].by_statement);
}

TEST(SurveyTables, KeyringPluginsAreKnownByTheirType) {
  RowSet plugins = Plugins();
  EXPECT_FALSE(HasKeyringPlugin(plugins)) << "the proxy is in every server";
  plugins.rows.push_back({"keyring_file", "KEYRING", "keyring_file.so"});
  EXPECT_TRUE(HasKeyringPlugin(plugins));
}

TEST(SurveyTables, CountsAndRedoLog) {
  EXPECT_EQ(ReadCount({{"count"}, {{"2"}}}).value(), 2);
  EXPECT_TRUE(absl::IsInternal(ReadCount({{"count"}, {}}).status()));
  EXPECT_TRUE(ReadRedoLogEnabled({{"Variable_name", "Value"}, {}})) << "before 8.0.21";
  EXPECT_TRUE(ReadRedoLogEnabled({{"Variable_name", "Value"}, {{"x", "ON"}}}));
  EXPECT_FALSE(ReadRedoLogEnabled({{"Variable_name", "Value"}, {{"x", "OFF"}}}));
}

TEST(SurveyTables, TablespacesAddUp) {
  auto outside = ReadOutsideFiles({{"space", "path"}, {{"8", "/x/b.ibd"}, {"7", "/x/a.ibd"}}});
  ASSERT_TRUE(outside.ok()) << outside.status();
  EXPECT_THAT(outside->spaces, ElementsAre(8, 7));
  const auto facts =
      ReadTablespaces({{"bytes", "dropped_bytes"}, {{"1000", "400"}}}, {{"bytes"}, {{"50"}}},
                      {{"name"}, {{"shop/a"}}}, *std::move(outside));
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->bytes, 1050);
  EXPECT_EQ(facts->dropped_bytes, 400);
  EXPECT_THAT(facts->outside, ElementsAre("/x/a.ibd", "/x/b.ibd"));
  EXPECT_THAT(facts->encrypted, ElementsAre("shop/a"));
  EXPECT_TRUE(absl::IsInternal(ReadTablespaces({}, {{"bytes"}, {{"50"}}}, {}, {}).status()));
  EXPECT_TRUE(absl::IsInternal(ReadOutsideFiles({{"space", "path"}, {{"x", "/a"}}}).status()));
}

TEST(SurveyTables, TablesAreNamedWithTheirEngine) {
  EXPECT_THAT(ReadNonInnodbTables({{"schema", "name", "engine"},
                                   {{"shop", "log", "MyISAM"}, {"shop", "odd", std::nullopt}}}),
              ElementsAre("shop.log (MyISAM)", "shop.odd (unknown engine)"));
}

TEST(SurveyTables, Accounts) {
  const auto accounts = ReadAccounts(
      {{"host", "plugin", "fingerprint"}, {{"localhost", "caching_sha2_password", "0123"}}});
  ASSERT_EQ(accounts.size(), 1u);
  EXPECT_EQ(accounts[0].host, "localhost");
  EXPECT_EQ(accounts[0].plugin, "caching_sha2_password");
  EXPECT_EQ(accounts[0].fingerprint, "0123");
}

RowSet Grants(std::vector<std::string> lines) {
  RowSet rows = {{"Grants for a@%"}, {}};
  for (std::string& line : lines) rows.rows.push_back({std::move(line)});
  return rows;
}

TEST(SurveyTables, WhoSeesAllTables) {
  const std::string global = "GRANT SELECT, PROCESS ON *.* TO `a`@`%`";
  const std::vector<std::pair<RowSet, std::string>> cases = {
      {Grants({global}), ""},
      {Grants({global, "REVOKE SELECT ON `mysql`.* FROM `a`@`%`"}), ""},
      {Grants({global, "REVOKE INSERT, UPDATE ON `shop`.* FROM `a`@`%`"}), ""},
      {Grants({global, "GRANT `r`@`%` TO `a`@`%`"}), ""},
      {Grants({global, "REVOKE INSERT, SELECT ON `shop`.* FROM `a`@`%`"}),
       "GRANT SELECT ON `shop`.* TO 'a'@'%'"},
      {Grants({"GRANT PROCESS ON *.* TO `a`@`%`", "GRANT SELECT ON `shop`.* TO `a`@`%`"}),
       "GRANT SELECT ON *.* TO 'a'@'%'"},
      {Grants({}), "GRANT SELECT ON *.* TO 'a'@'%'"},
  };
  for (const auto& [grants, advice] : cases) {
    const absl::Status status = CheckSeesAllTables(grants, "a@%");
    EXPECT_EQ(status.ok(), advice.empty()) << status;
    if (advice.empty()) continue;
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
    EXPECT_EQ(ReasonOf(status), "PRIVILEGE_MISSING");
    EXPECT_THAT(std::string(status.message()), HasSubstr(advice));
  }
}

TEST(SurveyTables, MissingPrivilegeSaysWhatToGrant) {
  EXPECT_TRUE(CheckPrivilege({"PROCESS"}, "PROCESS", "it's@%", "the sessions").ok());
  const absl::Status status = CheckPrivilege({"SUPER"}, "PROCESS", "it's@%", "the sessions");
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("GRANT PROCESS ON *.* TO 'it''s'@'%'"));
}

TEST(SurveyStatements, SpacesElsewhereAreNotCountedAsFreed) {
  EXPECT_THAT(TablespaceSizesStatement({}), Not(HasSubstr("space NOT IN")));
  EXPECT_THAT(TablespaceSizesStatement({7, 8}), HasSubstr("space NOT IN (7,8)"));
}

TEST(SurveyStatements, NamesAreQuoted) {
  EXPECT_THAT(AccountsStatement("it's"), HasSubstr("user='it''s'"));
  EXPECT_THAT(SurveyVariablesStatement({"a", "b"}), HasSubstr("IN ('a','b')"));
}

TEST(SurveyStatements, AuthenticationStringsStayOnTheServer) {
  EXPECT_THAT(AccountsStatement("a"), HasSubstr("SHA2(IFNULL(authentication_string,''),256)"));
}

TEST(SurveyedVariables, EachOnce) {
  std::set<std::string> seen;
  for (const std::string& name : SurveyedVariables()) {
    EXPECT_TRUE(seen.insert(name).second) << name;
    EXPECT_THAT(name, ::testing::MatchesRegex("[a-z_]+"));
  }
  EXPECT_THAT(std::vector<std::string>(seen.begin(), seen.end()), Not(IsEmpty()));
}

}  // namespace
}  // namespace graft
