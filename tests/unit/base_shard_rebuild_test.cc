#include "graft/shard_rebuild.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace graft {
namespace {

constexpr auto kWaiting = MemberOutcome::kWaiting;
constexpr auto kRunning = MemberOutcome::kRunning;
constexpr auto kDone = MemberOutcome::kDone;
constexpr auto kFailed = MemberOutcome::kFailed;

TabletAlias Alias(size_t i) {
  return {"zone1", static_cast<uint32_t>(101 + i)};
}

// Members zone1-101, zone1-102, …
ShardRebuild Rebuild(const std::vector<MemberOutcome>& outcomes, int max_unavailable = 1,
                     const std::string& stopped = "") {
  ShardRebuild rebuild;
  rebuild.max_unavailable = max_unavailable;
  rebuild.stopped = stopped;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    rebuild.members.push_back({Alias(i), "", outcomes[i], "", false});
  }
  return rebuild;
}

// "+" for each member whose turn it is.
std::string Turns(const ShardRebuild& rebuild) {
  std::string turns;
  for (const auto& member : rebuild.members)
    turns += WhyNotYet(rebuild, member.alias).empty() ? '+' : '.';
  return turns;
}

TEST(ShardRebuildTest, WhoseTurnItIsAndWhetherItIsOver) {
  struct Row {
    std::vector<MemberOutcome> outcomes;
    int max_unavailable;
    std::string stopped;
    std::string turns;
    bool over;
  };
  const std::vector<Row> rows = {
      {{}, 1, "", "", true},
      {{kWaiting, kWaiting, kWaiting}, 1, "", "+..", false},
      {{kRunning, kWaiting, kWaiting}, 1, "", "...", false},
      {{kDone, kWaiting, kWaiting}, 1, "", ".+.", false},
      {{kDone, kDone, kRunning}, 1, "", "...", false},
      {{kDone, kDone, kDone}, 1, "", "...", true},
      {{kWaiting, kWaiting, kWaiting}, 2, "", "++.", false},
      {{kRunning, kRunning, kWaiting}, 2, "", "...", false},
      {{kRunning, kDone, kWaiting}, 2, "", "..+", false},
      {{kWaiting, kWaiting}, 9, "", "++", false},
      {{kWaiting, kDone, kWaiting}, 1, "", "+..", false},
      {{kFailed, kWaiting}, 1, "", "..", true},
      {{kFailed, kRunning, kWaiting}, 2, "", "...", false},
      {{kWaiting, kWaiting}, 1, "alice", "..", true},
      {{kRunning, kWaiting}, 1, "alice", "..", false},
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    const ShardRebuild rebuild =
        Rebuild(rows[i].outcomes, rows[i].max_unavailable, rows[i].stopped);
    EXPECT_EQ(Turns(rebuild), rows[i].turns) << "row " << i;
    EXPECT_EQ(IsOver(rebuild), rows[i].over) << "row " << i;
  }
}

// Each agent decides by some earlier state, and only knows the present state of its own member.
TEST(ShardRebuildTest, OldViewsNeverLetTooManyRun) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same run each time
  const auto below = [&random](size_t end) { return random() % end; };
  for (int run = 0; run < 500; ++run) {
    const int max = 1 + run % 3;
    std::vector<ShardRebuild> states = {Rebuild(std::vector<MemberOutcome>(6, kWaiting), max)};
    while (!IsOver(states.back())) {
      ShardRebuild next = states.back();
      auto& member = next.members[below(next.members.size())];
      const ShardRebuild& seen = states[below(states.size())];
      if (member.outcome == kWaiting && WhyNotYet(seen, member.alias).empty()) {
        member.outcome = kRunning;
      } else if (member.outcome == kRunning) {
        member.outcome = kDone;
      }
      const auto running = std::count_if(next.members.begin(), next.members.end(),
                                         [](const auto& each) { return each.outcome == kRunning; });
      ASSERT_LE(running, max) << "run " << run;
      states.push_back(next);
    }
    EXPECT_EQ(Turns(states.back()), "......");
  }
}

