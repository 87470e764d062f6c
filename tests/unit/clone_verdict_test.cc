#include "provision/steps/clone_verdict.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"

namespace graft {
namespace {

const HostPort kDonor{"db-100.example", 3306};
constexpr char kBefore[] = "2026-11-20 13:00:00.000";
constexpr char kBegin[] = "2026-11-20 13:00:00.123";
constexpr char kEnd[] = "2026-11-20 13:20:00.000";
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

// `clone` as it is told apart by these marks alone.
SentClone Sent(const char* not_before, const char* begin_time, int64_t connection_id) {
  SentClone clone;
  clone.not_before = not_before;
  clone.begin_time = begin_time;
  clone.connection_id = connection_id;
  clone.donor_mysql = kDonor;
  return clone;
}

const SentClone kRun = Sent(kBefore, kBegin, kConnection);

std::vector<CloneStageRow> AllStages(CloneState state) {
  std::vector<CloneStageRow> stages(kCloneStageCount);
  for (int i = 0; i < kCloneStageCount; ++i) {
    stages[i].stage = static_cast<CloneStage>(i);
    stages[i].state = state;
    stages[i].begin_time = kBegin;
    stages[i].end_time = kEnd;
  }
  return stages;
}

// As it is after the copy, the restart and the recovery.
CloneReport Completed() {
  CloneReport report;
  report.status = Running();
  report.status->state = CloneState::kCompleted;
  report.status->connection_id = 0;
  report.status->end_time = kEnd;
  report.stages = AllStages(CloneState::kCompleted);
  return report;
}

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
         s.end_time = kEnd;
       },
       CloneVerdict::kCompleted},
      {"completed with an error",
       [](CloneStatus& s) {
         s.state = CloneState::kCompleted;
         s.connection_id = 0;
         s.end_time = kEnd;
         s.error_no = 1;
       },
       CloneVerdict::kFailed},
  };
  for (const Row& row : rows) {
    CloneReport report;
    report.status = Running();
    report.stages = AllStages(CloneState::kCompleted);
    row.change(*report.status);
    EXPECT_EQ(JudgeClone(report, kRun), row.verdict) << row.what;
  }
}

TEST(CloneVerdictTest, NoRowIsNoTrace) {
  EXPECT_EQ(JudgeClone({}, kRun), CloneVerdict::kNoTrace);
}

// A CLONE that fails while it connects can leave the run before's "Completed" beside its own begin
// time, and any other mixture of the two.
TEST(CloneVerdictTest, CompletedCountsOnlyWithEverythingThatMustBeTrueOfIt) {
  const struct {
    const char* what;
    std::function<void(CloneReport&)> change;
  } rows[] = {
      {"ended before it began", [](CloneReport& r) { r.status->end_time = kLongAgo; }},
      {"ended before it was sent",
       [](CloneReport& r) {
         r.status->begin_time = r.status->end_time = "2026-11-20 12:59:59.999";
       }},
      {"never ended", [](CloneReport& r) { r.status->end_time.clear(); }},
      {"its session lives", [](CloneReport& r) { r.status->connection_id = kConnection; }},
      {"no stages", [](CloneReport& r) { r.stages.clear(); }},
      {"a stage is missing", [](CloneReport& r) { r.stages.pop_back(); }},
      {"a stage in progress", [](CloneReport& r) { r.stages[3].state = CloneState::kInProgress; }},
      {"a stage failed", [](CloneReport& r) { r.stages[6].state = CloneState::kFailed; }},
      {"a stage not begun", [](CloneReport& r) { r.stages[6].state = CloneState::kNotStarted; }},
      {"the stages of the run before",
       [](CloneReport& r) {
         for (CloneStageRow& row : r.stages) row.begin_time = kLongAgo;
       }},
      {"one stage of the run before", [](CloneReport& r) { r.stages[0].begin_time = kLongAgo; }},
      {"a stage without a time", [](CloneReport& r) { r.stages[2].begin_time.clear(); }},
  };
  // By its connection alone, so that a begin time of before is this run's, too.
  SentClone clone = Sent(kBefore, "", 0);
  EXPECT_EQ(JudgeClone(Completed(), clone), CloneVerdict::kCompleted);
  clone.connection_id = kConnection;
  EXPECT_EQ(JudgeClone(Completed(), clone), CloneVerdict::kCompleted);
  for (const auto& row : rows) {
    CloneReport report = Completed();
    row.change(report);
    clone.begin_time = report.status->begin_time;
    EXPECT_EQ(JudgeClone(report, clone), CloneVerdict::kContradicts) << row.what;
  }
}

