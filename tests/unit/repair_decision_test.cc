#include "provision/repair/auto_repair.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace graft {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

RepairRules Rules() {
  RepairRules rules;
  rules.errors = {1032, 1062, 13114};
  return rules;
}

ReplicationChannel Channel(const std::string& name, int applier_errno, int receiver_errno) {
  ReplicationChannel channel;
  channel.name = name;
  channel.applier_errno = applier_errno;
  channel.applier_running = applier_errno == 0;
  channel.receiver_errno = receiver_errno;
  channel.receiver_running = receiver_errno == 0;
  return channel;
}

TabletSnapshot Snapshot(std::vector<ReplicationChannel> channels, absl::Time read_at = kNow) {
  TabletSnapshot tablet;
  tablet.type = TabletType::kReplica;
  tablet.mysql_reachable = true;
  tablet.replication = std::move(channels);
  tablet.read_at = read_at;
  return tablet;
}

TEST(FollowErrorTest, OnlyErrorsThatWereNamedAndStoppedAThreadCount) {
  EXPECT_FALSE(FollowError({}, Snapshot({}), Rules()).has_value());
  EXPECT_FALSE(FollowError({}, Snapshot({Channel("", 0, 0)}), Rules()).has_value());
  EXPECT_FALSE(FollowError({}, Snapshot({Channel("", 1205, 2003)}), Rules()).has_value());
  ReplicationChannel retrying = Channel("", 1062, 0);
  retrying.applier_running = true;
  EXPECT_FALSE(FollowError({}, Snapshot({retrying}), Rules()).has_value());
  TabletSnapshot unreachable = Snapshot({Channel("", 1062, 0)});
  unreachable.mysql_reachable = false;
  EXPECT_FALSE(FollowError({}, unreachable, Rules()).has_value());
  EXPECT_FALSE(FollowError({}, Snapshot({Channel("", 1062, 0)}), RepairRules()).has_value());
  RepairRules zero;
  zero.errors = {0};
  ReplicationChannel stopped = Channel("", 0, 0);
  stopped.applier_running = false;
  EXPECT_FALSE(FollowError({}, Snapshot({stopped}), zero).has_value()) << "stopped by hand";
}

// The rebuilt server would have the same server_uuid again.
TEST(FollowErrorTest, AServerUuidThatAnotherReplicaHasIsNotRepaired) {
  ReplicationChannel channel = Channel("", 0, 13114);
  EXPECT_TRUE(channel.lacks_binlogs());
  channel.receiver_error =
      "Got fatal error 1236 from source when reading data from binary log: 'A replica with the "
      "same server_uuid/server_id as this replica has connected to the source; the first event'";
  EXPECT_FALSE(FollowError({}, Snapshot({channel}), Rules()).has_value());
  EXPECT_FALSE(channel.lacks_binlogs());
}

TEST(FollowErrorTest, StopReplicaKeepsARepairAway) {
  ReplicationChannel by_applier = Channel("", 1062, 0);
  ReplicationChannel by_receiver = Channel("", 0, 13114);
  EXPECT_TRUE(FollowError({}, Snapshot({by_applier}), Rules()).has_value());
  EXPECT_TRUE(FollowError({}, Snapshot({by_receiver}), Rules()).has_value());
  by_applier.receiver_running = by_receiver.applier_running = false;
  EXPECT_FALSE(FollowError({}, Snapshot({by_applier}), Rules()).has_value());
  EXPECT_FALSE(FollowError({}, Snapshot({by_receiver}), Rules()).has_value());
  by_applier.receiver_connecting = true;  // the source is away, too
  EXPECT_TRUE(FollowError({}, Snapshot({by_applier}), Rules()).has_value());
  EXPECT_TRUE(FollowError({}, Snapshot({Channel("", 1062, 2003)}), Rules()).has_value());
}

