#include "mysql/statements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

CloneRequest Request() {
  CloneRequest request;
  request.donor = {"db1.example", 3306};
  request.user = "vt_clone";
  request.password = Secret("s3'cr\\et");
  return request;
}

ReplicationSource Source() {
  ReplicationSource source;
  source.address = {"db1", 3307};
  source.user = "vt_repl";
  source.password = Secret("it's");
  return source;
}

struct VariableCase {
  VariableChange change;
  std::string sql;  // "": INVALID_ARGUMENT
};

TEST(Statements, VariableChanges) {
  using How = VariableChange::How;
  const VariableCase cases[] = {
      {{How::kGlobal, "read_only", "ON"}, "SET GLOBAL read_only = ON"},
      {{How::kGlobal, "super_read_only", "OFF"}, "SET GLOBAL super_read_only = OFF"},
      {{How::kPersistOnly, "skip_replica_start", "ON"}, "SET PERSIST_ONLY skip_replica_start = ON"},
      {{How::kGlobal, "max_connections", "151"}, "SET GLOBAL max_connections = 151"},
      {{How::kGlobal, "a.b", "-1.5"}, "SET GLOBAL a.b = -1.5"},
      {{How::kGlobal, "x", "1-1"}, "SET GLOBAL x = '1-1'"},
      {{How::kGlobal, "x", "."}, "SET GLOBAL x = '.'"},
      {{How::kGlobal, "x", ""}, "SET GLOBAL x = ''"},
      {{How::kGlobal, "x", "on"}, "SET GLOBAL x = 'on'"},
      {{How::kGlobal, "x", "a', read_only = '0"}, "SET GLOBAL x = 'a'', read_only = ''0'"},
      {{How::kForget, "read_only", "ON"}, "RESET PERSIST IF EXISTS read_only"},
      {{How::kGlobal, "", "1"}, ""},
      {{How::kGlobal, "read_only=1, x", "1"}, ""},
      {{How::kForget, "Read_Only", ""}, ""},
  };
  for (const VariableCase& c : cases) {
    const auto sql = SetVariableStatement(c.change);
    if (c.sql.empty()) {
      EXPECT_TRUE(absl::IsInvalidArgument(sql.status())) << c.change.name;
    } else {
      ASSERT_TRUE(sql.ok()) << sql.status();
      EXPECT_EQ(*sql, c.sql);
    }
  }
}

TEST(Statements, ReadingVariablesValidatesEveryName) {
  EXPECT_TRUE(absl::IsInvalidArgument(ReadVariablesStatement({"a", "b'"}).status()));
  EXPECT_THAT(*ReadVariablesStatement({"a", "b"}), HasSubstr("IN ('a','b')"));
  EXPECT_THAT(*ReadVariablesStatement({}), HasSubstr("IN ('')"));
}

TEST(Statements, CloneQuotesWithoutBackslashes) {
  EXPECT_EQ(*CloneStatement(Request(), Secrets::kReveal),
            "CLONE INSTANCE FROM 'vt_clone'@'db1.example':3306 IDENTIFIED BY 's3''cr\\et' "
            "REQUIRE SSL");
  CloneRequest plain = Request();
  plain.require_ssl = false;
  EXPECT_THAT(*CloneStatement(plain, Secrets::kReveal), HasSubstr(" REQUIRE NO SSL"));
}

TEST(Statements, MaskedOnesHoldNoPassword) {
  EXPECT_THAT(*CloneStatement(Request(), Secrets::kMask), HasSubstr("IDENTIFIED BY '<secret>'"));
  EXPECT_THAT(*ChangeSourceStatement({9, 7, 4}, Source(), Secrets::kMask),
              HasSubstr("SOURCE_PASSWORD='<secret>'"));
}

TEST(Statements, CloneNeedsAddressAndUser) {
  CloneRequest no_port = Request();
  no_port.donor.port = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(CloneStatement(no_port, Secrets::kReveal).status()));
  CloneRequest no_user = Request();
  no_user.user.clear();
  EXPECT_TRUE(absl::IsInvalidArgument(CloneStatement(no_user, Secrets::kReveal).status()));
}

TEST(Statements, DonorListTakesNoHostThatTheServerWouldSplit) {
  EXPECT_EQ(*DonorListStatement({"db1", 3306}), "SET GLOBAL clone_valid_donor_list = 'db1:3306'");
  for (const char* host : {"::1", "[::1]", "a,b", "a b", ""}) {
    EXPECT_TRUE(absl::IsInvalidArgument(DonorListStatement({host, 3306}).status())) << host;
  }
}