// clone_progress has microseconds where clone_status has milliseconds.
TEST(CloneVerdictTest, TimesCompareToThePrecisionOfTheShorterOne) {
  CloneReport report = Completed();
  for (CloneStageRow& row : report.stages) row.begin_time = "2026-11-20 13:00:00.123001";
  EXPECT_EQ(JudgeClone(report, kRun), CloneVerdict::kCompleted);
  report.stages[0].begin_time = "2026-11-20 13:00:00.122999";
  EXPECT_EQ(JudgeClone(report, kRun), CloneVerdict::kContradicts);
}

// An old "Completed" stays in the table for ever.
TEST(CloneVerdictTest, OnlyThisRunCounts) {
  const struct {
    const char* what;
    SentClone run;
    std::function<void(CloneStatus&)> change;
    bool is_this_run;
  } rows[] = {
      {"the begin time is known", kRun, [](CloneStatus&) {}, true},
      {"and another", kRun, [](CloneStatus& s) { s.begin_time = kLongAgo; }, false},
      {"and later than this one", kRun,
       [](CloneStatus& s) { s.begin_time = "2026-11-20 13:00:00.124"; }, false},
      {"a connection id that was used again", kRun, [](CloneStatus& s) { s.begin_time = kLongAgo; },
       false},
      {"another donor", kRun, [](CloneStatus& s) { s.source = "db-102.example:3306"; }, false},
      {"another port", kRun, [](CloneStatus& s) { s.source = "db-100.example:3307"; }, false},
      {"the donor in capitals", kRun, [](CloneStatus& s) { s.source = "DB-100.EXAMPLE:3306"; },
       true},
      {"by its connection alone", Sent("", "", kConnection), [](CloneStatus&) {}, true},
      {"another connection", Sent("", "", kConnection + 1), [](CloneStatus&) {}, false},
      {"after a restart there is no connection", Sent("", "", 0),
       [](CloneStatus& s) { s.connection_id = 0; }, false},
      {"by not being older than the request", Sent(kBefore, "", 0),
       [](CloneStatus& s) { s.connection_id = 0; }, true},
      {"begun in the very moment", Sent(kBegin, "", 0), [](CloneStatus& s) { s.connection_id = 0; },
       true},
      {"older than the request", Sent(kBefore, "", 0),
       [](CloneStatus& s) { s.begin_time = kLongAgo; }, false},
      {"nothing is known of the run", Sent("", "", 0), [](CloneStatus&) {}, false},
  };
  for (const auto& row : rows) {
    CloneReport report;
    report.status = Running();
    row.change(*report.status);
    EXPECT_EQ(JudgeClone(report, row.run) != CloneVerdict::kNoTrace, row.is_this_run) << row.what;
    report.status->state = CloneState::kFailed;
    EXPECT_EQ(JudgeClone(report, row.run),
              row.is_this_run ? CloneVerdict::kFailed : CloneVerdict::kNoTrace)
        << row.what;
    report.status->state = CloneState::kCompleted;
    EXPECT_EQ(JudgeClone(report, row.run) != CloneVerdict::kNoTrace, row.is_this_run) << row.what;
  }
}

