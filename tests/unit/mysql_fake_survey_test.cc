// Sessions, kills and what goes wrong between donor and recipient, on the fake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/errors.h"
#include "fakes/fake_mysql_server.h"
#include "fakes/simulated_clock.h"

namespace graft {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Not;

class FakeMysqlSurveyTest : public ::testing::Test {
 protected:
  int64_t Clone() {
    CloneRequest request;
    request.donor = {"donor", 3306};
    request.user = "vt_clone";
    request.lock_wait_timeout = absl::Seconds(10);
    const auto id =
        server_.StartClone(request, [this](absl::Status status) { end_ = std::move(status); });
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or(0);
  }
  void Block() {
    server_.Edit([](FakeMysqlState& state) {
      state.facts.user_schemas = {"one", "two"};
      state.script.blocked_by = 77;
    });
  }
  CloneStatus Status() { return server_.ReadClone().value().status.value(); }
  CloneState Stage(CloneStage stage) {
    const auto report = server_.ReadClone().value();
    return report.stages.empty() ? CloneState::kNotStarted
                                 : report.stages.at(static_cast<size_t>(stage)).state;
  }
  std::vector<int64_t> WaitsFor(int64_t id) {
    const std::vector<ServerSession> sessions = server_.ReadSessions().value();
    for (const ServerSession& session : sessions) {
      if (session.connection_id == id) return session.waits_for;
    }
    ADD_FAILURE() << "no session " << id;
    return {};
  }

  SimulatedClock clock_;
  FakeMysqlServer server_{clock_};
  std::optional<absl::Status> end_;
};

TEST_F(FakeMysqlSurveyTest, BlockedDropDataWaitsUntilTheSessionIsEnded) {
  Block();
  const int64_t id = Clone();
  clock_.Advance(absl::Seconds(5));
  EXPECT_THAT(WaitsFor(id), ElementsAre(77));
  EXPECT_EQ(Stage(CloneStage::kDropData), CloneState::kInProgress);
  EXPECT_THAT(server_.Describe()->user_schemas, ElementsAre("two"));
  ASSERT_TRUE(server_.KillConnection(77).ok());
  EXPECT_THAT(WaitsFor(id), IsEmpty());
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Status().state, CloneState::kCompleted);
}

TEST_F(FakeMysqlSurveyTest, BlockedDropDataFailsAfterTheLockWait) {
  Block();
  Clone();
  clock_.Advance(absl::Seconds(9.9));
  EXPECT_FALSE(end_.has_value());
  clock_.Advance(absl::Seconds(0.2));
  EXPECT_EQ(ReasonOf(end_.value()), "LOCK_WAIT");
  EXPECT_EQ(Status().error_no, 1205);
  EXPECT_EQ(Stage(CloneStage::kDropData), CloneState::kFailed);
  EXPECT_THAT(server_.Describe()->user_schemas, ElementsAre("two")) << "some of it is lost";
  EXPECT_NE(server_.Describe()->gtid_executed, "");
}

TEST_F(FakeMysqlSurveyTest, QueryKilledInAnyStageFailsThere) {
  struct Case {
    absl::Duration at;
    CloneStage stage;
    bool empty;
  };
  for (const Case& c : {Case{absl::Seconds(0.5), CloneStage::kDropData, false},
                        Case{absl::Seconds(30), CloneStage::kFileCopy, true},
                        Case{absl::Seconds(53), CloneStage::kPageCopy, true},
                        Case{absl::Seconds(56), CloneStage::kRedoCopy, true},
                        Case{absl::Seconds(59), CloneStage::kFileSync, true}}) {
    FakeMysqlServer server(clock_);
    std::optional<absl::Status> end;
    const auto id = server.StartClone({}, [&end](absl::Status status) { end = std::move(status); });
    clock_.Advance(c.at);
    ASSERT_TRUE(server.KillQuery(*id).ok());
    clock_.Advance(absl::Hours(1));
    EXPECT_EQ(ReasonOf(end.value()), "CLONE_KILLED") << c.at;
    const CloneReport report = server.ReadClone().value();
    EXPECT_EQ(report.status->state, CloneState::kFailed) << c.at;
    EXPECT_EQ(report.status->error_no, 1317) << c.at;
    EXPECT_EQ(report.stages.at(static_cast<size_t>(c.stage)).state, CloneState::kFailed) << c.at;
    EXPECT_EQ(server.Describe()->user_schemas.empty(), c.empty) << c.at;
    EXPECT_EQ(server.Describe()->gtid_executed.empty(), c.empty) << c.at;
  }
}

TEST_F(FakeMysqlSurveyTest, KillAfterTheCopyComesTooLate) {
  server_.Edit([](FakeMysqlState& state) { state.script.shutdown = absl::Seconds(10); });
  const int64_t id = Clone();
  clock_.Advance(absl::Seconds(62));
  EXPECT_TRUE(server_.KillQuery(id).ok());
  clock_.Advance(absl::Hours(1));
  EXPECT_TRUE(end_.value().ok());
  EXPECT_EQ(Status().state, CloneState::kCompleted);
}

