#include "provision/steps/old_data_judge.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"

namespace graft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kHere[] = "aaaaaaaa-71ca-11e1-9e33-c80aa9429562";
constexpr char kSource[] = "bbbbbbbb-71ca-11e1-9e33-c80aa9429562";

std::string Set(const std::string& intervals) {
  return absl::StrCat(kSource, ":", intervals);
}

// A replica that lost its source, with 60 transactions to catch up with.
OldDataFacts Usable() {
  OldDataFacts facts;
  facts.recorded_uuid = facts.recipient.server_uuid = kHere;
  facts.recipient.gtid_mode = "ON";
  facts.recipient.gtid_executed = Set("1-40");
  ReplicationChannel channel;
  channel.source = {"127.0.0.1", 3310};
  channel.receiver_errno = 2003;
  channel.receiver_error = "cannot connect";
  channel.applier_running = true;
  facts.channels = std::vector<ReplicationChannel>{channel};
  facts.skips = std::map<std::string, std::string>{{"replica_skip_errors", "OFF"},
                                                   {"sql_replica_skip_counter", "0"},
                                                   {"replica_exec_mode", "STRICT"}};
  facts.source_alias = {"zone1", 100};
  ServerFacts source;
  source.server_uuid = kSource;
  source.gtid_mode = "ON";
  source.gtid_executed = Set("1-100");
  source.gtid_purged = Set("1-30");
  facts.source = facts.primary = source;
  return facts;
}

std::string WhyCopy(const OldDataFacts& facts) {
  return absl::StrJoin(JudgeOldData(facts).why_copy, "; ");
}

struct Case {
  const char* name;
  std::function<void(OldDataFacts&)> change;
  const char* why;  // a part of it; "": the old data can be used
};

void Fail(OldDataFacts& facts, int number, const std::string& text) {
  facts.channels->front().applier_running = false;
  facts.channels->front().applier_errno = number;
  facts.channels->front().applier_error = text;
}

void FailThread(OldDataFacts& facts, const char* thread, int number) {
  facts.channels->front().thread_errors.push_back({thread, number, "text"});
}

