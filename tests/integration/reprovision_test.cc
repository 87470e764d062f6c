// graftctl reprovision on real servers, with a real etcd: the ways that end well, and the commands
// beside it while one runs. agent_stops_test.cc has what is killed on the way.
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <signal.h>

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "integration/reprovision_suite.h"
#include "testing/test_env.h"

namespace graft {
namespace {

using testing::HasSubstr;

bool IsJson(const std::string& text) {
  google::protobuf::Struct any;
  return google::protobuf::util::JsonStringToMessage(text, &any).ok();
}

TEST_F(ReprovisionTest, RebuildsABrokenReplicaFromItsPrimary) {
  ASSERT_THAT(recipient().mysql->Sql("SET PERSIST max_connections=123; "
                                     "SET PERSIST_ONLY skip_replica_start=ON"),
              IsOk());
  const std::string persisted_sql =
      "SELECT variable_name, variable_value FROM performance_schema.persisted_variables ORDER BY 1";
  const auto persisted = recipient().mysql->Sql(persisted_sql);
  ASSERT_THAT(persisted, IsOk());
  ASSERT_THAT(BreakReplica(*recipient().mysql, *primary().mysql), IsOk());
  EXPECT_NE(*Checksums(*recipient().mysql), *Checksums(*primary().mysql));

  const CommandResult ended =
      shard().Graftctl({"reprovision", recipient().alias, "--from-primary", "--watch", "--json"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  const auto operation = LastOperation(ended.out);
  ASSERT_THAT(operation, IsOk());
  EXPECT_EQ(operation->outcome(), v1::DONE);
  EXPECT_EQ(operation->data_state(), v1::CLONED);
  EXPECT_EQ(operation->donor(), primary().alias);
  EXPECT_GT(operation->progress().bytes_done(), 0);

  ExpectHealthy(recipient(), primary());
  EXPECT_EQ(recipient().CloneStatements(), clones_before_ + 1);
  EXPECT_EQ(*recipient().mysql->Sql(persisted_sql), *persisted);
  EXPECT_EQ(shard().NewestOperation(recipient())->id(), operation->id());
  ExpectJournalled(recipient(), operation->id());
  ExpectNoSecrets(recipient());
  EXPECT_THAT(recipient().mysql->Sql("RESET PERSIST"), IsOk());
}

// clone_status then holds the new run's begin and the end of the old one, which was good; so long
// as nobody has read it since mysqld began.
TEST_F(ReprovisionTest, ACloneThatFailsWhenItConnectsIsNotTheOneBefore) {
  MysqlSandbox& mysql = *recipient().mysql;
  ASSERT_EQ(shard().Graftctl({"reprovision", recipient().alias, "--from-primary", "--watch"}).code,
            0);
  ASSERT_THAT(BreakReplica(mysql, *primary().mysql), IsOk());
  const auto broken = Checksums(mysql);
  ASSERT_THAT(broken, IsOk());
  const std::string ca = shard().folder() + "/wrong-ca.pem";  // has signed nothing of the donor's
  const CommandResult made =
      shard().Run({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
                   ca + ".key", "-out", ca, "-subj", "/CN=wrong"},
                  absl::Seconds(60));
  ASSERT_EQ(made.code, 0) << made.err;
  for (int i = 0; i < 4; ++i) {
    const auto pid = mysql.mysqld_pid();
    ASSERT_TRUE(pid.has_value());
    mysql.Sql("RESTART").IgnoreError();
    ASSERT_THAT(mysql.AwaitRestart(*pid), IsOk());
    ASSERT_THAT(mysql.Sql("SET GLOBAL clone_ssl_ca = '" + ca + "'"), IsOk());
    const CommandResult ended =
        shard().Graftctl({"reprovision", recipient().alias, "--from-primary", "--watch", "--json"});
    EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
    const auto operation = LastOperation(ended.out);
    ASSERT_THAT(operation, IsOk());
    EXPECT_EQ(operation->outcome(), v1::FAILED);
    EXPECT_EQ(operation->data_state(), v1::INTACT);
    EXPECT_EQ(operation->step(), "clone") << operation->error().message();
    EXPECT_EQ(Checksums(mysql).value_or(SqlRows()), *broken);
  }
  ASSERT_THAT(mysql.Sql("SET GLOBAL clone_ssl_ca = ''"), IsOk());
  EXPECT_EQ(shard().Graftctl({"reprovision", recipient().alias, "--from-primary", "--watch"}).code,
            0);
  ExpectHealthy(recipient(), primary());
}

TEST_F(ReprovisionTest, ReplicaAsDonorIsFollowedAndItsChannelsAreGone) {
  ASSERT_THAT(other().mysql->Sql("CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', "
                                 "SOURCE_PORT=1 FOR CHANNEL 'somebodys'"),
              IsOk());
  ASSERT_THAT(BreakReplica(*recipient().mysql, *primary().mysql), IsOk());
  const CommandResult ended = shard().Graftctl(
      {"reprovision", recipient().alias, "--from-tablet", other().alias, "--watch", "--json"});
  EXPECT_EQ(ended.code, 0) << ended.err << ended.out;
  ExpectHealthy(recipient(), other());
  EXPECT_EQ(recipient().CloneStatements(), clones_before_ + 1);
  EXPECT_THAT(other().mysql->Sql("RESET REPLICA ALL FOR CHANNEL 'somebodys'"), IsOk());
}

TEST_F(ReprovisionTest, ReplicaAsDonorAndThePrimaryAsSource) {
  ASSERT_THAT(BreakReplica(*recipient().mysql, *primary().mysql), IsOk());
  const CommandResult ended =
      shard().Graftctl({"reprovision", recipient().alias, "--from-tablet", other().alias,
                        "--replicate-from", "primary", "--watch"});
  EXPECT_EQ(ended.code, 0) << ended.err << ended.out;
  ExpectHealthy(recipient(), primary());
  const auto operation = shard().NewestOperation(recipient());
  ASSERT_THAT(operation, IsOk());
  EXPECT_EQ(operation->donor(), other().alias);
  EXPECT_EQ(operation->source(), primary().alias);
}

TEST_F(ReprovisionTest, UnsupervisedServerIsStartedByWhoeverRunsIt) {
  MysqlSandbox& mysql = *recipient().mysql;
  ASSERT_THAT(mysql.Stop(), IsOk());
  const auto bare = mysql.StartBareMysqld();
  ASSERT_THAT(bare, IsOk());
  ASSERT_THAT(mysql.AwaitReady(), IsOk());
  ASSERT_THAT(mysql.Sql("START REPLICA"), IsOk());
  ASSERT_THAT(BreakReplica(mysql, *primary().mysql), IsOk());

  const CommandResult started =
      shard().Graftctl({"reprovision", recipient().alias, "--from-primary"});
  ASSERT_EQ(started.code, 0) << started.err;
  // 3707: nobody restarts it.
  ASSERT_THAT((*bare)->Wait(absl::Seconds(60)), IsOk());
  EXPECT_EQ(shard().NewestOperation(recipient())->outcome(), v1::RUNNING);
  EXPECT_EQ(shard().Record(recipient())->type(), topodata::RESTORE);

  ASSERT_THAT(mysql.StartParent(), IsOk());
  const CommandResult watched = shard().Graftctl({"watch", recipient().alias, "--json"});
  EXPECT_EQ(watched.code, 0) << watched.err;
  EXPECT_EQ(LastOperation(watched.out)->outcome(), v1::DONE);
  ExpectHealthy(recipient(), primary());
  EXPECT_EQ(recipient().CloneStatements(), clones_before_ + 1);
}

// The answers to a request and to a cancel while the operation "mine" copies files.
void ExpectRefusals(MiniShard& shard, const std::vector<std::string>& ask,
                    const std::string& other) {
  const std::string& alias = ask[1];
  const CommandResult second = shard.Graftctl({"reprovision", alias, "--from-primary"});
  EXPECT_EQ(second.code, 5);
  EXPECT_THAT(second.err, HasSubstr("OPERATION_RUNNING"));
  const CommandResult same = shard.Graftctl(ask);
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_EQ(LastOperation(same.out)->id(), "mine");
  const CommandResult differs =
      shard.Graftctl({"reprovision", alias, "--from-tablet", other, "--id", "mine"});
  EXPECT_EQ(differs.code, 5);
  EXPECT_THAT(differs.err, HasSubstr("OPERATION_DIFFERS"));
  const CommandResult too_late = shard.Graftctl({"cancel", alias});
  EXPECT_EQ(too_late.code, 5);
  EXPECT_THAT(too_late.err, HasSubstr("DATA_DROPPED"));
  EXPECT_EQ(shard.Graftctl({"status", alias, "nobodys"}).code, 3);
}

// The state that everybody can see meanwhile.
void ExpectShown(MiniShard& shard, const MiniTablet& recipient, const std::string& donor) {
  const CommandResult status = shard.Graftctl({"status", recipient.alias, "--json"});
  EXPECT_EQ(status.code, 0) << status.err;
  EXPECT_TRUE(IsJson(status.out)) << status.out;
  EXPECT_THAT(status.out, HasSubstr("\"step\":\"clone\""));
  const CommandResult topo = shard.Graftctl({"topo", "show", "--json"});
  EXPECT_TRUE(topo.code == 0 && IsJson(topo.out)) << topo.out;
  absl::StatusOr<topodata::Tablet> record;
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] {
    record = shard.Record(recipient);
    if (!record.ok()) return false;
    const auto step = record->tags().find("graft.step");
    return step != record->tags().end() && step->second == "clone";
  }));
  EXPECT_EQ(record->type(), topodata::RESTORE);
  EXPECT_EQ(record->tags().at("graft.operation"), "mine");
  EXPECT_EQ(record->tags().at("graft.donor"), donor);
}

// Each command of graftctl, while files are being copied and after it.
// The copy is there, and mysqld does not start on it: the operator is told why, in mysqld's own
// words, and the copy is used once that is mended.
TEST_F(ReprovisionTest, AnOptionThatMysqldDoesNotStartWith) {
  MysqlSandbox& mysql = *recipient().mysql;
  const std::string my_cnf = mysql.paths().my_cnf();
  const std::string before = ReadFile(my_cnf).value();
  ASSERT_THAT(WriteFile(my_cnf, before + "\n[mysqld]\ndefault_time_zone=Europe/Berlin\n"), IsOk());
  const int clones = recipient().CloneStatements();
  const CommandResult ended =
      shard().Graftctl({"reprovision", recipient().alias, "--from-primary", "--watch", "--json"});
  EXPECT_EQ(ended.code, 6) << ended.out << ended.err;
  const auto operation = LastOperation(ended.out);
  ASSERT_THAT(operation, IsOk());
  EXPECT_EQ(operation->error().reason(), "RESTART_FAILED");
  EXPECT_THAT(operation->error().message(), HasSubstr("[MY-010361]"));
  EXPECT_THAT(operation->error().message(), HasSubstr("Europe/Berlin"));
  EXPECT_THAT(operation->error().message(), HasSubstr("exit code 1"));
  EXPECT_EQ(operation->attempt(), 1);

  ASSERT_THAT(WriteFile(my_cnf, before), IsOk());
  ASSERT_THAT(mysql.StartParent(), IsOk());
  ASSERT_THAT(mysql.AwaitReady(), IsOk());
  const CommandResult again =
      shard().Graftctl({"reprovision", recipient().alias, "--from-primary", "--watch"});
  EXPECT_EQ(again.code, 0) << again.out << again.err;
  EXPECT_EQ(recipient().CloneStatements(), clones + 1) << "the copy was there";
  ExpectHealthy(recipient(), primary());
}

// A delayed replica never silently becomes a current one.
TEST_F(ReprovisionTest, DelayAndFiltersAreSetAgain) {
  MysqlSandbox& mysql = *recipient().mysql;
  ASSERT_THAT(
      mysql.Sql("STOP REPLICA SQL_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_DELAY=60; "
                "CHANGE REPLICATION FILTER REPLICATE_IGNORE_TABLE=(shop.nothing, `k-l`.`m n`), "
                "REPLICATE_IGNORE_DB=(`c d`, `e\"f`, `g``h`, `p%q`, `m.n`, `i'j`), "
                "REPLICATE_REWRITE_DB=((`k-l`, `o p`), (q, r)), "
                "REPLICATE_WILD_IGNORE_TABLE=('tmp.%', 'it''s.\\_x%'); "
                "START REPLICA SQL_THREAD"),
      IsOk());
  const std::string look =
      "SELECT CONCAT(desired_delay, ' ', (SELECT GROUP_CONCAT(filter_name, '=', filter_rule ORDER "
      "BY 1) FROM performance_schema.replication_applier_filters)) FROM "
      "performance_schema.replication_applier_configuration";
  const std::string wanted =
      "60 REPLICATE_IGNORE_DB=c d,e\"f,g`h,p%q,m.n,i'j,"
      "REPLICATE_IGNORE_TABLE=k-l.m n,shop.nothing,REPLICATE_REWRITE_DB=(k-l,o p),(q,r),"
      "REPLICATE_WILD_IGNORE_TABLE=tmp.%,it's.\\_x%";
  ASSERT_EQ(recipient().Value(look), wanted);
  const CommandResult kept =
      shard().Graftctl({"reprovision", recipient().alias, "--from-primary", "--watch"});
  EXPECT_EQ(kept.code, 0) << kept.out << kept.err;
  EXPECT_EQ(recipient().Value(look), wanted);
  const CommandResult reset = shard().Graftctl({"reprovision", recipient().alias, "--from-primary",
                                                "--forget-replication-settings", "--watch"});
  EXPECT_EQ(reset.code, 0) << reset.out << reset.err;
  EXPECT_EQ(recipient().Value("SELECT desired_delay FROM "
                              "performance_schema.replication_applier_configuration"),
            "0");
  ExpectHealthy(recipient(), primary());
}

TEST_F(ReprovisionTest, CommandsWhileOneRuns) {
  const std::string& alias = recipient().alias;
  ASSERT_THAT(BreakReplica(*recipient().mysql, *primary().mysql), IsOk());
  ASSERT_THAT(BrakeClone(*recipient().mysql), IsOk());
  const std::vector<std::string> ask = {"reprovision", alias,  "--from-primary",
                                        "--id",        "mine", "--json"};
  const CommandResult first = shard().Graftctl(ask);
  ASSERT_EQ(first.code, 0) << first.err;
  ASSERT_THAT(AwaitFileCopy(*recipient().mysql), IsOk());
  const auto graftctl = OurProgram("graftctl");
  ASSERT_THAT(graftctl, IsOk());
  const auto watch =
      shard().Spawn({*graftctl, "watch", alias, "mine"}, shard().folder() + "/watch.log");
  ASSERT_THAT(watch, IsOk());

  ExpectRefusals(shard(), ask, other().alias);
  ExpectShown(shard(), recipient(), primary().alias);
  ExpectOnlyVitessKeys(primary().alias);
  EXPECT_EQ(shard().NewestOperation(recipient())->outcome(), v1::RUNNING) << "too quick a clone";

  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  const auto seen = (*watch)->Wait(absl::Seconds(90));
  ASSERT_THAT(seen, IsOk());
  EXPECT_EQ(seen->ToString(), "exit code 0");
  ExpectHealthy(recipient(), primary());
  EXPECT_EQ(recipient().CloneStatements(), clones_before_ + 1);
  const CommandResult ended = shard().Graftctl({"cancel", alias, "mine"});
  EXPECT_EQ(ended.code, 5);
  EXPECT_THAT(ended.err, HasSubstr("OPERATION_ENDED"));
  EXPECT_EQ(LastOperation(shard().Graftctl(ask).out)->outcome(), v1::DONE);
}

TEST_F(ReprovisionTest, CancelledInTimeNothingIsTouched) {
  const auto before = Checksums(*recipient().mysql);
  ASSERT_THAT(before, IsOk());
  // Preflight waits for a donor that does not answer.
  other().mysql->KillMysqld(SIGSTOP);
  const CommandResult started = shard().Graftctl(
      {"reprovision", recipient().alias, "--from-tablet", other().alias, "--id", "not-this"});
  EXPECT_EQ(started.code, 0) << started.err;
  EXPECT_TRUE(Eventually(absl::Seconds(20), [] {
    const auto operation = shard().NewestOperation(recipient());
    return operation.ok() && operation->step() == "preflight";
  }));
  const CommandResult cancelled = shard().Graftctl({"cancel", recipient().alias, "not-this"});
  EXPECT_EQ(cancelled.code, 0) << cancelled.err;
  other().mysql->KillMysqld(SIGCONT);
  const CommandResult watched = shard().Graftctl({"watch", recipient().alias, "--json"});
  EXPECT_EQ(watched.code, 7) << watched.out;
  EXPECT_EQ(LastOperation(watched.out)->data_state(), v1::INTACT);
  EXPECT_EQ(recipient().CloneStatements(), clones_before_);
  EXPECT_EQ(*Checksums(*recipient().mysql), *before);
  ExpectHealthy(recipient(), primary());
}

}  // namespace
}  // namespace graft
