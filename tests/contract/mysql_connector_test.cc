// Tests of the Connector/C++ adapter that need a real mysqld.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "contract/mysql_backends.h"
#include "mysql/connector_server.h"
#include "testing/eventually.h"

namespace graft {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAreArray;

class ConnectorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    RealBackend();
    RealRecipient().Sql(
        "SET sql_log_bin=0; CREATE USER IF NOT EXISTS tcp@'%' IDENTIFIED BY 'pa''ss'; "
        "CREATE ROLE IF NOT EXISTS cloner; GRANT CLONE_ADMIN ON *.* TO cloner; "
        "CREATE USER IF NOT EXISTS low@'%' IDENTIFIED BY 'pw' DEFAULT ROLE cloner");
  }
  absl::StatusOr<ServerFacts> Try(const ConnectionOptions& options) {
    return MakeConnectorServer(*clock_, options)->Describe();
  }

  const std::unique_ptr<Clock> clock_ = MakeRealClock();
};

TEST_F(ConnectorTest, SocketAndTcpWithAndWithoutTls) {
  EXPECT_TRUE(Try(RealRecipient().Socket("tcp", "pa'ss")).ok());
  // FLUSH PRIVILEGES empties the password cache, so that caching_sha2_password asks for the whole.
  RealRecipient().Sql("FLUSH PRIVILEGES");
  const auto plain = Try(RealRecipient().Tcp("tcp", "pa'ss"));
  EXPECT_TRUE(plain.ok()) << plain.status();
  RealRecipient().Sql("FLUSH PRIVILEGES; ALTER USER tcp@'%' REQUIRE SSL");
  EXPECT_TRUE(absl::IsUnauthenticated(Try(RealRecipient().Tcp("tcp", "pa'ss")).status()));
  ConnectionOptions tls = RealRecipient().Tcp("tcp", "pa'ss");
  tls.require_ssl = true;
  const auto encrypted = Try(tls);
  EXPECT_TRUE(encrypted.ok()) << encrypted.status();
  tls.require_ssl = false;
  tls.ssl_ca = RealRecipient().sandbox().paths().data() + "/ca.pem";
  const auto verified = Try(tls);
  EXPECT_TRUE(verified.ok()) << verified.status();
  tls.ssl_ca = RealDonor().sandbox().paths().data() + "/mysql.ibd";  // no certificate in it
  EXPECT_TRUE(absl::IsUnauthenticated(Try(tls).status())) << Try(tls).status();
  RealRecipient().Sql("ALTER USER tcp@'%' REQUIRE NONE");
}

TEST_F(ConnectorTest, WrongPasswordAndUnknownAccountAreUnauthenticated) {
  for (const char* user : {"tcp", "nobody"}) {
    const absl::Status status = Try(RealRecipient().Tcp(user, "s3cret-word")).status();
    EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
    EXPECT_EQ(ReasonOf(status), "BAD_CREDENTIALS");
    EXPECT_THAT(std::string(status.message()), HasSubstr(user));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("s3cret-word")));
  }
}

TEST_F(ConnectorTest, MissingPrivilegesAreNamed) {
  const auto server = MakeConnectorServer(*clock_, RealRecipient().Tcp("low", "pw"));
  const absl::Status answers[] = {
      server->ReadClone().status(), server->ReadReplication().status(),
      server->SetVariables({{VariableChange::How::kGlobal, "read_only", "ON"}}),
      server->StopReplication(true)};
  for (const absl::Status& answer : answers) {
    EXPECT_TRUE(absl::IsPermissionDenied(answer)) << answer;
    EXPECT_EQ(ReasonOf(answer), "PRIVILEGE_MISSING") << answer;
  }
  EXPECT_THAT(std::string(answers[2].message()), HasSubstr("SYSTEM_VARIABLES_ADMIN"));
  EXPECT_THAT(server->Describe()->privileges, ElementsAre("CLONE_ADMIN")) << "through a role";
}

// SHOW REPLICA STATUS and performance_schema; the latter also before there is a channel.
TEST_F(ConnectorTest, FiltersAreTheSameWhereverTheyAreRead) {
  RealRecipient().Sql(
      "CHANGE REPLICATION FILTER REPLICATE_DO_DB=(shop,web), REPLICATE_IGNORE_DB=(tmp), "
      "REPLICATE_DO_TABLE=(shop.a), REPLICATE_IGNORE_TABLE=(shop.b,shop.c), "
      "REPLICATE_WILD_DO_TABLE=('shop.d%'), REPLICATE_WILD_IGNORE_TABLE=('shop.ign%'), "
      "REPLICATE_REWRITE_DB=((x,y),(z,shop))");
  const auto server = MakeConnectorServer(*clock_, RealRecipient().Socket("vt_dba"));
  const auto texts = [&server] {
    std::set<std::string> texts;
    const auto filters = server->Survey("vt_dba")->filters;
    for (const ReplicationFilter& filter : *filters) texts.insert(filter.Text());
    return texts;
  };
  const std::set<std::string> before = texts();
  EXPECT_EQ(before.size(), 7u);
  RealRecipient().Sql("CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=1");
  EXPECT_THAT(server->ReadReplication()->at(0).filters, UnorderedElementsAreArray(before));
  EXPECT_EQ(texts(), before);
  RealRecipient().Sql(
      "CHANGE REPLICATION FILTER REPLICATE_DO_DB=(), REPLICATE_IGNORE_DB=(), "
      "REPLICATE_DO_TABLE=(), REPLICATE_IGNORE_TABLE=(), REPLICATE_WILD_DO_TABLE=(), "
      "REPLICATE_WILD_IGNORE_TABLE=(), REPLICATE_REWRITE_DB=(); RESET REPLICA ALL");
  EXPECT_EQ(texts().size(), 0u);
}