constexpr char kUuid[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

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
    report.stages = AllStages(CloneState::kFailed);  // the others do not count
    std::swap(report.stages.front(), report.stages.back());
    report.stages.back().state = drop;
    EXPECT_EQ(WhatIsLeft(report, DataState::kIntact), left) << CloneStateName(drop);
    EXPECT_EQ(WhatIsLeft(report, DataState::kCloned),
              left == DataState::kIntact ? DataState::kCloned : left)
        << "a copy that is dropped is as any other data";
    EXPECT_EQ(WhatIsLeft(report, DataState::kEmpty), DataState::kEmpty)
        << "what an earlier attempt dropped does not come back";
    EXPECT_EQ(WhatIsLeft(report, DataState::kPartial),
              drop == CloneState::kCompleted ? DataState::kEmpty : DataState::kPartial);
  }
}

TEST(DataStateTest, WithoutStagesNothingIsDropped) {
  for (const DataState before : {DataState::kIntact, DataState::kPartial, DataState::kEmpty}) {
    EXPECT_EQ(WhatIsLeft({}, before), before);
  }
}

// A clone that was sent to `server`.
SentClone SentTo(const ServerFacts& server) {
  SentClone clone = kRun;
  clone.process = server.process;
  clone.schemas_before = server.user_schemas;
  clone.gtid_before = server.gtid_executed;
  clone.donor_gtid = std::string(kUuid) + ":1-20";
  return clone;
}

ServerFacts ServerBefore() {
  ServerFacts server;
  server.server_uuid = "mine";
  server.process = "1170";
  server.user_schemas = {"legacy", "shop"};
  server.gtid_executed = std::string(kUuid) + ":1-9";
  return server;
}

// The report says nothing of the run: only a server that is what it was, and cannot be the donor's
// copy, still holds its data.
TEST(DataStateTest, WhatTheServerShowsWhereTheReportIsSilent) {
  const struct {
    const char* what;
    std::function<void(ServerFacts&, SentClone&)> change;
    DataState state;
  } rows[] = {
      {"nothing has changed", [](ServerFacts&, SentClone&) {}, DataState::kIntact},
      {"started anew, and the donor had more",
       [](ServerFacts& s, SentClone&) { s.process = "1180"; }, DataState::kIntact},
      {"started anew, and the donor had the same",
       [](ServerFacts& s, SentClone& c) {
         s.process = "1180";
         c.donor_gtid = c.gtid_before;
       },
       DataState::kPartial},
      {"started anew, and what the donor had is not known",
       [](ServerFacts& s, SentClone& c) {
         s.process = "1180";
         c.donor_gtid.clear();
       },
       DataState::kPartial},
      {"started anew, and what the donor had cannot be read",
       [](ServerFacts& s, SentClone& c) {
         s.process = "1180";
         c.donor_gtid = "nonsense";
       },
       DataState::kPartial},
      {"the same process, the donor's not known",
       [](ServerFacts&, SentClone& c) { c.donor_gtid.clear(); }, DataState::kIntact},
      {"its process was not known",
       [](ServerFacts&, SentClone& c) {
         c.process.clear();
         c.donor_gtid.clear();
       },
       DataState::kPartial},
      {"a schema is gone", [](ServerFacts& s, SentClone&) { s.user_schemas.pop_back(); },
       DataState::kPartial},
      {"all schemas are gone", [](ServerFacts& s, SentClone&) { s.user_schemas.clear(); },
       DataState::kEmpty},
      {"a schema has come", [](ServerFacts& s, SentClone&) { s.user_schemas.push_back("new"); },
       DataState::kPartial},
      {"a transaction is gone",
       [](ServerFacts& s, SentClone&) { s.gtid_executed = std::string(kUuid) + ":1-8"; },
       DataState::kPartial},
      {"what it had executed cannot be read",
       [](ServerFacts& s, SentClone&) { s.gtid_executed = "nonsense"; }, DataState::kPartial},
      {"the same set, written otherwise",
       [](ServerFacts& s, SentClone&) { s.gtid_executed = std::string(kUuid) + ":1-4:5-9"; },
       DataState::kIntact},
      {"it never had a schema, and the server is the same process",
       [](ServerFacts& s, SentClone& c) {
         s.user_schemas.clear();
         c.schemas_before.clear();
       },
       DataState::kIntact},
  };
  for (const auto& row : rows) {
    ServerFacts server = ServerBefore();
    SentClone clone = SentTo(server);
    row.change(server, clone);
    EXPECT_EQ(JudgeByServer(server, clone, DataState::kIntact), row.state) << row.what;
    EXPECT_EQ(JudgeByServer(server, clone, DataState::kCloned),
              row.state == DataState::kIntact ? DataState::kCloned : row.state)
        << row.what;
    for (const DataState before : {DataState::kPartial, DataState::kEmpty}) {
      EXPECT_EQ(JudgeByServer(server, clone, before), before) << "it does not come back";
    }
  }
}

