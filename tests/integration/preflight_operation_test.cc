// An operation and the findings of preflight, on real servers: fatal findings, allowed findings,
// ended sessions, reports, and the choice of the donor.
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "integration/idle_session.h"
#include "integration/preflight_suite.h"
#include "testing/eventually.h"

namespace graft {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

// An operation of the recipient's that waits before one of its steps until it is released.
class HeldOperation {
 public:
  HeldOperation(MiniShard& shard, MiniTablet& recipient, const std::string& step)
      : shard_(shard), recipient_(recipient), file_(shard.folder() + "/hold-" + step) {
    EXPECT_THAT(WriteFile(file_, ""), IsOk());
    RestartAgent({"--hold-before-step", absl::StrCat(step, "=", file_)});
  }
  void Start(const std::string& donor_flag) {
    const CommandResult started = shard_.Graftctl({"reprovision", recipient_.alias, donor_flag});
    ASSERT_EQ(started.code, 0) << started.err;
    ASSERT_TRUE(Eventually(absl::Seconds(60), [this] { return fs::exists(file_ + ".reached"); }))
        << shard_.NewestOperation(recipient_)->DebugString();
  }
  // Lets it go on to its end.
  v1::Operation Release() {
    fs::remove(file_);
    const CommandResult watched = shard_.Graftctl({"watch", recipient_.alias, "--json"});
    EXPECT_EQ(watched.code, 0) << watched.err << watched.out;
    RestartAgent({});
    return LastOperation(watched.out).value_or(v1::Operation());
  }

 private:
  void RestartAgent(const std::vector<std::string>& flags) {
    EXPECT_THAT(shard_.StopAgent(recipient_), IsOk());
    EXPECT_THAT(shard_.StartAgent(recipient_, flags), IsOk());
  }