TEST(Statements, ReplicationDialects) {
  const ServerVersion oldest{8, 0, 17};
  const ServerVersion between{8, 0, 22};
  EXPECT_EQ(ReplicaStatement(oldest, "SHOW REPLICA STATUS"), "SHOW SLAVE STATUS");
  EXPECT_EQ(ReplicaStatement(between, "SHOW REPLICA STATUS"), "SHOW REPLICA STATUS");
  EXPECT_EQ(ReplicaStatement(oldest, "STOP REPLICA"), "STOP SLAVE");
  EXPECT_EQ(ReplicaStatement({8, 4, 0}, "RESET REPLICA ALL"), "RESET REPLICA ALL");
  EXPECT_EQ(ReplicaStatement(oldest, "START REPLICA FOR CHANNEL ''"), "START SLAVE FOR CHANNEL ''");
  EXPECT_EQ(*ChangeSourceStatement(between, Source(), Secrets::kReveal),
            "CHANGE MASTER TO MASTER_HOST='db1', MASTER_PORT=3307, MASTER_USER='vt_repl', "
            "MASTER_PASSWORD='it''s', MASTER_CONNECT_RETRY=10, "
            "MASTER_RETRY_COUNT=86400, MASTER_HEARTBEAT_PERIOD=10, MASTER_SSL=1, "
            "MASTER_AUTO_POSITION=1 FOR CHANNEL ''");
  EXPECT_EQ(*ChangeSourceStatement({8, 0, 23}, Source(), Secrets::kReveal),
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST='db1', SOURCE_PORT=3307, "
            "SOURCE_USER='vt_repl', SOURCE_PASSWORD='it''s', SOURCE_CONNECT_RETRY=10, "
            "SOURCE_RETRY_COUNT=86400, SOURCE_HEARTBEAT_PERIOD=10, "
            "SOURCE_SSL=1, SOURCE_AUTO_POSITION=1 FOR CHANNEL ''");
}

TEST(Statements, WithoutTlsTheSourcesKeyIsFetched) {
  ReplicationSource source = Source();
  source.use_ssl = false;
  const std::string sql = *ChangeSourceStatement({9, 7, 4}, source, Secrets::kReveal);
  EXPECT_THAT(sql, HasSubstr("SOURCE_SSL=0, GET_SOURCE_PUBLIC_KEY=1"));
  EXPECT_THAT(sql, Not(HasSubstr("SOURCE_SSL=1")));
}

TEST(Statements, LockWaitIsAtLeastASecond) {
  EXPECT_THAT(SessionSetup(absl::Milliseconds(10)), HasSubstr("lock_wait_timeout=1"));
  EXPECT_THAT(SessionSetup(absl::Seconds(7)), HasSubstr("lock_wait_timeout=7"));
}

TEST(MysqlStatementsTest, AnEventKeepsWhatItWasMadeWith) {
  const auto statements = [](const char* version, const char* name, const char* charset) {
    const RowSet rows{
        {"schema", "name", "definer", "sql_mode", "time_zone", "charset", "collation"},
        {{"shop", name, "a@b@%", "ANSI", "SYSTEM", charset, "latin1_swedish_ci"}}};
    return DisableEventStatements(ServerVersion::Parse(version).value(), Row(rows, 0));
  };
  EXPECT_THAT(
      statements("9.7.4", "ti`ck", "latin1").value(),
      ElementsAre("SET SESSION sql_mode='ANSI', SESSION time_zone='SYSTEM', SESSION "
                  "character_set_client='latin1', SESSION collation_connection='latin1_swedish_ci'",
                  "ALTER DEFINER=`a@b`@`%` EVENT `shop`.`ti``ck` DISABLE ON REPLICA"));
  EXPECT_THAT(statements("8.2.0", "tick", "latin1").value()[1], HasSubstr("DISABLE ON REPLICA"));
  for (const char* version : {"8.1.0", "8.0.44", "8.0.26"}) {
    EXPECT_THAT(statements(version, "tick", "latin1").value()[1], HasSubstr("DISABLE ON SLAVE"));
  }
  EXPECT_TRUE(statements("9.7.4", "öl", "utf8mb4").ok());
  EXPECT_TRUE(absl::IsInvalidArgument(statements("9.7.4", "öl", "latin1").status()));
}

TEST(MysqlStatementsTest, AFilterIsWrittenAsItIsShown) {
  EXPECT_EQ(
      SetFilterStatement({"", "REPLICATE_IGNORE_TABLE", "shop.log,shop.x", true, true}),
      "CHANGE REPLICATION FILTER REPLICATE_IGNORE_TABLE=(`shop`.`log`,`shop`.`x`) FOR CHANNEL ''");
  EXPECT_EQ(
      SetFilterStatement({"", "REPLICATE_REWRITE_DB", "(a,order),(c,d)", true, true}),
      "CHANGE REPLICATION FILTER REPLICATE_REWRITE_DB=((`a`,`order`),(`c`,`d`)) FOR CHANNEL ''");
  EXPECT_EQ(SetFilterStatement({"", "REPLICATE_WILD_DO_TABLE", "shop.%,o'k.t", true, true}),
            "CHANGE REPLICATION FILTER REPLICATE_WILD_DO_TABLE=('shop.%','o''k.t') FOR CHANNEL "
            "''");
  EXPECT_EQ(SetFilterStatement({"", "REPLICATE_DO_DB", "m.n,c d,e\"f,g`h,p%q,(x)", true, true}),
            "CHANGE REPLICATION FILTER REPLICATE_DO_DB=(`m.n`,`c d`,`e\"f`,`g``h`,`p%q`,`(x)`) FOR "
            "CHANNEL ''");
}

}  // namespace
}  // namespace graft