const std::vector<Case>& Cases() {
  using F = OldDataFacts;
  static const auto* const cases = new std::vector<Case>{
      {"only behind", [](F& f) { f.channels->front().receiver_errno = 0; }, ""},
      {"source away", [](F&) {}, ""},
      {"no channel", [](F& f) { f.channels->clear(); }, ""},
      {"relay log", [](F& f) { Fail(f, 13121, "Relay log read failure"); }, ""},
      {"killed worker",
       [](F& f) {
         Fail(f, 1756, "workers were stopped");
         FailThread(f, "worker", 1317);
       },
       ""},
      {"nothing missing", [](F& f) { f.recipient.gtid_executed = Set("1-100"); }, ""},
      {"purged up to the last", [](F& f) { f.source->gtid_purged = Set("1-40"); }, ""},
      {"wrong source had purged",
       [](F& f) {
         f.channels->front().receiver_errno = 13114;
         f.channels->front().receiver_error =
             "Cannot replicate because the source purged required binary logs.";
       },
       ""},
      {"source behind the recipient",
       [](F& f) { f.source->gtid_executed = f.source->gtid_purged = Set("1-30"); }, ""},
      {"primary away, nothing beside", [](F& f) { f.primary = absl::UnavailableError("away"); },
       ""},

      {"purged", [](F& f) { f.source->gtid_purged = Set("1-45"); }, "5 transactions"},
      {"errant", [](F& f) { f.recipient.gtid_executed += absl::StrCat(",", kHere, ":1-3"); },
       "neither source nor primary has these transactions: 3 transactions"},
      {"beside the source, primary away",
       [](F& f) {
         f.recipient.gtid_executed += absl::StrCat(",", kHere, ":1");
         f.primary = absl::UnavailableError("away");
       },
       "the primary does not say"},
      {"1032", [](F& f) { Fail(f, 1032, "Can't find record"); }, "error 1032 (applier)"},
      {"1062", [](F& f) { Fail(f, 1062, "Duplicate entry"); }, "error 1062 (applier)"},
      {"an unknown error", [](F& f) { Fail(f, 9999, "?"); }, "error 9999"},
      {"1062 of a worker behind a harmless word",
       [](F& f) {
         Fail(f, 1756, "workers were stopped");
         FailThread(f, "worker", 1317);
         FailThread(f, "worker", 1062);
       },
       "error 1062 (worker)"},
      {"1032 of the coordinator", [](F& f) { FailThread(f, "coordinator", 1032); },
       "error 1032 (coordinator)"},
      {"1062 of a worker while the applier runs", [](F& f) { FailThread(f, "worker", 1062); },
       "error 1062"},
      {"another fatal error of the source",
       [](F& f) {
         f.channels->front().receiver_errno = 13114;
         f.channels->front().receiver_error = "bogus data in log event";
       },
       "bogus data"},
      {"errors unseen", [](F& f) { f.channels->front().thread_errors_seen = false; },
       "does not show the errors"},
      {"replication unseen", [](F& f) { f.channels = absl::PermissionDeniedError("no"); },
       "cannot be seen"},
      {"skips errors", [](F& f) { (*f.skips)["replica_skip_errors"] = "1062"; },
       "replica_skip_errors is 1062"},
      {"skip counter", [](F& f) { (*f.skips)["sql_replica_skip_counter"] = "1"; },
       "sql_replica_skip_counter is 1"},
      {"idempotent", [](F& f) { (*f.skips)["replica_exec_mode"] = "IDEMPOTENT"; },
       "replica_exec_mode is IDEMPOTENT"},
      {"skips unseen", [](F& f) { f.skips = absl::NotFoundError("no variable"); },
       "cannot be seen whether"},
      {"partial", [](F& f) { f.data_state = DataState::kPartial; }, "the data is PARTIAL"},
      {"a copy that was not caught up", [](F& f) { f.data_state = DataState::kCloned; },
       "the data is CLONED"},
      {"clone outstanding", [](F& f) { f.clone_outstanding = true; }, "a CLONE was sent"},
      {"other server", [](F& f) { f.recorded_uuid = kSource; }, "the tablet's record says"},
      {"unknown server", [](F& f) { f.recorded_uuid = ""; }, "does not say whose server"},
      {"empty", [](F& f) { f.recipient.gtid_executed = ""; }, "holds no transaction"},
      {"no GTIDs", [](F& f) { f.recipient.gtid_mode = "OFF_PERMISSIVE"; }, "gtid_mode is"},
      {"no GTIDs there", [](F& f) { f.source->gtid_mode = "OFF"; }, "gtid_mode is OFF on source"},
      {"damaged set", [](F& f) { f.source->gtid_purged = "?"; }, "cannot be compared"},
      {"source away for long", [](F& f) { f.source = absl::UnavailableError("away"); },
       "does not say what it has"},
      {"its own source", [](F& f) { f.source->server_uuid = kHere; }, "this server's server_uuid"},
      {"other channel", [](F& f) { f.channels->front().name = "back"; }, "channel 'back'"},
      {"delay", [](F& f) { f.channels->front().delay = absl::Hours(1); }, "SOURCE_DELAY is 3600 s"},
      {"filters", [](F& f) { f.channels->front().filters = {"REPLICATE_IGNORE_DB=(a)"}; },
       "REPLICATE_IGNORE_DB=(a)"},
  };
  return *cases;
}

TEST(OldDataJudge, CopiesUnlessAllIsKnownToBeHarmless) {
  for (const Case& c : Cases()) {
    OldDataFacts facts = Usable();
    c.change(facts);
    if (*c.why == '\0') {
      EXPECT_THAT(WhyCopy(facts), IsEmpty()) << c.name;
    } else {
      EXPECT_THAT(WhyCopy(facts), HasSubstr(c.why)) << c.name;
    }
  }
}

TEST(OldDataJudge, SaysWhatItFoundWithNumbers) {
  const OldDataJudgement judgement = JudgeOldData(Usable());
  EXPECT_EQ(judgement.behind, 60);
  EXPECT_THAT(judgement.found, HasSubstr("error 2003 (receiver) passes"));
  EXPECT_THAT(judgement.found, HasSubstr("60 transactions"));
  EXPECT_THAT(judgement.found, HasSubstr("no errant transactions"));
}

TEST(OldDataJudge, NamesEveryReasonAtOnce) {
  OldDataFacts facts = Usable();
  Fail(facts, 1062, "Duplicate entry");
  facts.source->gtid_purged = Set("1-45");
  EXPECT_EQ(JudgeOldData(facts).why_copy.size(), 2U);
}

TEST(OldDataJudge, NoErrorOfTheDataPasses) {
  // Missing and double rows, tables and columns that differ, failed events: what a drift looks
  // like.
  for (const int number : {1007, 1008, 1032, 1050, 1051, 1054, 1062, 1091,  1146,  1396,
                           1406, 1451, 1452, 1590, 1593, 1677, 3100, 10914, 13115, 13146}) {
    EXPECT_EQ(FindPassingError(number, "purged required binary logs"), nullptr) << number;
  }
  std::set<int> numbers;
  for (const PassingError& error : PassingErrors()) {
    EXPECT_TRUE(numbers.insert(error.number).second) << error.number << " is listed twice";
    EXPECT_NE(*error.why, '\0');
  }
}

}  // namespace
}  // namespace graft
