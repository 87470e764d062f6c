#include "provision/steps/clone_verdict.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace graft {
namespace {

const HostPort kDonor{"db-100.example", 3306};
constexpr char kBefore[] = "2026-11-20 13:00:00.000";
constexpr char kBegin[] = "2026-11-20 13:00:00.123";
constexpr char kLongAgo[] = "2026-11-19 08:00:00.000";
constexpr int64_t kConnection = 42;

// As it is while the copy runs.
CloneStatus Running() {
  CloneStatus status;
  status.connection_id = kConnection;
  status.state = CloneState::kInProgress;
  status.begin_time = kBegin;
  status.source = kDonor.ToString();
  status.destination = "LOCAL INSTANCE";
  return status;
}

const CloneRun kRun{kBefore, kBegin, kConnection};

struct Row {
  const char* what;
  std::function<void(CloneStatus&)> change;
  CloneVerdict verdict;
};

// The truth table of what a polling driver sees.
TEST(CloneVerdictTest, WhatTheStatusOfThisRunMeans) {
  const Row rows[] = {
      {"its session lives", [](CloneStatus&) {}, CloneVerdict::kRunning},
      {"not even begun", [](CloneStatus& s) { s.state = CloneState::kNotStarted; },
       CloneVerdict::kRunning},
      {"all is copied", [](CloneStatus& s) { s.end_time = kBegin; }, CloneVerdict::kStopping},
      {"killed in the middle, STATE stays",
       [](CloneStatus& s) {
         s.connection_id = 0;
         s.error_no = 1317;
       },
       CloneVerdict::kCrashed},
      {"down after the copy, the recovery not looked at yet",
       [](CloneStatus& s) {
         s.connection_id = 0;
         s.end_time = kBegin;
       },
       CloneVerdict::kCrashed},
      {"failed",
       [](CloneStatus& s) {
         s.state = CloneState::kFailed;
         s.error_no = 3862;
       },
       CloneVerdict::kFailed},
      {"the recovery failed after the restart",
       [](CloneStatus& s) {
         s.state = CloneState::kFailed;
         s.error_no = 1815;
         s.connection_id = 0;
       },
       CloneVerdict::kFailed},
      {"copied, restarted, recovered",
       [](CloneStatus& s) {
         s.state = CloneState::kCompleted;
         s.connection_id = 0;
         s.end_time = kBegin;
       },
       CloneVerdict::kCompleted},
      {"completed with an error",
       [](CloneStatus& s) {
         s.state = CloneState::kCompleted;
         s.connection_id = 0;
         s.error_no = 1;
       },
       CloneVerdict::kFailed},
  };
  for (const Row& row : rows) {
    CloneReport report;
    report.status = Running();
    row.change(*report.status);
    EXPECT_EQ(JudgeClone(report, kRun, kDonor), row.verdict) << row.what;
  }
}

TEST(CloneVerdictTest, NoRowIsNoTrace) {
  EXPECT_EQ(JudgeClone({}, kRun, kDonor), CloneVerdict::kNoTrace);
}

// An old "Completed" stays in the table for ever.
TEST(CloneVerdictTest, OnlyThisRunCounts) {
  const struct {
    const char* what;
    CloneRun run;
    std::function<void(CloneStatus&)> change;
    bool is_this_run;
  } rows[] = {
      {"the begin time is known", kRun, [](CloneStatus&) {}, true},
      {"and another", kRun, [](CloneStatus& s) { s.begin_time = kLongAgo; }, false},
      {"and later than this one", kRun,
       [](CloneStatus& s) { s.begin_time = "2026-11-20 13:00:00.124"; }, false},
      {"a connection id that was used again",
       {kBefore, kBegin, kConnection},
       [](CloneStatus& s) { s.begin_time = kLongAgo; },
       false},
      {"another donor", kRun, [](CloneStatus& s) { s.source = "db-102.example:3306"; }, false},
      {"another port", kRun, [](CloneStatus& s) { s.source = "db-100.example:3307"; }, false},
      {"the donor in capitals", kRun, [](CloneStatus& s) { s.source = "DB-100.EXAMPLE:3306"; },
       true},
      {"by its connection alone", {"", "", kConnection}, [](CloneStatus&) {}, true},
      {"another connection", {"", "", kConnection + 1}, [](CloneStatus&) {}, false},
      {"after a restart there is no connection",
       {"", "", 0},
       [](CloneStatus& s) { s.connection_id = 0; },
       false},
      {"by not being older than the request",
       {kBefore, "", 0},
       [](CloneStatus& s) { s.connection_id = 0; },
       true},
      {"begun in the very moment",
       {kBegin, "", 0},
       [](CloneStatus& s) { s.connection_id = 0; },
       true},
      {"older than the request",
       {kBefore, "", 0},
       [](CloneStatus& s) { s.begin_time = kLongAgo; },
       false},
      {"nothing is known of the run", {}, [](CloneStatus&) {}, false},
  };
  for (const auto& row : rows) {
    CloneReport report;
    report.status = Running();
    report.status->state = CloneState::kCompleted;
    row.change(*report.status);
    EXPECT_EQ(JudgeClone(report, row.run, kDonor),
              row.is_this_run ? CloneVerdict::kCompleted : CloneVerdict::kNoTrace)
        << row.what;
  }
}

constexpr char kUuid[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

DataVerdict Judge(const CloneReport& report, DataState before = DataState::kIntact) {
  return JudgeData({report, kRun, kDonor, before, nullptr, "mine"});
}

TEST(DataStateTest, IsWhatDropDataSays) {
  const struct {
    CloneState drop;
    DataState left;
  } rows[] = {{CloneState::kNotStarted, DataState::kIntact},
              {CloneState::kInProgress, DataState::kPartial},
              {CloneState::kFailed, DataState::kPartial},
              {CloneState::kCompleted, DataState::kEmpty}};
  for (const auto& [drop, left] : rows) {
    CloneReport report;
    report.status = Running();
    CloneStageRow stage;
    stage.stage = CloneStage::kFileCopy;  // not the one that counts
    stage.state = CloneState::kFailed;
    report.stages.push_back(stage);
    stage.stage = CloneStage::kDropData;
    stage.state = drop;
    report.stages.push_back(stage);
    EXPECT_EQ(Judge(report).state, left) << CloneStateName(drop);
    EXPECT_EQ(Judge(report, DataState::kEmpty).state, DataState::kEmpty)
        << "what an earlier attempt dropped does not come back";
    report.status->begin_time = kLongAgo;
    EXPECT_EQ(Judge(report).state, DataState::kIntact) << "another run's rows";
  }
}

TEST(DataStateTest, WithoutStagesNothingIsDropped) {
  CloneReport report;
  EXPECT_EQ(Judge(report).state, DataState::kIntact);
  report.status = Running();
  EXPECT_EQ(Judge(report).state, DataState::kIntact);
}

// All of it is needed: each row takes one thing away.
TEST(DataStateTest, ClonedIsOnlyWhatIsProved) {
  const struct {
    const char* what;
    std::function<void(CloneReport&, ServerFacts&)> change;
    DataState state;
  } rows[] = {
      {"proved", [](CloneReport&, ServerFacts&) {}, DataState::kCloned},
      {"another directory", [](CloneReport& r, ServerFacts&) { r.status->destination = "/x"; },
       DataState::kEmpty},
      {"another server", [](CloneReport&, ServerFacts& f) { f.server_uuid = "other"; },
       DataState::kEmpty},
      {"a promised transaction is missing",
       [](CloneReport&, ServerFacts& f) { f.gtid_executed = std::string(kUuid) + ":1-4"; },
       DataState::kEmpty},
      {"recovery failed",
       [](CloneReport& r, ServerFacts&) {
         r.status->state = CloneState::kFailed;
         r.status->error_no = 1815;
       },
       DataState::kEmpty},
      {"crashed in the middle",
       [](CloneReport& r, ServerFacts&) {
         r.status->state = CloneState::kInProgress;
         r.status->connection_id = 0;
       },
       DataState::kEmpty},
      {"another run", [](CloneReport& r, ServerFacts&) { r.status->source = "127.0.0.1:1"; },
       DataState::kIntact},
  };
  for (const auto& row : rows) {
    CloneReport report;
    report.status = Running();
    report.status->state = CloneState::kCompleted;
    report.status->destination = "LOCAL INSTANCE";
    report.status->gtid_executed = std::string(kUuid) + ":1-5";
    CloneStageRow drop;
    drop.state = CloneState::kCompleted;
    report.stages = {drop};
    ServerFacts facts;
    facts.server_uuid = "mine";
    facts.gtid_executed = std::string(kUuid) + ":1-9";
    row.change(report, facts);
    const DataVerdict verdict =
        JudgeData({report, kRun, kDonor, DataState::kIntact, &facts, "mine"});
    EXPECT_EQ(verdict.state, row.state) << row.what;
    EXPECT_EQ(verdict.why.ok(), row.state == DataState::kCloned) << row.what;
  }
}

}  // namespace
}  // namespace graft
