// Aliases, types, and the other names that values of include/graft go by.
#include <gmock/gmock.h>

#include <set>
#include <string>
#include <vector>

#include "graft/operation.h"
#include "graft/progress.h"
#include "graft/tablet.h"
#include "graft/tablet_state.h"

namespace graft {
namespace {

using ::testing::HasSubstr;

TEST(TabletAliasTest, Parses) {
  const struct {
    const char* text;
    const char* cell;
    uint32_t uid;
    const char* printed;
  } cases[] = {
      {"zone1-101", "zone1", 101, "zone1-0000000101"},
      {"zone1-0000000101", "zone1", 101, "zone1-0000000101"},
      {"zone1-000000000000101", "zone1", 101, "zone1-0000000101"},
      {"zone1-0", "zone1", 0, "zone1-0000000000"},
      {"zone1-4294967295", "zone1", 4294967295, "zone1-4294967295"},
      {"us-east-1-7", "us-east-1", 7, "us-east-1-0000000007"},  // the last '-' splits
      {"zone1--7", "zone1-", 7, "zone1--0000000007"},
      {"A.b_c-1", "A.b_c", 1, "A.b_c-0000000001"},
      {"1-1", "1", 1, "1-0000000001"},
  };
  for (const auto& [text, cell, uid, printed] : cases) {
    const auto alias = TabletAlias::Parse(text);
    ASSERT_TRUE(alias.ok()) << alias.status();
    EXPECT_EQ(alias->cell, cell) << text;
    EXPECT_EQ(alias->uid, uid) << text;
    EXPECT_EQ(alias->ToString(), printed);
    EXPECT_EQ(*TabletAlias::Parse(alias->ToString()), *alias);
  }
}

TEST(TabletAliasTest, RefusesMalformedOnesAndQuotesThem) {
  for (const char* text : {"",
                           "-",
                           "zone1",
                           "101",
                           "zone1-",
                           "-101",
                           "zone1-x",
                           "zone1-1x",
                           "zone1-0x10",
                           "zone1-+5",
                           "zone1- 5",
                           "zone1-5 ",
                           " zone1-5",
                           "zone1-4294967296",
                           "zone1-99999999999999999999",
                           "zone/1-5",
                           "zone 1-5",
                           "zone1,zone2-5",
                           "z\xc3\xb6ne-5",
                           "../zone-5",
                           "zone1-1.5"}) {
    const absl::Status status = TabletAlias::Parse(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr("\"" + std::string(text) + "\""));
  }
}

TEST(TabletAliasTest, SortsByCellThenNumber) {
  const std::set<TabletAlias> aliases = {{"b", 1}, {"a", 10}, {"a", 9}, {"a", 10}};
  std::string all;
  for (const TabletAlias& alias : aliases) all += alias.cell + std::to_string(alias.uid) + " ";
  EXPECT_EQ(all, "a9 a10 b1 ");
  EXPECT_TRUE((TabletAlias{"a", 1} != TabletAlias{"a", 2}));
  EXPECT_TRUE(TabletAlias().empty());
}

TEST(TabletTypeTest, NamesAndNumbersAreVitesss) {
  const struct {
    const char* name;
    int number;
  } cases[] = {{"PRIMARY", 1},      {"REPLICA", 2}, {"RDONLY", 3},  {"SPARE", 4},
               {"EXPERIMENTAL", 5}, {"BACKUP", 6},  {"RESTORE", 7}, {"DRAINED", 8}};
  for (const auto& [name, number] : cases) {
    const auto type = ParseTabletType(name);
    ASSERT_TRUE(type.ok()) << type.status();
    EXPECT_EQ(static_cast<int>(*type), number) << name;
    EXPECT_EQ(TabletTypeName(*type), name);
  }
  EXPECT_EQ(*ParseTabletType("replica"), TabletType::kReplica);
  EXPECT_EQ(*ParseTabletType("rdOnly"), TabletType::kRdonly);
  EXPECT_EQ(TabletTypeName(static_cast<TabletType>(77)), "UNKNOWN");
}

TEST(TabletTypeTest, RefusesOthersAndNamesTheChoice) {
  for (const char* name : {"", "unknown", "UNKNOWN", "master", "replica ", "2"}) {
    const absl::Status status = ParseTabletType(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(status.message()), HasSubstr("primary, replica, rdonly"));
  }
}

TEST(HostPortTest, IsEmptyWithoutEither) {
  EXPECT_TRUE(HostPort().empty());
  EXPECT_TRUE((HostPort{"db", 0}).empty());
  EXPECT_TRUE((HostPort{"", 3306}).empty());
  EXPECT_FALSE((HostPort{"db", 3306}).empty());
  EXPECT_EQ((HostPort{"db", 3306}).ToString(), "db:3306");
  EXPECT_EQ((HostPort{"::1", 3306}).ToString(), "[::1]:3306");
  EXPECT_EQ((HostPort{"[::1]", 3306}).ToString(), "[::1]:3306");
}

TEST(NamesTest, EveryStepHasOneThatIsFoundAgain) {
  std::set<std::string> names;
  for (int i = 0; i < kStepCount; ++i) {
    const Step step = static_cast<Step>(i);
    names.emplace(StepName(step));
    EXPECT_EQ(ParseStep(StepName(step)), step);
  }
  EXPECT_EQ(names.size(), size_t{kStepCount});
  EXPECT_EQ(StepName(Step::kAwaitRestart), "await_restart");
  EXPECT_EQ(ParseStep("done"), std::nullopt);
}

TEST(NamesTest, CloneStagesAndStatesAreMysqls) {
  for (int i = 0; i < kCloneStageCount; ++i) {
    const CloneStage stage = static_cast<CloneStage>(i);
    EXPECT_EQ(ParseCloneStage(CloneStageName(stage)), stage);
  }
  EXPECT_EQ(ParseCloneStage("REDO COPY"), CloneStage::kRedoCopy);
  EXPECT_EQ(ParseCloneStage("REDO_COPY"), std::nullopt);
  EXPECT_EQ(ParseCloneState("In Progress"), CloneState::kInProgress);
  EXPECT_EQ(ParseCloneState("Not Started"), CloneState::kNotStarted);
  EXPECT_EQ(ParseCloneState(CloneStateName(CloneState::kFailed)), CloneState::kFailed);
  EXPECT_EQ(ParseCloneState(""), std::nullopt);
}

TEST(StateOrderTest, ASequenceNumberSaysItAndTheTimeOnlyWhereThereIsNone) {
  const auto state = [](int64_t sequence, int64_t second, Outcome outcome) {
    TabletState made;
    made.sequence = sequence;
    made.operation.requested = absl::FromUnixSeconds(second);
    made.operation.outcome = outcome;
    return made;
  };
  // From the oldest to the newest.
  const std::vector<TabletState> order = {
      state(0, 100, Outcome::kDone), state(0, 200, Outcome::kFailed),
      state(0, 50, Outcome::kRunning), state(1, 300, Outcome::kRunning),
      state(2, 10, Outcome::kCancelled)};
  for (size_t i = 0; i < order.size(); ++i) {
    for (size_t j = 0; j < order.size(); ++j) {
      EXPECT_EQ(IsOlder(order[i], order[j]), i < j) << i << " and " << j;
    }
  }
  TabletState a;
  TabletState b;
  a.operation.request.id = "a";
  b.operation.request.id = "b";
  EXPECT_TRUE(IsOlder(a, b));
  EXPECT_FALSE(IsOlder(b, a));
}

TEST(NamesTest, OutcomesAndDataStates) {
  EXPECT_EQ(OutcomeName(Outcome::kRunning), "running");
  EXPECT_EQ(OutcomeName(Outcome::kCancelled), "cancelled");
  EXPECT_EQ(DataStateName(DataState::kIntact), "INTACT");
  EXPECT_EQ(DataStateName(DataState::kCloned), "CLONED");
}

}  // namespace
}  // namespace graft
