#include "contract/mysql_backends.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "base/errors.h"
#include "fakes/fake_mysql_server.h"
#include "fakes/simulated_clock.h"
#include "testing/eventually.h"
#include "testing/ports.h"

namespace graft {
namespace {

// With characters that break careless quoting.
constexpr char kClonePassword[] = R"(it's a \"secret\\)";
constexpr char kClonePasswordSql[] = R"('it''s a \\"secret\\\\')";

class FakeBackend : public MysqlBackend {
 public:
  FakeBackend() {
    recipient_.Edit([](FakeMysqlState& state) {
      state.script.supervised = false;
      state.script.down_until_started = absl::InfiniteDuration();
      state.replication.gtid_executed_after = state.donor.gtid_executed;
    });
    donor_.Edit([](FakeMysqlState& state) {
      state.facts.server_uuid = "66666666-7777-8888-9999-000000000000";
      state.facts.user_schemas = {"shop"};
      state.facts.gtid_executed = state.donor.gtid_executed;
    });
  }

  MysqlServer& recipient() override { return recipient_; }
  MysqlServer& donor() override { return donor_; }
  MysqlServer& without_clone_privilege() override {
    recipient_.Edit([](FakeMysqlState& state) { state.facts.privileges.erase("CLONE_ADMIN"); });
    return recipient_;
  }
  MysqlServer& without_privileges() override {
    recipient_.Edit([](FakeMysqlState& state) { state.facts.privileges.clear(); });
    return recipient_;
  }
  CloneRequest Request() override {
    recipient_.Edit([](FakeMysqlState& state) {
      state.script.donor_refuses = false;
      state.script.fail_with = absl::OkStatus();
    });
    CloneRequest request;
    request.donor = {"donor", 3306};
    request.user = "vt_clone";
    request.password = Secret(kClonePassword);
    return request;
  }
  ReplicationSource Source() override {
    ReplicationSource source;
    source.address = {"donor", 3306};
    source.user = "vt_repl";
    return source;
  }
  CloneRequest WrongPassword() override {
    CloneRequest request = Request();
    Refuse(absl::UnauthenticatedError("1045"), "DONOR_CREDENTIALS");
    return request;
  }
  CloneRequest DonorDown() override {
    CloneRequest request = Request();
    Refuse(absl::UnavailableError("2003"), "DONOR_UNREACHABLE");
    return request;
  }
  int64_t OtherSession() override {
    recipient_.Edit([](FakeMysqlState& state) {
      ServerSession idle;
      idle.connection_id = 4711;
      state.sessions.push_back(idle);
    });
    return 4711;
  }
  int64_t IdleTransaction() override {
    recipient_.Edit([](FakeMysqlState& state) {
      ServerSession idle;
      idle.connection_id = 4712;
      idle.user = "app";
      idle.command = "Sleep";
      idle.in_transaction = true;
      state.sessions.push_back(idle);
      state.script.blocked_by = 4712;
    });
    return 4712;
  }
  std::unique_ptr<MysqlServer> OtherAgent() override { return recipient_.Another(); }
  void SlowTransaction(absl::Duration duration) override {
    recipient_.Edit([duration](FakeMysqlState& state) {
      state.replication.applying = state.replication.stop_takes = duration;
    });
    EXPECT_TRUE(recipient_.StartReplication(std::nullopt).ok());
  }
  bool Await(const std::function<bool()>& condition) override {
    const absl::Time deadline = clock_.Now() + absl::Minutes(2);
    while (!condition() && clock_.Now() < deadline) clock_.Advance(absl::Milliseconds(50));
    return condition();
  }
  void StopRecipient() override { recipient_.Shutdown(absl::InfiniteDuration()); }
  void AwaitRecipientEnd() override {
    EXPECT_TRUE(Await([this] { return !recipient_.Describe().ok(); }));
  }
  void StartRecipient(bool with_clone_plugin) override {
    recipient_.Edit([with_clone_plugin](FakeMysqlState& state) {
      state.facts.clone_plugin_status = with_clone_plugin ? "ACTIVE" : "DISABLED";
    });
    clock_.Advance(absl::Seconds(1));
    recipient_.StartServer();
  }
  void StartRecipientWithoutPerformanceSchema() override {
    recipient_.Edit([](FakeMysqlState& state) { state.config["performance_schema"] = "OFF"; });
    recipient_.StartServer();
  }
  void RemoveClonePlugin() override {
    recipient_.Edit([](FakeMysqlState& state) { state.facts.clone_plugin_status.clear(); });
  }
  void RestoreClonePlugin() override {}

 private:
  void Refuse(absl::Status status, absl::string_view reason) {
    recipient_.Edit([&](FakeMysqlState& state) {
      state.script.donor_refuses = true;
      state.script.fail_with = WithReason(std::move(status), reason);
      state.script.fail_errno = 3862;
    });
  }