TEST_F(FakeMysqlSurveyTest, KilledConnectionOfACloneIsALostOne) {
  const int64_t id = Clone();
  clock_.Advance(absl::Seconds(10));
  ASSERT_TRUE(server_.KillConnection(id).ok());
  clock_.Advance(absl::ZeroDuration());
  EXPECT_EQ(ReasonOf(end_.value()), "MYSQL_GONE");
  EXPECT_EQ(Status().state, CloneState::kFailed);
  EXPECT_EQ(Status().error_no, 1317);
}

TEST_F(FakeMysqlSurveyTest, DonorGoneFreezesTheBytesAndFailsAfterItsTimeout) {
  server_.Edit([](FakeMysqlState& state) {
    state.script.donor_gone = true;
    state.script.donor_timeout = absl::Minutes(2);
  });
  Clone();
  clock_.Advance(absl::Seconds(30));
  const CloneReport before = server_.ReadClone().value();
  clock_.Advance(absl::Seconds(110));
  const CloneReport after = server_.ReadClone().value();
  EXPECT_EQ(after.status->state, CloneState::kInProgress);
  EXPECT_GT(after.stages.at(1).data_bytes, 0);
  EXPECT_EQ(after.stages.at(1).data_bytes, before.stages.at(1).data_bytes);
  EXPECT_FALSE(end_.has_value());
  clock_.Advance(absl::Seconds(20));
  EXPECT_EQ(ReasonOf(end_.value()), "DONOR_UNREACHABLE");
  EXPECT_EQ(Status().error_no, 3862);
  EXPECT_EQ(server_.ReadClone()->stages.at(1).data_bytes, before.stages.at(1).data_bytes);
  EXPECT_THAT(server_.Describe()->user_schemas, IsEmpty());
}

TEST_F(FakeMysqlSurveyTest, DonorGoneCanBeCutShortByAKill) {
  server_.Edit([](FakeMysqlState& state) { state.script.donor_gone = true; });
  const int64_t id = Clone();
  clock_.Advance(absl::Minutes(1));
  ASSERT_TRUE(server_.KillQuery(id).ok());
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Status().error_no, 1317);
}

TEST_F(FakeMysqlSurveyTest, InstalledClonePluginGoesWithTheOldMysqlPlugin) {
  for (const bool by_statement : {false, true}) {
    FakeMysqlServer server(clock_);
    server.Edit([by_statement](FakeMysqlState& state) {
      state.donor.clone_plugin_status.clear();
      for (ServerPlugin& plugin : state.survey.plugins) {
        if (plugin.name == "clone") plugin.by_statement = by_statement;
      }
    });
    ASSERT_TRUE(server.StartClone({}, [](const absl::Status&) {}).ok());
    clock_.Advance(absl::Hours(1));
    if (!by_statement) {
      EXPECT_EQ(server.ReadClone()->status->state, CloneState::kCompleted);
      continue;
    }
    EXPECT_EQ(ReasonOf(server.ReadClone().status()), "CLONE_PLUGIN_MISSING");
    EXPECT_THAT(server.Survey("vt_dba")->plugins,
                Not(Contains(Field(&ServerPlugin::name, "clone"))));
    ASSERT_TRUE(server.InstallClonePlugin().ok());
    EXPECT_EQ(server.ReadClone()->status->state, CloneState::kCompleted) << "the row is back";
  }
}

TEST_F(FakeMysqlSurveyTest, KillingOthersTakesAPrivilege) {
  server_.Edit([](FakeMysqlState& state) {
    ServerSession session;
    session.connection_id = 5;
    state.sessions = {session};
    state.facts.privileges.erase("CONNECTION_ADMIN");
  });
  EXPECT_TRUE(absl::IsPermissionDenied(server_.KillConnection(5)));
  EXPECT_EQ(server_.ReadSessions()->size(), 1u);
  EXPECT_TRUE(absl::IsNotFound(server_.KillConnection(6)));
}

TEST_F(FakeMysqlSurveyTest, SurveyFailsByItsOwnName) {
  server_.FailNext("Describe", absl::DeadlineExceededError("slow"));
  EXPECT_TRUE(server_.Survey("vt_dba").ok());
  server_.FailNext("Survey", absl::DeadlineExceededError("slow"));
  EXPECT_TRUE(absl::IsDeadlineExceeded(server_.Survey("vt_dba").status()));
  EXPECT_EQ(server_.calls("Survey"), 2);
}

TEST_F(FakeMysqlSurveyTest, VariablesCanBeSaidOtherwise) {
  server_.Edit([](FakeMysqlState& state) {
    state.variables["no_survey_reads_this"] = "1";
    state.variables["max_connections"] = "10";
    state.survey.variables["version_compile_os"] = "FreeBSD";
  });
  const ServerSurvey survey = server_.Survey("vt_dba").value();
  EXPECT_EQ(survey.variables.count("no_survey_reads_this"), 0u);
  EXPECT_EQ(survey.variables.at("max_connections"), "10");
  EXPECT_EQ(survey.variables.at("version_compile_os"), "FreeBSD");
}

}  // namespace
}  // namespace graft
