#include "provision/donor/donor_ranking.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "base/errors.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
constexpr char kSet[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-100";
const TabletAlias kPrimary{"zone1", 100};
const TabletAlias kRecipient{"zone1", 101};

DonorSearchFacts Search() {
  DonorSearchFacts search;
  search.recipient = kRecipient;
  search.recipient_version = "9.7.4";
  search.shard.primary.emplace();
  search.shard.primary->gtid_executed = kSet;
  search.now = kNow;
  return search;
}

// A healthy replica in the recipient's cell.
DonorCandidate Candidate(uint32_t uid, const std::string& cell = "zone1") {
  DonorCandidate candidate;
  candidate.tablet.alias = {cell, uid};
  candidate.tablet.type = TabletType::kReplica;
  candidate.tablet.mysql = {"db.example", 3306};
  DonorState state;
  state.server.version = "9.7.4";
  state.server.gtid_executed = kSet;
  state.server.user_schemas = {"shop"};
  state.lag = absl::Seconds(1);
  state.server.server_uuid = "00000000-0000-0000-0000-000000000102";
  candidate.state = state;
  return candidate;
}

DonorCandidate Primary() {
  DonorCandidate candidate = Candidate(kPrimary.uid);
  candidate.tablet.type = TabletType::kPrimary;
  candidate.is_primary = true;
  candidate.state->lag = std::nullopt;
  return candidate;
}

using Change = std::function<void(DonorCandidate&)>;

// One refusal after the other, of a candidate that would do otherwise.
TEST(DonorRankingTest, Refusals) {
  const struct {
    const char* reason;
    Change spoil;
    const char* text;
  } rows[] = {
      {"DONOR_IS_RECIPIENT", [](DonorCandidate& c) { c.tablet.alias = kRecipient; }, "itself"},
      {"DONOR_IS_RESTORING", [](DonorCandidate& c) { c.tablet.type = TabletType::kRestore; },
       "RESTORE"},
      {"DONOR_TYPE", [](DonorCandidate& c) { c.tablet.type = TabletType::kBackup; }, "BACKUP"},
      {"DONOR_TYPE", [](DonorCandidate& c) { c.tablet.type = TabletType::kDrained; }, "DRAINED"},
      {"DONOR_TYPE", [](DonorCandidate& c) { c.tablet.type = TabletType::kUnknown; }, "UNKNOWN"},
      {"DONOR_IS_OLD_PRIMARY", [](DonorCandidate& c) { c.tablet.type = TabletType::kPrimary; },
       "another primary"},
      {"DONOR_DATA_STATE",
       [](DonorCandidate& c) {
         c.tablet.tags = {{"graft.data_state", "EMPTY"}, {"graft.operation", "op"}};
       },
       "EMPTY"},
      {"DONOR_DATA_STATE",
       [](DonorCandidate& c) {
         c.tablet.tags = {{"graft.data_state", "PARTIAL"}, {"graft.operation", "op"}};
       },
       "PARTIAL"},
      {"DONOR_HAS_NO_ADDRESS", [](DonorCandidate& c) { c.tablet.mysql = {}; }, "address"},
      {"DONOR_UNREACHABLE", [](DonorCandidate& c) { c.state = absl::UnavailableError("2003"); },
       "2003"},
      {"DONOR_UNREACHABLE",
       [](DonorCandidate& c) { c.state = absl::DeadlineExceededError("silent"); }, "silent"},
      {"DONOR_CREDENTIALS", [](DonorCandidate& c) { c.state = absl::UnauthenticatedError("1045"); },
       "1045"},
      {"DONOR_PRIVILEGE", [](DonorCandidate& c) { c.state = absl::PermissionDeniedError("1227"); },
       "1227"},
      {"VERSIONS", [](DonorCandidate& c) { c.state->server.version = "8.4.0"; }, "8.4.0"},
      {"VERSIONS", [](DonorCandidate& c) { c.state->server.version = "odd"; }, "odd"},
      {"DONOR_REPLICATION", [](DonorCandidate& c) { c.state->broken_replication = "1062: twice"; },
       "1062: twice"},
      {"ERRANT_TRANSACTIONS",
       [](DonorCandidate& c) {
         c.state->server.gtid_executed =
             std::string(kSet) + ",00000000-0000-0000-0000-000000000102:1-3";
       },
       "3 transactions (00000000-0000-0000-0000-000000000102:1-3)"},
      {"ERRANT_TRANSACTIONS", [](DonorCandidate& c) { c.state->server.gtid_executed = "odd"; },
       "odd"},
      {"OTHER_SERVER",
       [](DonorCandidate& c) { c.tablet.tags["graft.server_uuid"] = "of another server"; },
       "its record says of another server"},
      {"DONOR_EMPTY",
       [](DonorCandidate& c) {
         c.state->server.gtid_executed = "";
         c.state->server.user_schemas.clear();
       },
       "holds nothing"},
      {"DONOR_BEHIND",
       [](DonorCandidate& c) {
         c.state->server.gtid_executed = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-90";
         c.state->following.fault = "it follows nobody";
       },
       "it lacks 10 transactions (3e11fa47-71ca-11e1-9e33-c80aa9429562:91-100) of the primary, and "
       "it follows nobody"},
      {"DONOR_BEHIND",
       [](DonorCandidate& c) {
         c.state->server.gtid_executed = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1";
       },
       "purged"},
      {"DONOR_HAS_NO_ADDRESS",
       [](DonorCandidate& c) {
         c.tablet.mysql = {};
         c.tablet.mysql_fault = "mysql_port is 70000";
       },
       "mysql_port is 70000"},
      {"DONOR_PLUGINS",
       [](DonorCandidate& c) {
         c.ruled_out = WithReason(absl::FailedPreconditionError("3870"), "DONOR_PLUGINS");
       },
       "3870"},
      {"DONOR_FAILED", [](DonorCandidate& c) { c.ruled_out = absl::InternalError("odd"); }, "odd"},
  };
  for (const auto& [reason, spoil, text] : rows) {
    DonorCandidate candidate = Candidate(102);
    spoil(candidate);
    DonorSearchFacts search = Search();
    search.shard.primary->gtid_purged = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-2";
    const DonorRanking ranking = RankDonors({candidate, Candidate(103)}, search);
    EXPECT_THAT(ranking.order, ElementsAre(TabletAlias{"zone1", 103})) << reason;
    ASSERT_EQ(ranking.refused.size(), 1u) << reason;
    EXPECT_EQ(ranking.refused[0].alias, candidate.tablet.alias) << reason;
    EXPECT_EQ(ranking.refused[0].reason, reason);
    EXPECT_THAT(ranking.refused[0].text, HasSubstr(text));
  }
}

TEST(DonorRankingTest, OddButFit) {
  const Change ways[] = {
      [](DonorCandidate& c) { c.tablet.type = TabletType::kRdonly; },
      [](DonorCandidate& c) { c.tablet.type = TabletType::kSpare; },
      [](DonorCandidate& c) { c.tablet.type = TabletType::kExperimental; },
      [](DonorCandidate& c) { c.tablet.tags["graft.data_state"] = "CLONED"; },
      [](DonorCandidate& c) { c.state->server.version = "9.7.0"; },
      [](DonorCandidate& c) { c.state->lag = std::nullopt; },
      [](DonorCandidate& c) { c.state->donating = true; },
      // What it lacks is lag, and it follows the shard; or it lacks nothing.
      [](DonorCandidate& c) {
        c.state->server.gtid_executed = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1";
      },
      [](DonorCandidate& c) { c.state->following.fault = "it follows nobody"; },
      // A copy of accounts alone has no schemas, a filled one perhaps no transactions.
      [](DonorCandidate& c) { c.state->server.user_schemas.clear(); },
      [](DonorCandidate& c) { c.state->server.gtid_executed = ""; },
      [](DonorCandidate& c) { c.tablet.tags["graft.server_uuid"] = c.state->server.server_uuid; },
      [](DonorCandidate& c) {
        c.failures = 3;
        c.last_failure = kNow;
      },
      // The primary's own data is the measure, also if it was read a moment later.
      [](DonorCandidate& c) {
        c.is_primary = true;
        c.state->server.gtid_executed = std::string(kSet) + ":101";
      },
      [](DonorCandidate& c) {
        c.is_primary = true;
        c.state->broken_replication = "a channel of long ago";
      },
  };
  for (size_t i = 0; i < std::size(ways); ++i) {
    DonorCandidate candidate = Candidate(102);
    ways[i](candidate);
    const DonorRanking ranking = RankDonors({candidate}, Search());
    EXPECT_THAT(ranking.refused, IsEmpty()) << "way " << i;
    EXPECT_THAT(ranking.order, ElementsAre(candidate.tablet.alias)) << "way " << i;
  }
}

TEST(DonorRankingTest, WithoutAPrimaryTransactionsAreNotJudged) {
  DonorCandidate candidate = Candidate(102);
  candidate.state->server.gtid_executed = "00000000-0000-0000-0000-000000000102:1-3";
  DonorSearchFacts search = Search();
  ASSERT_THAT(RankDonors({candidate}, search).order, IsEmpty());
  search.shard.primary = std::nullopt;
  EXPECT_THAT(RankDonors({candidate}, search).order, ElementsAre(candidate.tablet.alias));
}

// Each row: the first wins against the second, by one point of the order, although the second has
// the better of every later point.
TEST(DonorRankingTest, EachPointDecidesBeforeTheLaterOnes) {
  const auto later_points = [](DonorCandidate& c, int from) {
    // Makes `c` the worse one in every point from `from` on.
    if (from <= 2) c.state->donating = true;
    if (from <= 3) c.state->lag = absl::Minutes(11);
    if (from <= 5) c.tablet.alias.cell = "zone2";
    if (from <= 6 && c.state->lag < absl::Minutes(5)) c.state->lag = absl::Minutes(5);
    c.tablet.alias.uid = 200;
  };
  const auto failed = [](DonorCandidate& c) {
    c.failures = 1;
    c.last_failure = kNow - absl::Minutes(29);
  };
  const struct {
    const char* point;
    int number;
    DonorCandidate second;
    Change worsen_second;
  } rows[] = {
      {"no recent failure", 1, Candidate(102), failed},
      {"free before donating", 2, Candidate(102),
       [](DonorCandidate& c) { c.state->donating = true; }},
      {"free before held", 2, Candidate(102), [](DonorCandidate& c) { c.held = true; }},
      {"keeps up", 3, Candidate(102),
       [](DonorCandidate& c) { c.state->lag = absl::Minutes(10) + absl::Seconds(1); }},
      {"keeps up, as far as known", 3, Candidate(102),
       [](DonorCandidate& c) { c.state->lag = std::nullopt; }},
      {"no primary", 4, Primary(), [](DonorCandidate&) {}},
      {"same cell", 5, Candidate(102, "zone2"), [](DonorCandidate&) {}},
      {"least lag", 6, Candidate(102), [](DonorCandidate& c) { c.state->lag = absl::Minutes(6); }},
      {"alias", 7, Candidate(201), [](DonorCandidate&) {}},
  };
  for (const auto& [point, number, second, worsen_second] : rows) {
    DonorCandidate winner = Candidate(102);
    later_points(winner, number + 1);
    DonorCandidate loser = second;
    worsen_second(loser);
    for (const auto& candidates :
         {std::vector<DonorCandidate>{winner, loser}, std::vector<DonorCandidate>{loser, winner}}) {
      DonorSearchFacts search = Search();
      search.primary = PrimaryAsDonor::kLikeOthers;
      EXPECT_THAT(RankDonors(candidates, search).order,
                  ElementsAre(winner.tablet.alias, loser.tablet.alias))
          << point;
    }
  }
}

TEST(DonorRankingTest, CountsDecide) {
  DonorCandidate often = Candidate(102);
  DonorCandidate once = Candidate(103);
  often.failures = 2;
  once.failures = 1;
  often.last_failure = once.last_failure = kNow;
  EXPECT_THAT(RankDonors({often, once}, Search()).order,
              ElementsAre(once.tablet.alias, often.tablet.alias));
}

TEST(DonorRankingTest, AnOldFailureIsForgotten) {
  DonorCandidate failed = Candidate(102);
  failed.failures = 5;
  failed.last_failure = kNow - kFailureMemory - absl::Seconds(1);
  const TabletAlias other{"zone1", 103};
  EXPECT_THAT(RankDonors({Candidate(103), failed}, Search()).order,
              ElementsAre(failed.tablet.alias, other));
  failed.last_failure = kNow - kFailureMemory;
  EXPECT_THAT(RankDonors({Candidate(103), failed}, Search()).order,
              ElementsAre(other, failed.tablet.alias));
}

TEST(DonorRankingTest, TenMinutesAreNotFarBehind) {
  DonorCandidate behind = Candidate(102);
  behind.state->lag = absl::Minutes(10);
  DonorSearchFacts search = Search();
  search.primary = PrimaryAsDonor::kLikeOthers;
  EXPECT_THAT(RankDonors({Primary(), behind}, search).order,
              ElementsAre(behind.tablet.alias, kPrimary));
}

TEST(DonorRankingTest, ThePrimaryServesIfNobodyElseCan) {
  DonorCandidate busy = Candidate(102);
  busy.held = true;
  EXPECT_THAT(RankDonors({busy, Primary()}, Search()).order, ElementsAre(busy.tablet.alias));
  DonorCandidate failed = Candidate(102);
  failed.failures = 1;
  failed.last_failure = kNow;
  EXPECT_THAT(RankDonors({failed, Primary()}, Search()).order,
              ElementsAre(kPrimary, failed.tablet.alias));
  DonorCandidate down = Candidate(102);
  down.state = absl::UnavailableError("2003");
  EXPECT_THAT(RankDonors({down, Primary()}, Search()).order, ElementsAre(kPrimary));
}

TEST(DonorRankingTest, ThePrimaryAmongTheOthers) {
  DonorCandidate busy = Candidate(102);
  busy.held = true;
  DonorSearchFacts search = Search();
  search.primary = PrimaryAsDonor::kLikeOthers;
  EXPECT_THAT(RankDonors({busy, Primary()}, search).order,
              ElementsAre(kPrimary, busy.tablet.alias));
  EXPECT_THAT(RankDonors({Candidate(103), Primary(), busy}, search).order,
              ElementsAre(TabletAlias{"zone1", 103}, kPrimary, busy.tablet.alias));
  // Both being busy, the primary is spared.
  DonorCandidate busy_primary = Primary();
  busy_primary.state->donating = true;
  EXPECT_THAT(RankDonors({busy, busy_primary}, search).order,
              ElementsAre(busy.tablet.alias, kPrimary));
}

TEST(DonorRankingTest, ReplicasAlone) {
  DonorSearchFacts search = Search();
  search.primary = PrimaryAsDonor::kNever;
  const DonorRanking ranking = RankDonors({Primary()}, search);
  EXPECT_THAT(ranking.order, IsEmpty());
  ASSERT_EQ(ranking.refused.size(), 1u);
  EXPECT_EQ(ranking.refused[0].reason, "DONOR_TYPE");
}

// Whom to ask first.
TEST(DonorRankingTest, TheRecordsDecideWhomToAsk) {
  const auto with = [](uint32_t uid, const char* lag, const char* version = "", bool held = false,
                       const char* cell = "zone1") {
    DonorCandidate candidate = Candidate(uid, cell);
    candidate.state = absl::UnknownError("not asked");
    if (*lag != 0) candidate.tablet.tags["graft.lag"] = lag;
    if (*version != 0) candidate.tablet.tags["graft.mysql_version"] = version;
    candidate.held = held;
    return candidate;
  };
  DonorCandidate donates = with(104, "current");
  donates.tablet.tags["graft.donates"] = "yes";
  DonorCandidate drained = with(110, "current");
  drained.tablet.type = TabletType::kDrained;
  DonorCandidate empty = with(111, "stopped");
  empty.tablet.tags["graft.empty"] = "yes";
  std::vector<DonorCandidate> candidates = {with(kRecipient.uid, "current"),
                                            drained,
                                            with(109, "current", "5.7.44"),
                                            with(108, "current", "", true),
                                            with(107, "stopped"),
                                            with(106, "far_behind"),
                                            donates,
                                            with(105, "current", "", false, "zone2"),
                                            empty,
                                            with(103, "behind"),
                                            with(112, ""),
                                            with(102, "current")};
  std::vector<uint32_t> order;
  for (const DonorCandidate* one : OrderByRecords(candidates, Search())) {
    order.push_back(one->tablet.alias.uid);
  }
  EXPECT_THAT(order, ElementsAre(102, 112, 103, 105, 104, 106, 108, 109, 107, 111));
}

TEST(DonorRankingTest, AClassOfLagIsLeftWellBelowItsBound) {
  const auto judge = [](absl::Duration lag, LagClass before) {
    ReplicationChannel channel;
    channel.lag = lag;
    return JudgeLag({channel}, before);
  };
  EXPECT_EQ(judge(absl::Seconds(60), LagClass::kCurrent), LagClass::kCurrent);
  EXPECT_EQ(judge(absl::Seconds(61), LagClass::kCurrent), LagClass::kBehind);
  EXPECT_EQ(judge(absl::Seconds(31), LagClass::kBehind), LagClass::kBehind);
  EXPECT_EQ(judge(absl::Seconds(30), LagClass::kBehind), LagClass::kCurrent);
  EXPECT_EQ(judge(absl::Seconds(601), LagClass::kCurrent), LagClass::kFarBehind);
  EXPECT_EQ(judge(absl::Seconds(301), LagClass::kFarBehind), LagClass::kFarBehind);
  EXPECT_EQ(judge(absl::Seconds(300), LagClass::kFarBehind), LagClass::kBehind);
  EXPECT_EQ(judge(absl::Seconds(300), LagClass::kStopped), LagClass::kBehind);
  EXPECT_EQ(JudgeLag({ReplicationChannel()}, LagClass::kCurrent), LagClass::kStopped);
}

TEST(DonorRankingTest, AShardOfAllKinds) {
  DonorCandidate remote = Candidate(300, "zone2");
  remote.state->lag = absl::ZeroDuration();
  DonorCandidate behind = Candidate(103);
  behind.state->lag = absl::Seconds(30);
  DonorCandidate self = Candidate(kRecipient.uid);
  DonorCandidate down = Candidate(104);
  down.state = absl::UnavailableError("2003");
  const DonorRanking ranking =
      RankDonors({down, Primary(), remote, self, behind, Candidate(102)}, Search());
  EXPECT_THAT(ranking.order, ElementsAre(TabletAlias{"zone1", 102}, TabletAlias{"zone1", 103},
                                         TabletAlias{"zone2", 300}));
  ASSERT_EQ(ranking.refused.size(), 2u);
  EXPECT_EQ(ranking.refused[0].alias, kRecipient);
  EXPECT_EQ(ranking.refused[1].alias, down.tablet.alias);
}

// An initialised server that no agent has provisioned yet must never win, even if all others are
// away.
TEST(DonorRankingTest, AnEmptyTabletIsNoDonorInAShardWithoutAPrimary) {
  DonorSearchFacts search = Search();
  search.shard.primary = std::nullopt;
  DonorCandidate empty = Candidate(102);
  empty.state->server.gtid_executed = "";
  empty.state->server.user_schemas.clear();
  EXPECT_THAT(RankDonors({empty, Candidate(103)}, search).order,
              ElementsAre(TabletAlias{"zone1", 103}));
  // The recipient's own data says as well that there is some.
  search.shard.recipient_executed = kSet;
  EXPECT_THAT(RankDonors({empty}, search).order, IsEmpty());
  // In a new shard nobody holds anything.
  search.shard.recipient_executed = "";
  EXPECT_THAT(RankDonors({empty}, search).order, ElementsAre(empty.tablet.alias));
}

// A record that names no server: the data has to be the shard's, or the operator says so.
TEST(DonorRankingTest, AForeignServerUnderARecordThatNamesNone) {
  DonorSearchFacts search = Search();
  search.shard.recipient_executed = kSet;
  for (DonorCandidate foreign : {Primary(), Candidate(102)}) {
    foreign.state->server.gtid_executed = "00000000-0000-0000-0000-000000000009:1-3";
    foreign.state->following.fault = "it follows nobody";
    search.shard.primary = std::nullopt;  // as the search has it then
    const DonorRanking ranking = RankDonors({foreign}, search);
    ASSERT_EQ(ranking.refused.size(), 1u);
    EXPECT_EQ(ranking.refused[0].reason, "OTHER_SERVER");
    EXPECT_THAT(ranking.refused[0].text, HasSubstr("100 transactions"));
    search.allow.unchecked = {"OTHER_SERVER"};
    EXPECT_THAT(RankDonors({foreign}, search).order, ElementsAre(foreign.tablet.alias));
    search.allow.unchecked = {"DISK_SPACE"};
    EXPECT_THAT(RankDonors({foreign}, search).order, testing::IsEmpty());
    search.allow.unchecked.clear();
  }
}

// If two thousand tablets are down, the operation keeps only a short list of them.
TEST(DonorRankingTest, TenRefusalsAreKeptAndTheOthersCounted) {
  std::vector<DonorCandidate> candidates;
  for (uint32_t uid = 1000; uid < 3000; ++uid) {
    candidates.push_back(Candidate(uid));
    candidates.back().state = absl::UnavailableError("2003");
  }
  candidates[1500].state = absl::UnauthenticatedError("1045");
  const DonorRanking ranking = RankDonors(candidates, Search());
  ASSERT_EQ(ranking.refused.size(), 10u);
  EXPECT_EQ(ranking.refused_more, 1990);
  EXPECT_EQ(ranking.refused.front().alias.uid, 1000u);
  EXPECT_EQ(ranking.refused.back().reason, "DONOR_CREDENTIALS");
}

TEST(DonorRankingTest, NobodyAtAll) {
  EXPECT_THAT(RankDonors({}, Search()).order, IsEmpty());
  EXPECT_THAT(RankDonors({}, Search()).refused, IsEmpty());
}

}  // namespace
}  // namespace graft