  SimulatedClock clock_;
  FakeMysqlServer recipient_{clock_};
  FakeMysqlServer donor_{clock_};
};

class RealPair : public MysqlBackend {
 public:
  RealPair() {
    donor_mysqld_.Start();
    recipient_mysqld_.Start();
    donor_mysqld_.Sql(absl::StrCat(
        "SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=OFF; CREATE DATABASE shop; "
        "CREATE TABLE shop.goods (id INT PRIMARY KEY); INSERT INTO shop.goods VALUES (1),(2); "
        // Weight without rows, so that a clone lasts until its brake bites (0.1 s after its start).
        "CREATE TABLE shop.ballast (id INT PRIMARY KEY) AUTOEXTEND_SIZE = 512M; "
        "ALTER USER vt_clone@'%' IDENTIFIED BY ",
        kClonePasswordSql, "; ALTER USER vt_repl@'%' IDENTIFIED BY 'repl'"));
    recipient_ = MakeConnectorServer(*clock_, recipient_mysqld_.Socket("vt_dba"));
    donor_ = MakeConnectorServer(*clock_, donor_mysqld_.Socket("vt_dba"));
    limited_ = MakeConnectorServer(*clock_, recipient_mysqld_.Socket("limited", "pw"));
    powerless_ = MakeConnectorServer(*clock_, recipient_mysqld_.Socket("powerless", "pw"));
  }

  // Restores the first state, after any test.
  void Reset() {
    held_.clear();
    if (!recipient_mysqld_.process().running()) recipient_mysqld_.Start();
    const std::string cloned = recipient_mysqld_.Sql(
        "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name='shop'");
    if (cloned != "1") {
      // A clone killed in the copy leaves the donor's folder, empty. DROP DATABASE IF EXISTS (3681)
      // and a replicated CREATE DATABASE (3678) would both stumble over it.
      std::error_code error;
      std::filesystem::remove(recipient_mysqld_.sandbox().paths().data() + "/shop", error);
    }
    recipient_mysqld_.Sql(absl::StrCat(
        "STOP REPLICA; RESET REPLICA ALL; RESET PERSIST; SET GLOBAL super_read_only=OFF; "
        "SET GLOBAL read_only=OFF; SET GLOBAL clone_max_data_bandwidth=0; SET sql_log_bin=0; ",
        cloned == "1" ? "DROP DATABASE shop; " : "",
        "CREATE DATABASE IF NOT EXISTS old; CREATE TABLE IF NOT EXISTS old.t (id INT PRIMARY KEY); "
        "CREATE USER IF NOT EXISTS limited@'%' IDENTIFIED BY 'pw'; "
        "GRANT SELECT, SYSTEM_VARIABLES_ADMIN ON *.* TO limited@'%'; "
        "CREATE USER IF NOT EXISTS powerless@'%' IDENTIFIED BY 'pw'; "
        "CREATE USER IF NOT EXISTS app@'%' IDENTIFIED BY 'pw'; GRANT SELECT ON old.* TO app@'%'; "
        "SET sql_log_bin=1; "
        "RESET BINARY LOGS AND GTIDS"));
  }

  MysqlServer& recipient() override { return *recipient_; }
  MysqlServer& donor() override { return *donor_; }
  MysqlServer& without_clone_privilege() override { return *limited_; }
  MysqlServer& without_privileges() override { return *powerless_; }
  CloneRequest Request() override {
    CloneRequest request;
    request.donor = donor_mysqld_.sandbox().address();
    request.user = "vt_clone";
    request.password = Secret(kClonePassword);
    return request;
  }
  ReplicationSource Source() override {
    ReplicationSource source;
    source.address = donor_mysqld_.sandbox().address();
    source.user = "vt_repl";
    source.password = Secret("repl");
    return source;
  }
  CloneRequest WrongPassword() override {
    CloneRequest request = Request();
    request.password = Secret("wrong");
    return request;
  }
  CloneRequest DonorDown() override {
    CloneRequest request = Request();
    request.donor.port = FreePort();
    return request;
  }
  int64_t OtherSession() override {
    EXPECT_TRUE(limited_->Describe().ok());
    int64_t id = 0;
    EXPECT_TRUE(absl::SimpleAtoi(
        recipient_mysqld_.Sql(
            "SELECT MAX(id) FROM information_schema.processlist WHERE user='limited'"),
        &id));
    return id;
  }
  int64_t IdleTransaction() override {
    Session& session = Hold("app");
    EXPECT_TRUE(session.Execute("START TRANSACTION", "begin").ok());
    EXPECT_TRUE(session.Query("SELECT COUNT(*) FROM old.t", "read").ok());
    const auto id = session.Query("SELECT CONNECTION_ID() AS id", "read the id");
    EXPECT_TRUE(id.ok()) << id.status();
    return id.ok() ? Row(*id, 0).Number({"id"}).value_or(0) : 0;
  }
  std::unique_ptr<MysqlServer> OtherAgent() override {
    return MakeConnectorServer(*clock_, recipient_mysqld_.Socket("vt_dba"));
  }
  void SlowTransaction(absl::Duration duration) override {
    // As a statement it is applied as it was executed, SLEEP and all; later than now, without it.
    donor_mysqld_.Sql(
        absl::StrCat("SET SESSION binlog_format=STATEMENT; INSERT INTO shop.goods "
                     "SELECT MAX(id)+1+IF(@@server_id=",
                     donor_mysqld_.sandbox().port(), ",0,SLEEP(GREATEST(0,",
                     absl::ToUnixSeconds(clock_->Now() + duration),
                     "-UNIX_TIMESTAMP(SYSDATE())))) FROM shop.goods"));
  }
  bool Await(const std::function<bool()>& condition) override {
    return Eventually(absl::Minutes(1), condition);
  }
  void StopRecipient() override { recipient_mysqld_.Stop(); }
  void AwaitRecipientEnd() override { recipient_mysqld_.AwaitEnd(); }
  void StartRecipient(bool with_clone_plugin) override {
    recipient_mysqld_.Start(with_clone_plugin ? std::vector<std::string>()
                                              : std::vector<std::string>{"--clone=OFF"});
  }
  void StartRecipientWithoutPerformanceSchema() override {
    recipient_mysqld_.Start({"--performance-schema=OFF"});
  }
  void RemoveClonePlugin() override {
    if (recipient_mysqld_.Sql("SELECT COUNT(*) FROM mysql.plugin") != "0") {
      recipient_mysqld_.Sql("SET GLOBAL super_read_only=OFF; UNINSTALL PLUGIN clone");
      return;
    }
    StopRecipient();
    recipient_mysqld_.Start({"--plugin-load="});  // undoes what my.cnf adds
  }
  void RestoreClonePlugin() override {
    recipient_mysqld_.Sql("SET GLOBAL super_read_only=OFF; UNINSTALL PLUGIN clone");
    StopRecipient();
    StartRecipient(/*with_clone_plugin=*/true);
  }
  Session& Hold(const std::string& user) {
    auto session = Session::Open(*clock_, recipient_mysqld_.Socket(user, user == "app" ? "pw" : ""),
                                 absl::Minutes(1), absl::Minutes(1));
    EXPECT_TRUE(session.ok()) << session.status();
    held_.push_back(*std::move(session));
    return *held_.back();
  }