TEST(FollowErrorTest, BothThreadsOfEveryChannelAreLookedAt) {
  const auto applier =
      FollowError({}, Snapshot({Channel("", 0, 0), Channel("b", 1062, 0)}), Rules());
  ASSERT_TRUE(applier.has_value());
  EXPECT_EQ(applier->ToString(), "replication error 1062 (applier of channel b)");
  const auto receiver = FollowError({}, Snapshot({Channel("", 0, 13114)}), Rules());
  ASSERT_TRUE(receiver.has_value());
  EXPECT_EQ(receiver->ToString(), "replication error 13114 (receiver)");
}

TEST(FollowErrorTest, TheSameErrorGoesOnStandingAndAnotherBeginsAnew) {
  const absl::Time later = kNow + absl::Seconds(5);
  const auto first = FollowError({}, Snapshot({Channel("", 1062, 0)}), Rules());
  const auto same =
      FollowError(first, Snapshot({Channel("a", 1032, 0), Channel("", 1062, 0)}, later), Rules());
  ASSERT_TRUE(same.has_value());
  EXPECT_EQ(same->since, kNow);
  EXPECT_EQ(same->seen, later);
  for (const ReplicationChannel& other :
       {Channel("", 1032, 0), Channel("a", 1062, 0), Channel("", 0, 1062)}) {
    RepairRules rules = Rules();
    const auto changed = FollowError(first, Snapshot({other}, later), rules);
    ASSERT_TRUE(changed.has_value());
    EXPECT_EQ(changed->since, later);
  }
}

// When it began and ended, as time before now.
Operation Past(const std::string& id, absl::Duration ago, Outcome outcome,
               DataState data_state = DataState::kIntact) {
  Operation operation;
  operation.request.id = id;
  operation.requested = kNow - ago;
  operation.ended = kNow - ago + absl::Minutes(1);
  operation.outcome = outcome;
  operation.data_state = data_state;
  return operation;
}

TEST(DecideByTabletTest, HistoryHasAWord) {
  const StandingError error = {"", true, 1062, kNow - absl::Hours(40), kNow};
  const auto repair = [](int hours, Outcome outcome) {
    return Past("repair-1062-x", absl::Hours(hours), outcome,
                outcome == Outcome::kDone ? DataState::kCloned : DataState::kIntact);
  };
  const auto by_hand = [](int hours, Outcome outcome, DataState data_state) {
    return Past("op-7", absl::Hours(hours), outcome, data_state);
  };
  const Operation failed_now = Past("repair-1062-y", absl::Minutes(10), Outcome::kFailed);
  const Operation failed_then = Past("repair-1062-y", absl::Minutes(17), Outcome::kFailed);
  const struct {
    std::vector<Operation> history;
    bool repair;
    const char* why;
  } rows[] = {
      {{}, true, "replication error 1062"},
      {{repair(1, Outcome::kDone)}, true, ""},
      {{repair(1, Outcome::kDone), repair(2, Outcome::kDone)}, false, "24 hours, 2,"},
      {{repair(1, Outcome::kDone), repair(25, Outcome::kDone)}, true, ""},
      {{by_hand(1, Outcome::kDone, DataState::kCloned),
        by_hand(2, Outcome::kDone, DataState::kCloned),
        by_hand(3, Outcome::kDone, DataState::kCloned)},
       true,
       ""},
      {{repair(1, Outcome::kRunning)}, false, "repair-1062-x is running"},
      {{by_hand(1, Outcome::kRunning, DataState::kIntact)}, false, "op-7 is running"},
      {{failed_now}, false, "has failed: pause of 15m"},
      {{failed_then}, true, ""},
      {{failed_now, repair(2, Outcome::kDone)}, false, "24 hours, 2,"},
      {{failed_then, repair(25, Outcome::kFailed)}, false, "pause of 30m"},
      {{failed_then, repair(25, Outcome::kDone), repair(26, Outcome::kFailed)}, true, ""},
      {{failed_then, by_hand(1, Outcome::kFailed, DataState::kIntact)}, true, ""},
      {{repair(1, Outcome::kCancelled)}, false, "cancelled"},
      {{repair(25, Outcome::kCancelled)}, true, ""},
      {{by_hand(1, Outcome::kCancelled, DataState::kIntact)}, true, ""},
      {{by_hand(1, Outcome::kFailed, DataState::kEmpty)}, false, "EMPTY"},
      {{by_hand(1, Outcome::kFailed, DataState::kPartial)}, false, "PARTIAL"},
      {{by_hand(1, Outcome::kCancelled, DataState::kEmpty)}, false, "graftctl reprovision"},
      {{by_hand(1, Outcome::kFailed, DataState::kCloned)}, false, "CLONED"},
  };
  for (const auto& [history, repair_it, why] : rows) {
    const RepairDecision decision =
        DecideByTablet(error, Snapshot({Channel("", 1062, 0)}), history, Rules(), kNow);
    EXPECT_EQ(decision.repair, repair_it) << decision.why << " / " << why;
    EXPECT_THAT(decision.why, HasSubstr(why));
  }
}