TEST(ShardRebuildTest, WhyAMemberMayNotBegin) {
  EXPECT_EQ(WhyNotYet(Rebuild({kWaiting}), Alias(0)), "");
  EXPECT_EQ(WhyNotYet(Rebuild({kWaiting}), Alias(7)), "zone1-0000000108 is no member");
  EXPECT_EQ(WhyNotYet(Rebuild({kDone}), Alias(0)), "zone1-0000000101 is done");
  EXPECT_EQ(WhyNotYet(Rebuild({kWaiting}, 1, "bob@h"), Alias(0)), "stopped by bob@h");
  EXPECT_EQ(WhyNotYet(Rebuild({kFailed, kWaiting}), Alias(1)), "zone1-0000000101 has failed");
  EXPECT_EQ(WhyNotYet(Rebuild({kRunning, kWaiting, kWaiting}, 2), Alias(2)),
            "waits for zone1-0000000101, zone1-0000000102");
}

Tablet Record(size_t i, TabletType type = TabletType::kReplica, const std::string& data = "") {
  Tablet tablet;
  tablet.alias = Alias(i);
  tablet.type = type;
  tablet.mysql = {"h", 3306};
  if (!data.empty()) tablet.tags["graft.data_state"] = data;
  return tablet;
}

TEST(ShardRebuildTest, WhatServesByItsRecord) {
  EXPECT_TRUE(ServesByRecord(Record(0)));
  EXPECT_TRUE(ServesByRecord(Record(0, TabletType::kRdonly, "CLONED")));
  EXPECT_TRUE(ServesByRecord(Record(0, TabletType::kReplica, "INTACT")));
  EXPECT_FALSE(ServesByRecord(Record(0, TabletType::kReplica, "PARTIAL")));
  EXPECT_FALSE(ServesByRecord(Record(0, TabletType::kReplica, "EMPTY")));
  for (const TabletType type : {TabletType::kPrimary, TabletType::kRestore, TabletType::kDrained,
                                TabletType::kSpare, TabletType::kBackup}) {
    EXPECT_FALSE(ServesByRecord(Record(0, type))) << TabletTypeName(type);
  }
  Tablet stopped = Record(0);
  stopped.mysql = {};
  EXPECT_FALSE(ServesByRecord(stopped));
}

TEST(ShardRebuildTest, WhyTheShardCannotDoWithoutAMember) {
  const Shard shard = {"shop", "0", {"zone1", 100}};
  const ShardRebuild rebuild = Rebuild({kWaiting, kRunning, kWaiting}, 2);
  const auto kept = [&](const std::vector<Tablet>& tablets, bool out_of_service = false) {
    return WhyKept(rebuild, Alias(0), shard, tablets, out_of_service);
  };
  const std::string last = "zone1-0000000101 is the last healthy replica of shop/0";
  Tablet primary = Record(0, TabletType::kPrimary);
  primary.alias = shard.primary;
  EXPECT_EQ(kept({primary}), "zone1-0000000101 has no record in the shard");
  EXPECT_EQ(kept({primary, Record(0)}), last) << "the primary is no replica";
  primary.type = TabletType::kReplica;
  EXPECT_EQ(kept({primary, Record(0)}), last) << "nor while only the shard names it";
  EXPECT_EQ(kept({Record(0), Record(1)}), last) << "the other one runs";
  EXPECT_EQ(kept({Record(0), Record(1), Record(2)}), "") << "one that waits serves";
  EXPECT_EQ(kept({Record(0), Record(2, TabletType::kRestore)}), last);
  EXPECT_EQ(kept({Record(0)}, /*out_of_service=*/true), "");
  EXPECT_EQ(kept({Record(0, TabletType::kRestore)}), "") << "nothing is lost by it";
  EXPECT_EQ(kept({Record(0, TabletType::kPrimary), Record(2)}),
            "zone1-0000000101 is the shard's primary");
  const Shard own = {"shop", "0", Alias(0)};
  EXPECT_EQ(WhyKept(rebuild, Alias(0), own, {Record(0), Record(2)}, true),
            "zone1-0000000101 is the shard's primary");
}

TEST(ShardRebuildTest, OutcomesHaveNames) {
  for (const MemberOutcome outcome : {kWaiting, kRunning, kDone, kFailed}) {
    EXPECT_EQ(*ParseMemberOutcome(MemberOutcomeName(outcome)), outcome);
  }
  EXPECT_EQ(ParseMemberOutcome("paused").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace graft