struct Proven {
  CloneReport report;
  TabletState state;
  ServerFacts server;
};

Proven WholeProof() {
  Proven proven;
  proven.report = Completed();
  proven.report.status->gtid_executed = std::string(kUuid) + ":1-25";
  proven.server = ServerBefore();
  proven.state.server_uuid = proven.server.server_uuid;
  proven.state.clone = SentTo(proven.server);
  proven.server.process = "1180";
  proven.server.gtid_executed = std::string(kUuid) + ":1-30";
  return proven;
}

// All of it is needed: each row takes one thing away.
TEST(ProveCloneTest, ClonedIsOnlyWhatIsProved) {
  const struct {
    const char* what;
    std::function<void(Proven&)> change;
  } rows[] = {
      {"no clone is known", [](Proven& p) { p.state.clone.reset(); }},
      {"another directory", [](Proven& p) { p.report.status->destination = "/x"; }},
      {"another server", [](Proven& p) { p.server.server_uuid = "other"; }},
      {"the process it was sent to", [](Proven& p) { p.server.process = "1170"; }},
      {"a promised transaction is missing",
       [](Proven& p) { p.server.gtid_executed = std::string(kUuid) + ":1-24"; }},
      {"one that the donor had is not promised",
       [](Proven& p) { p.report.status->gtid_executed = std::string(kUuid) + ":1-19"; }},
      {"nothing is promised", [](Proven& p) { p.report.status->gtid_executed.clear(); }},
      {"what is promised cannot be read",
       [](Proven& p) { p.report.status->gtid_executed = "nonsense"; }},
      {"recovery failed",
       [](Proven& p) {
         p.report.status->state = CloneState::kFailed;
         p.report.status->error_no = 1815;
       }},
      {"crashed in the middle",
       [](Proven& p) { p.report.status->state = CloneState::kInProgress; }},
      {"it runs",
       [](Proven& p) {
         p.report.status->state = CloneState::kInProgress;
         p.report.status->connection_id = kConnection;
       }},
      {"it contradicts itself", [](Proven& p) { p.report.status->end_time = kLongAgo; }},
      {"another run", [](Proven& p) { p.report.status->source = "127.0.0.1:1"; }},
      {"no run at all", [](Proven& p) { p.report.status.reset(); }},
  };
  const Proven whole = WholeProof();
  EXPECT_EQ(ProveClone(whole.report, whole.state, whole.server), absl::OkStatus());
  for (const auto& row : rows) {
    Proven proven = WholeProof();
    row.change(proven);
    const absl::Status status = ProveClone(proven.report, proven.state, proven.server);
    EXPECT_FALSE(status.ok()) << row.what;
  }
}

TEST(ProveCloneTest, WhatIsNotProvedIsNoDonorsData) {
  Proven proven = WholeProof();
  proven.server.server_uuid = "other";
  const absl::Status status = ProveClone(proven.report, proven.state, proven.server);
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_TRUE(HasReason(status, Reason::kVerifyFailed));
}

}  // namespace
}  // namespace graft