TEST(DecideByTabletTest, FailuresInARowPauseLongerAndLonger) {
  RepairRules rules = Rules();
  rules.daily_limit = 1000;
  const StandingError error = {"", true, 1062, kNow - absl::Hours(40), kNow};
  std::vector<Operation> history;
  for (int failures = 1; failures <= 40; ++failures) {
    history.push_back(Past("repair-1", absl::Hours(failures), Outcome::kFailed));
  }
  EXPECT_FALSE(DecideByTablet(error, Snapshot({}), history, rules, kNow).repair);
  rules.pause = absl::ZeroDuration();
  EXPECT_TRUE(DecideByTablet(error, Snapshot({}), history, rules, kNow).repair);
}

TEST(DecideByTabletTest, TheErrorMustStandAndBeFresh) {
  const auto decide = [](absl::Duration stands, absl::Duration age) {
    const StandingError error = {"", true, 1062, kNow - age - stands, kNow - age};
    return DecideByTablet(error, Snapshot({}), {}, Rules(), kNow);
  };
  EXPECT_TRUE(decide(absl::Minutes(1), absl::Seconds(5)).repair);
  EXPECT_FALSE(decide(absl::Seconds(59), absl::Seconds(5)).repair);
  EXPECT_THAT(decide(absl::Seconds(59), absl::Seconds(5)).why, HasSubstr("stood for 1m"));
  EXPECT_FALSE(decide(absl::Hours(1), absl::Seconds(31)).repair);
  EXPECT_FALSE(DecideByTablet({}, Snapshot({}), {}, Rules(), kNow).repair);
}

TEST(DecideByTabletTest, APrimaryIsNeverRebuilt) {
  const StandingError error = {"", true, 1062, kNow - absl::Hours(1), kNow};
  TabletSnapshot tablet = Snapshot({});
  tablet.type = TabletType::kPrimary;
  const RepairDecision decision = DecideByTablet(error, tablet, {}, Rules(), kNow);
  EXPECT_FALSE(decision.repair);
  EXPECT_THAT(decision.why, HasSubstr("primary"));
}

TEST(DecideByTopologyTest, OnlyTabletsThatFollowAPrimaryAreRebuilt) {
  const TabletAlias self = {"zone1", 101};
  const TabletAlias primary = {"zone1", 100};
  const struct {
    TabletType type;
    TabletAlias primary;
    bool repair;
  } rows[] = {
      {TabletType::kReplica, primary, true},         {TabletType::kRdonly, primary, true},
      {TabletType::kSpare, primary, true},           {TabletType::kExperimental, primary, true},
      {TabletType::kPrimary, primary, false},        {TabletType::kPrimary, self, false},
      {TabletType::kReplica, self, false},           {TabletType::kReplica, {}, false},
      {TabletType::kUnknown, primary, false},        {TabletType::kBackup, primary, false},
      {TabletType::kRestore, primary, false},        {TabletType::kDrained, primary, false},
      {static_cast<TabletType>(77), primary, false},
  };
  for (const auto& row : rows) {
    Tablet record;
    record.alias = self;
    record.type = row.type;
    const RepairDecision decision = DecideByTopology(record, {"shop", "0", row.primary});
    EXPECT_EQ(decision.repair, row.repair) << TabletTypeName(row.type) << " " << decision.why;
    EXPECT_EQ(decision.why.empty(), row.repair);
  }
}

}  // namespace
}  // namespace graft
