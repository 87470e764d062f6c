#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/shown_text.h"
#include "mysql/tables.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

RowSet Processlist() {
  return {{"Id", "User", "Host", "db", "Command", "Time", "State", "Info"},
          {{"9", "app", "10.0.0.1:5", "shop", "Query", "3", "Waiting", "DROP TABLE t"},
           {"5", "event_scheduler", "localhost", std::nullopt, "Daemon", "100", "", std::nullopt},
           {"6", "system user", "", std::nullopt, "Query", "1", "", std::nullopt},
           {"7", "app", "10.0.0.1:4", "shop", "Sleep", "-1", "", std::nullopt},
           {"8", "root", "localhost", "ev", "Connect", "1", "User sleep", "DO SLEEP(4)"},
           {"10", "unauthenticated user", "h", std::nullopt, "Query", std::nullopt, "login", ""},
           {"11", "me", "localhost", std::nullopt, "Query", "0", "init", "SHOW PROCESSLIST"}}};
}

RowSet Ids(std::vector<std::vector<std::optional<std::string>>> ids) {
  return {{"id"}, std::move(ids)};
}

TEST(SessionTables, OnlyUsersConnectionsById) {
  SessionRows rows;
  rows.own_id = 11;
  rows.processlist = Processlist();
  const auto sessions = ReadSessionRows(rows);
  ASSERT_TRUE(sessions.ok()) << sessions.status();
  ASSERT_EQ(sessions->size(), 2u);
  const ServerSession& idle = (*sessions)[0];
  EXPECT_EQ(idle.connection_id, 7);
  EXPECT_EQ(idle.command, "Sleep");
  EXPECT_EQ(idle.statement, "");
  EXPECT_EQ(idle.in_command, absl::ZeroDuration()) << "never negative";
  EXPECT_FALSE(idle.in_transaction);
  const ServerSession& busy = (*sessions)[1];
  EXPECT_EQ(busy.connection_id, 9);
  EXPECT_EQ(busy.user, "app");
  EXPECT_EQ(busy.host, "10.0.0.1:5");
  EXPECT_EQ(busy.state, "Waiting");
  EXPECT_EQ(busy.in_command, absl::Seconds(3));
  EXPECT_EQ(busy.statement, "DROP TABLE t");
}

TEST(SessionTables, TransactionsAreRowsOfInnodbOrHeldLocks) {
  for (const bool innodb : {false, true}) {
    SessionRows rows;
    rows.processlist = Processlist();
    (innodb ? rows.transactions : rows.held_locks) = Ids({{"7"}, {"0"}, {"12345"}});
    const auto sessions = ReadSessionRows(rows);
    EXPECT_TRUE(sessions->at(0).in_transaction);
    EXPECT_FALSE(sessions->at(1).in_transaction);
  }
}

TEST(SessionTables, WaitersNameWhoIsInTheirWay) {
  SessionRows rows;
  rows.processlist = Processlist();
  rows.lock_waits = {{"waiter", "wanted", "holder", "held"},
                     {{"9", "EXCLUSIVE", "8", "SHARED_READ"},
                      {"9", "EXCLUSIVE", "7", "SHARED_READ"},
                      {"9", "EXCLUSIVE", "7", "SHARED_WRITE"},
                      {"9", "INTENTION_EXCLUSIVE", "11", "INTENTION_EXCLUSIVE"},
                      {"9", "EXCLUSIVE", std::nullopt, "SHARED"},
                      {"99", "EXCLUSIVE", "7", "SHARED"}}};
  const auto sessions = ReadSessionRows(rows);
  ASSERT_TRUE(sessions.ok()) << sessions.status();
  EXPECT_THAT(sessions->at(0).waits_for, IsEmpty());
  EXPECT_THAT(sessions->at(1).waits_for, ElementsAre(7, 8)) << "an event (8) too";
}

TEST(SessionTables, NoNumberIsAnError) {
  SessionRows rows;
  rows.processlist = Processlist();
  rows.transactions = Ids({{"x"}});
  EXPECT_TRUE(absl::IsInternal(ReadSessionRows(rows).status()));
}

// The server's own table (sql/mdl.cc), '-' where a request waits for a granted lock.
TEST(LocksConflict, AsTheServerHasIt) {
  const std::vector<std::string> types = {
      "SHARED",           "SHARED_HIGH_PRIO",      "SHARED_READ",
      "SHARED_WRITE",     "SHARED_WRITE_LOW_PRIO", "SHARED_UPGRADABLE",
      "SHARED_READ_ONLY", "SHARED_NO_WRITE",       "SHARED_NO_READ_WRITE",
      "EXCLUSIVE"};
  const std::vector<std::string> rows = {"+++++++++-", "+++++++++-", "++++++++--", "++++++----",
                                         "++++++----", "+++++-+---", "+++--+++--", "+++---+---",
                                         "++--------", "----------"};
  for (size_t i = 0; i < types.size(); ++i) {
    for (size_t j = 0; j < types.size(); ++j) {
      EXPECT_EQ(LocksConflict(types[i], types[j]), rows[i][j] == '-')
          << types[i] << " " << types[j];
    }
  }
  const std::vector<std::string> scoped = {"INTENTION_EXCLUSIVE", "SHARED", "EXCLUSIVE"};
  const std::vector<std::string> scoped_rows = {"+--", "-+-", "---"};
  for (size_t i = 0; i < scoped.size(); ++i) {
    for (size_t j = 0; j < scoped.size(); ++j) {
      EXPECT_EQ(LocksConflict(scoped[i], scoped[j]), scoped_rows[i][j] == '-')
          << scoped[i] << " " << scoped[j];
    }
  }
  EXPECT_TRUE(LocksConflict("NEW_KIND", "SHARED"));
  EXPECT_TRUE(LocksConflict("SHARED", "NEW_KIND"));
}

TEST(ShowStatement, OneLineWithoutSecrets) {
  const std::map<std::string, std::string> cases = {
      {"", ""},
      {"SELECT 1", "SELECT 1"},
      {"SELECT\n\t1", "SELECT  1"},
      {"CREATE USER a IDENTIFIED BY 'hush'", "CREATE USER a IDENTIFIED ..."},
      {"create user a identified with p as 'hush'", "create user a identified ..."},
      {"CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD='hush'",
       "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD ..."},
      {"SET PASSWORD = 'hush' /* IDENTIFIED */", "SET PASSWORD ..."},
      {"ALTER USER a IDENTIFIED", "ALTER USER a IDENTIFIED"},
      {"SELECT '\xe4\xb8\xad\xf0\x9f\x98\x80'", "SELECT '\xe4\xb8\xad\xf0\x9f\x98\x80'"},
      {"a\xff\xfe\xc0\x80z", "a????z"},
      {"cut \xe4\xb8", "cut ??"},
      {"surrogate \xed\xa0\x80", "surrogate ???"},
      {"beyond \xf4\x90\x80\x80", "beyond ????"},
  };
  for (const auto& [text, shown] : cases) EXPECT_EQ(ShowStatement(text), shown);
}

}  // namespace
}  // namespace graft