TEST_F(ConnectorTest, NoAnswerIsDeadlineExceeded) {
  ConnectionOptions options = RealRecipient().Socket("vt_dba");
  options.read_timeout = absl::Seconds(1);
  const auto server = MakeConnectorServer(*clock_, options);
  ASSERT_TRUE(server->Describe().ok());
  RealRecipient().process().Kill(SIGSTOP);
  const absl::Status status = server->Describe().status();
  RealRecipient().process().Kill(SIGCONT);
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_TRUE(server->Describe().ok()) << "on a new connection";
}

TEST_F(ConnectorTest, ConnectionKilledByTheServerIsMadeAnewWithinTheCall) {
  const auto server = MakeConnectorServer(*clock_, RealRecipient().Socket("low", "pw"));
  ASSERT_TRUE(server->Describe().ok());
  const std::string id =
      RealRecipient().Sql("SELECT MAX(id) FROM information_schema.processlist WHERE user='low'");
  RealRecipient().Sql(absl::StrCat("KILL ", id));
  const auto facts = server->Describe();
  EXPECT_TRUE(facts.ok()) << facts.status();
}

TEST_F(ConnectorTest, ServersOwnSqlModeDoesNotMatter) {
  RealRecipient().Sql("SET GLOBAL sql_mode='ANSI_QUOTES', GLOBAL time_zone='+09:00'");
  const auto server = MakeConnectorServer(*clock_, RealRecipient().Socket("vt_dba"));
  EXPECT_TRUE(
      server->SetVariables({{VariableChange::How::kGlobal, "init_connect", "SELECT 'a\\'"}}).ok());
  EXPECT_EQ(server->ReadVariables({"init_connect"})->at(0).value, "SELECT 'a\\'");
  const std::string utc = RealRecipient().Sql("SELECT UTC_TIMESTAMP(3)");
  EXPECT_GE(server->Describe()->now, utc);
  EXPECT_LT(server->Describe()->now.substr(0, 15), utc.substr(0, 15) + "~");
  RealRecipient().Sql(
      "SET GLOBAL sql_mode=DEFAULT, GLOBAL time_zone='SYSTEM', GLOBAL init_connect=''");
}

TEST_F(ConnectorTest, NoErrorShowsThePassword) {
  // A user name that MySQL refuses with a text about the statement (1064 or 1470).
  MysqlBackend& backend = RealBackend();
  ReplicationSource source = backend.Source();
  source.password = Secret(std::string(200, 'x') + "hush");
  const absl::Status change = backend.recipient().StartReplication(source);
  EXPECT_FALSE(change.ok());
  EXPECT_THAT(std::string(change.message()), Not(HasSubstr("hush"))) << change;
  EXPECT_THAT(std::string(change.message()), HasSubstr("<secret>")) << change;
}

TEST_F(ConnectorTest, AbandonedCloneGoesOnAndIsNotReported) {
  MysqlBackend& backend = RealBackend();
  RealRecipient().Sql("SET GLOBAL clone_max_data_bandwidth=1");
  std::atomic<int> ends{0};
  {
    const auto server = MakeConnectorServer(*clock_, RealRecipient().Socket("vt_dba"));
    ASSERT_TRUE(
        server->StartClone(backend.Request(), [&ends](const absl::Status&) { ++ends; }).ok());
    ASSERT_TRUE(Eventually(absl::Seconds(20), [&server] {
      const auto report = server->ReadClone();
      return report.ok() && report->stages.size() > 1 &&
             report->stages[1].state == CloneState::kInProgress;
    }));
  }
  const CloneStatus status = backend.recipient().ReadClone()->status.value();
  EXPECT_EQ(status.state, CloneState::kInProgress);
  KillClone(backend.recipient(), status.connection_id);
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&backend] {
    return backend.recipient().ReadClone()->status->state == CloneState::kFailed;
  }));
  // The session's end shows that its statement has been answered.
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] {
    return absl::IsNotFound(backend.recipient().KillQuery(status.connection_id));
  }));
  EXPECT_EQ(ends, 0);
}

}  // namespace
}  // namespace graft