  MiniShard& shard_;
  MiniTablet& recipient_;
  const std::string file_;
};

std::vector<std::string> FindingsOf(const v1::Operation& operation) {
  Looked looked;
  *looked.report.mutable_results() = operation.findings();
  return looked.Findings();
}

TEST_F(PreflightTest, TablesThatArriveEmptyAreNamed) {
  Change(
      "CREATE TABLE shop.log (id INT) ENGINE=MyISAM; INSERT INTO shop.log VALUES (1); "
      "CREATE DEFINER=app@'%' EVENT shop.tick ON SCHEDULE EVERY 1 HOUR DO SELECT 1");
  ExpectRefused({"--from-primary"}, "NON_INNODB_TABLES");
  EXPECT_EQ(recipient().Value("SELECT COUNT(*) FROM shop.log"), "1");
  const v1::Operation operation =
      Reprovision(recipient(), {"--from-primary", "--allow-non-innodb"}, 0);
  EXPECT_EQ(operation.outcome(), v1::DONE);
  EXPECT_THAT(operation.proof().emptied_tables(), ElementsAre("shop.log (MyISAM)"));
  EXPECT_EQ(recipient().Value("SELECT COUNT(*) FROM shop.log"), "0");
  EXPECT_THAT(shard().Graftctl({"status", recipient().alias}).out, HasSubstr("shop.log (MyISAM)"));
  EXPECT_THAT(operation.proof().disabled_events(), ElementsAre("shop.tick"));
  EXPECT_EQ(recipient().Value("SELECT CONCAT(status, ' ', definer) FROM information_schema.events "
                              "WHERE event_name='tick'"),
            "REPLICA_SIDE_DISABLED app@%");
  Change("DROP TABLE shop.log; DROP EVENT shop.tick");
  ExpectHealthy(recipient(), primary());
}

TEST_F(PreflightTest, UncheckedStopsItUnlessThatIsAllowed) {
  Change("REVOKE PROCESS, SELECT ON *.* FROM vt_clone");
  const v1::Operation refused = ExpectRefused({"--from-primary"}, "PREFLIGHT_UNCHECKED");
  EXPECT_THAT(refused.error().message(), HasSubstr("--allow-unchecked"));
  const v1::Operation operation =
      Reprovision(recipient(), {"--from-primary", "--allow-unchecked=all"}, 0);
  EXPECT_EQ(operation.outcome(), v1::DONE);
  EXPECT_THAT(FindingsOf(operation), testing::Contains("UNCHECKED donor NON_INNODB_TABLES"));
  Change("GRANT PROCESS, SELECT ON *.* TO vt_clone");
  ExpectHealthy(recipient(), primary());
}

TEST_F(PreflightTest, SessionsAreEndedAndLostTransactionsCounted) {
  const std::string gtid = recipient().Value("SELECT @@server_uuid") + ":1";
  Execute(recipient(), gtid);
  const auto holder =
      IdleSession::Open(*recipient().mysql, "app", "BEGIN; SELECT COUNT(*) FROM shop.orders");
  ASSERT_THAT(holder, IsOk());
  const auto idler = IdleSession::Open(*recipient().mysql, "app", "SELECT 1");
  ASSERT_THAT(idler, IsOk());
  const v1::Operation operation = Reprovision(recipient(), {"--from-primary"}, 0);
  EXPECT_EQ(operation.outcome(), v1::DONE);
  // Right before CLONE, when it looked last, the sessions were gone.
  EXPECT_THAT(FindingsOf(operation), ElementsAre("WARNING recipient RECIPIENT_TRANSACTIONS"));
  std::vector<std::string> ended;
  for (const v1::EndedSession& session : operation.ended_sessions()) {
    ended.push_back(absl::StrCat(session.connection_id(), " ", session.user()));
  }
  EXPECT_THAT(ended, UnorderedElementsAre((*holder)->connection_id() + " app",
                                          (*idler)->connection_id() + " app"));
  EXPECT_EQ(operation.proof().transactions_discarded(), 1);
  EXPECT_EQ(operation.proof().gtid_discarded(), gtid);
  EXPECT_EQ(operation.proof().not_checked(), "");
  const std::string status = shard().Graftctl({"status", recipient().alias}).out;
  EXPECT_THAT(status, HasSubstr((*holder)->connection_id()));
  EXPECT_THAT(status, HasSubstr(gtid));
  ExpectHealthy(recipient(), primary());
}

// The recipient's my.cnf has it writable, with all channels and events running, after a restart.
TEST_F(PreflightTest, EventArrivesAndDoesNotRunBeforeItIsVerified) {
  const std::string own = "SELECT LOCATE(@@server_uuid, @@gtid_executed)";
  ASSERT_EQ(recipient().Value(own), "0");
  Change(
      "CREATE EVENT shop.tick ON SCHEDULE EVERY 1 SECOND DO "
      "INSERT INTO shop.customers (name) VALUES ('tick')");
  HeldOperation held(shard(), recipient(), "verify");
  held.Start("--from-primary");
  EXPECT_EQ(recipient().Value("SELECT status FROM information_schema.events"), "ENABLED");
  EXPECT_EQ(recipient().Value("SELECT @@event_scheduler"), "OFF");
  EXPECT_EQ(recipient().Value("SELECT @@super_read_only"), "1");
  EXPECT_EQ(recipient().Value(own), "0");
  const v1::Operation operation = held.Release();
  EXPECT_EQ(operation.outcome(), v1::DONE);
  EXPECT_EQ(recipient().Value("SELECT @@event_scheduler"), "ON");
  EXPECT_EQ(recipient().Value(own), "0");
  Change("DROP EVENT shop.tick; DELETE FROM shop.customers WHERE name = 'tick'");
  EXPECT_EQ(recipient().Value(own), "0");
  ExpectHealthy(recipient(), primary());
}

TEST_F(PreflightTest, AnyTakesAReplicaAndListsWhomItRefused) {
  const std::string gtid = replica().Value("SELECT @@server_uuid") + ":2";
  Execute(replica(), gtid);
  const v1::Operation from_primary = Reprovision(recipient(), {"--from-any"}, 0);
  EXPECT_EQ(from_primary.donor(), primary().alias);
  std::vector<std::string> refused;
  for (const v1::RefusedDonor& donor : from_primary.refused_donors()) {
    refused.push_back(absl::StrCat(donor.alias(), " ", donor.reason()));
  }
  EXPECT_THAT(refused, testing::IsSupersetOf({recipient().alias + " DONOR_IS_RECIPIENT",
                                              replica().alias + " ERRANT_TRANSACTIONS"}));
  EXPECT_THAT(shard().Graftctl({"status", recipient().alias}).out, HasSubstr(gtid));
  ExpectHealthy(recipient(), primary());

  Execute(primary(), gtid);
  ASSERT_THAT(AwaitCaughtUp(*recipient().mysql, *primary().mysql), IsOk());
  EXPECT_EQ(Look(recipient(), {"--from-any"}).report.donor(), replica().alias);
  const v1::Operation from_replica =
      Reprovision(recipient(), {"--from-any", "--replicate-from", "primary"}, 0);
  EXPECT_EQ(from_replica.donor(), replica().alias);
  ExpectHealthy(recipient(), primary());
}

TEST_F(PreflightTest, NextDonorWhenTheFirstIsStoppedInBetween) {
  HeldOperation held(shard(), recipient(), "preflight");
  held.Start("--from-any");
  EXPECT_EQ(shard().NewestOperation(recipient())->donor(), replica().alias);
  ASSERT_THAT(replica().mysql->Stop(), IsOk());
  const v1::Operation operation = held.Release();
  EXPECT_EQ(operation.outcome(), v1::DONE);
  EXPECT_EQ(operation.donor(), primary().alias);
  EXPECT_EQ(operation.attempt(), 2);
  ASSERT_EQ(operation.failed_attempts_size(), 1);
  EXPECT_EQ(operation.failed_attempts(0).donor(), replica().alias);
  EXPECT_EQ(operation.failed_attempts(0).error().reason(), "DONOR_UNREACHABLE");
  EXPECT_EQ(operation.failed_attempts(0).data_state(), v1::INTACT);
  ASSERT_THAT(replica().mysql->StartParent(), IsOk());
  ASSERT_THAT(replica().mysql->AwaitReady(), IsOk());
  ASSERT_THAT(replica().mysql->Sql("START REPLICA"), IsOk());
  ExpectHealthy(recipient(), primary());
}

// CLONE brings the donor's mysql.plugin, in which there is none.
TEST_F(PreflightTest, ClonePluginThatCameByStatementIsThereAfterwards) {
  const auto added = shard().AddTablet(/*clone_enabled=*/false);
  ASSERT_THAT(added, IsOk());
  MiniTablet& bare = **added;
  ASSERT_THAT(shard().StartAgent(bare), IsOk());
  ChangeOnly(bare, "INSTALL PLUGIN clone SONAME 'mysql_clone.so'");
  const Looked looked = Look(bare, {"--from-primary"});
  EXPECT_EQ(looked.code, 0) << looked.text;
  EXPECT_THAT(looked.Findings(), ElementsAre("WARNING recipient CLONE_PLUGIN_LOADING"));
  const v1::Operation operation = Reprovision(bare, {"--from-primary"}, 0);
  EXPECT_EQ(operation.outcome(), v1::DONE);
  EXPECT_EQ(
      bare.Value("SELECT plugin_status FROM information_schema.plugins WHERE plugin_name='clone'"),
      "ACTIVE");
  ExpectHealthy(bare, primary());
  ASSERT_THAT(shard().StopAgent(bare), IsOk());
  ASSERT_THAT(bare.mysql->Stop(), IsOk());
}

}  // namespace
}  // namespace graft