  BareMysqld donor_mysqld_;
  BareMysqld recipient_mysqld_;

 private:
  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  std::unique_ptr<MysqlServer> recipient_;
  std::unique_ptr<MysqlServer> donor_;
  std::unique_ptr<MysqlServer> limited_;
  std::unique_ptr<MysqlServer> powerless_;
  std::vector<std::unique_ptr<Session>> held_;  // until the next Reset()
};

std::unique_ptr<RealPair>& Shared() {
  static std::unique_ptr<RealPair> pair;
  return pair;
}

RealPair& Pair() {
  if (Shared() == nullptr) Shared() = std::make_unique<RealPair>();
  return *Shared();
}

}  // namespace

BareMysqld::BareMysqld() {
  MysqlSandboxOptions options;
  options.start = false;
  auto sandbox = MysqlSandbox::Start(options);
  if (!sandbox.ok()) {
    ADD_FAILURE() << sandbox.status();
    abort();  // nothing in this program can run without it
  }
  sandbox_ = *std::move(sandbox);
}

BareMysqld::~BareMysqld() = default;

std::string BareMysqld::Sql(const std::string& sql) {
  const auto value = sandbox_->SqlValue(sql);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.value_or("");
}

void BareMysqld::Start(const std::vector<std::string>& arguments) {
  auto process = sandbox_->StartBareMysqld(arguments);
  ASSERT_TRUE(process.ok()) << process.status();
  process_ = *std::move(process);
  const absl::Status ready = sandbox_->AwaitReady();
  ASSERT_TRUE(ready.ok()) << ready;
}

void BareMysqld::Stop() {
  process_->Kill(SIGTERM);
  AwaitEnd();
}

void BareMysqld::AwaitEnd() {
  const auto end = process_->Wait(absl::Minutes(1));
  EXPECT_TRUE(end.ok()) << end.status();
}

ConnectionOptions BareMysqld::Socket(const std::string& user, const std::string& password) const {
  ConnectionOptions options;
  options.socket = sandbox_->socket();
  options.user = user;
  options.password = Secret(password);
  return options;
}

ConnectionOptions BareMysqld::Tcp(const std::string& user, const std::string& password) const {
  ConnectionOptions options = Socket(user, password);
  options.socket.clear();
  options.address = sandbox_->address();
  return options;
}

void KillClone(MysqlServer& server, int64_t connection_id) {
  const absl::Status killed = server.KillQuery(connection_id);
  EXPECT_TRUE(killed.ok() || absl::IsDeadlineExceeded(killed)) << killed;
  if (!killed.ok()) server.KillQuery(connection_id).IgnoreError();
}

MysqlBackend& RealBackend() {
  Pair().Reset();
  return Pair();
}
BareMysqld& RealRecipient() {
  return Pair().recipient_mysqld_;
}
BareMysqld& RealDonor() {
  return Pair().donor_mysqld_;
}
Session& HoldSession(const std::string& user) {
  return Pair().Hold(user);
}
void EndRealBackend() {
  Shared().reset();
}

std::unique_ptr<MysqlBackend> MakeFakeBackend() {
  return std::make_unique<FakeBackend>();
}

}  // namespace graft
