#include "provision/operation/tablet_record.h"

#include <gmock/gmock.h>

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "graft/plan.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TabletState InStep(Step step, OperationKind kind = OperationKind::kReprovision) {
  TabletState state;
  state.sequence = 12;
  state.operation.request.id = "op-1";
  state.operation.request.kind = kind;
  state.operation.step = step;
  state.type_before = TabletType::kRdonly;
  state.type_after = TabletType::kReplica;
  return state;
}

TabletState Ended(Outcome outcome, DataState data_state) {
  TabletState state = InStep(Step::kClone);
  state.operation.outcome = outcome;
  state.operation.data_state = data_state;
  return state;
}

Tablet Published(const TabletState& state, Tablet tablet = {}, const TabletFacts& facts = {}) {
  ApplyPublishedState(state, facts, tablet);
  return tablet;
}

std::string Tag(const Tablet& tablet, const std::string& name) {
  const auto found = tablet.tags.find("graft." + name);
  return found == tablet.tags.end() ? "(none)" : found->second;
}

TEST(PublishedStateTest, TheTypeIsRestoreFromTheFenceOn) {
  const std::set<Step> serves = {Step::kResolveDonor, Step::kPreflight, Step::kClaimDonor};
  for (const PlanRow& row : PlanOf(OperationKind::kReprovision)) {
    const Tablet tablet = Published(InStep(row.step));
    EXPECT_EQ(tablet.type, serves.count(row.step) > 0 ? TabletType::kRdonly : TabletType::kRestore)
        << StepName(row.step);
    EXPECT_EQ(Tag(tablet, "step"), StepName(row.step));
  }
}

// A fence that is left from before, or was put up early, tells more than the step.
TEST(PublishedStateTest, TheTypeIsRestoreInEveryStepWithTheFenceUpOrTheDataDropped) {
  for (const OperationKind kind : {OperationKind::kReprovision, OperationKind::kRelease}) {
    for (const PlanRow& row : PlanOf(kind)) {
      for (const DataState data : {DataState::kPartial, DataState::kEmpty, DataState::kCloned}) {
        TabletState state = InStep(row.step, kind);
        state.operation.data_state = data;
        EXPECT_EQ(Published(state).type, TabletType::kRestore)
            << StepName(row.step) << " " << DataStateName(data);
      }
      TabletState fenced = InStep(row.step, kind);
      fenced.fence.up = true;
      EXPECT_EQ(Published(fenced).type, TabletType::kRestore) << StepName(row.step);
    }
  }
}

TEST(PublishedStateTest, AReleaseServesWhenItHasEnded) {
  TabletState state = InStep(Step::kRelease, OperationKind::kRelease);
  EXPECT_EQ(Published(state).type, TabletType::kRestore) << "its fence is coming down";
  state.operation.step = Step::kPublish;
  EXPECT_EQ(Published(state).type, TabletType::kRestore);
  state.operation.outcome = Outcome::kDone;
  EXPECT_EQ(Published(state).type, TabletType::kReplica);
}

TEST(PublishedStateTest, AFenceThatCouldNotBeTakenDownKeepsWholeDataFromServing) {
  for (const Outcome outcome : {Outcome::kFailed, Outcome::kCancelled}) {
    TabletState state = Ended(outcome, DataState::kIntact);
    state.fence.up = true;
    EXPECT_EQ(Published(state).type, TabletType::kRestore);
    EXPECT_EQ(Tag(Published(state), "data_state"), "INTACT");
  }
}

TEST(PublishedStateTest, TheTypeAfterTheEnd) {
  const struct {
    Outcome outcome;
    DataState data_state;
    TabletType type;
  } rows[] = {
      {Outcome::kDone, DataState::kCloned, TabletType::kReplica},
      {Outcome::kFailed, DataState::kIntact, TabletType::kRdonly},
      {Outcome::kFailed, DataState::kPartial, TabletType::kRestore},
      {Outcome::kFailed, DataState::kEmpty, TabletType::kRestore},
      {Outcome::kFailed, DataState::kCloned, TabletType::kRestore},
      {Outcome::kCancelled, DataState::kIntact, TabletType::kRdonly},
      {Outcome::kCancelled, DataState::kPartial, TabletType::kRestore},
      {Outcome::kCancelled, DataState::kEmpty, TabletType::kRestore},
  };
  for (const auto& [outcome, data_state, type] : rows) {
    const Tablet tablet = Published(Ended(outcome, data_state));
    EXPECT_EQ(tablet.type, type) << OutcomeName(outcome) << " " << DataStateName(data_state);
    EXPECT_EQ(Tag(tablet, "data_state"), DataStateName(data_state));
    EXPECT_EQ(Tag(tablet, "step"), "(none)");
  }
}

TEST(PublishedStateTest, APrimaryStaysOne) {
  Tablet tablet;
  tablet.type = TabletType::kPrimary;
  TabletFacts held_back;
  held_back.held_back = Reason::kJournalDamaged;
  held_back.type = TabletType::kSpare;
  for (const TabletState& state :
       {InStep(Step::kClone), Ended(Outcome::kDone, DataState::kCloned), TabletState()}) {
    EXPECT_EQ(Published(state, tablet).type, TabletType::kPrimary);
    EXPECT_EQ(Published(state, tablet, held_back).type, TabletType::kPrimary);
  }
}

TEST(PublishedStateTest, BeforeTheRecordIsReadTheTypeIsLeft) {
  TabletState state = InStep(Step::kResolveDonor);
  state.type_before = TabletType::kUnknown;
  Tablet tablet;
  tablet.type = TabletType::kSpare;
  EXPECT_EQ(Published(state, tablet).type, TabletType::kSpare);
}

// An operation that failed before it looked at the record, on what the one before had dropped.
TEST(PublishedStateTest, DroppedDataNeverServesWhateverIsKnownOfTheType) {
  TabletState state = InStep(Step::kResolveDonor);
  state.type_before = TabletType::kUnknown;
  Tablet tablet;
  tablet.type = TabletType::kReplica;
  for (const Outcome outcome : {Outcome::kRunning, Outcome::kFailed}) {
    state.operation.outcome = outcome;
    for (const DataState data : {DataState::kPartial, DataState::kEmpty}) {
      state.operation.data_state = data;
      EXPECT_EQ(Published(state, tablet).type, TabletType::kRestore);
    }
  }
}

TEST(PublishedStateTest, TagsOfOthersAndTheRestOfTheRecordStay) {
  Tablet tablet;
  tablet.alias = {"zone1", 101};
  tablet.mysql = {"db", 3306};
  tablet.tags = {
      {"rack", "7"}, {"graft.reason", "OLD"}, {"graft.progress", "99%"}, {"graftx", "theirs"}};
  const Tablet published = Published(InStep(Step::kPreflight), tablet);
  EXPECT_THAT(
      published.tags,
      ElementsAre(Pair("graft.data_state", "INTACT"), Pair("graft.operation", "op-1"),
                  Pair("graft.progress", "0%"), Pair("graft.sequence", "12"),
                  Pair("graft.step", "preflight"), Pair("graftx", "theirs"), Pair("rack", "7")));
  EXPECT_EQ(published.alias, tablet.alias);
  EXPECT_EQ(published.mysql.ToString(), "db:3306");
}

TEST(PublishedStateTest, ShowsDonorAndPercentWhileItRuns) {
  TabletState state = InStep(Step::kClone);
  state.operation.donor = {"zone1", 100};
  state.operation.progress.percent = 56.99;
  const Tablet tablet = Published(state);
  EXPECT_EQ(Tag(tablet, "progress"), "56%") << "never more than is done";
  EXPECT_EQ(Tag(tablet, "donor"), "zone1-0000000100");
  EXPECT_EQ(Tag(tablet, "queue_place"), "(none)");
  state.operation.step = Step::kClaimDonor;
  state.operation.queue_place = 3;
  EXPECT_EQ(Tag(Published(state), "queue_place"), "3");
  state.operation.outcome = Outcome::kDone;
  EXPECT_EQ(Tag(Published(state), "progress"), "(none)");
  EXPECT_EQ(Tag(Published(state), "queue_place"), "(none)");
}

TEST(PublishedStateTest, AFailureHasItsReason) {
  TabletState state = Ended(Outcome::kFailed, DataState::kIntact);
  state.operation.error =
      WithReason(absl::UnavailableError("secret text"), Reason::kDonorUnreachable);
  EXPECT_EQ(Tag(Published(state), "reason"), "DONOR_UNREACHABLE");
  state.operation.error = absl::DeadlineExceededError("secret text");
  EXPECT_EQ(Tag(Published(state), "reason"), "DEADLINE_EXCEEDED");
  EXPECT_EQ(Tag(Published(Ended(Outcome::kDone, DataState::kCloned)), "reason"), "(none)");
}

TEST(PublishedStateTest, WhatTheServerSaysIsInTheRecordToo) {
  TabletFacts facts;
  Tablet tablet;
  tablet.mysql = {"db", 3306};
  EXPECT_EQ(Tag(Published(InStep(Step::kClone), tablet, facts), "server_uuid"), "(none)");
  EXPECT_EQ(Published(InStep(Step::kClone), tablet, facts).mysql.ToString(), "db:3306")
      << "not known yet";
  facts.mysql = {"db-101", 3399};
  facts.server_uuid = "uuid-101";
  for (const TabletState& state : {InStep(Step::kClone), TabletState()}) {
    EXPECT_EQ(Tag(Published(state, tablet, facts), "server_uuid"), "uuid-101");
    EXPECT_EQ(Published(state, tablet, facts).mysql.ToString(), "db-101:3399");
  }
}

TEST(PublishedStateTest, ATabletWithoutAnOperationHasTheTypeItIsGiven) {
  Tablet tablet;
  tablet.type = TabletType::kRestore;
  TabletFacts facts;
  EXPECT_EQ(Published({}, tablet, facts).type, TabletType::kRestore) << "left";
  facts.type = TabletType::kReplica;
  EXPECT_EQ(Published({}, tablet, facts).type, TabletType::kReplica);
  EXPECT_EQ(Published(Ended(Outcome::kFailed, DataState::kEmpty), tablet, facts).type,
            TabletType::kRestore)
      << "an operation knows better";
}

TEST(PublishedStateTest, ATabletThatWasNeverProvisionedSaysSo) {
  TabletFacts facts;
  facts.never_provisioned = true;
  EXPECT_EQ(Tag(Published({}, {}, facts), "data_state"), "EMPTY");
  EXPECT_EQ(Tag(Published({}, {}, facts), "operation"), "(none)");
  facts.never_provisioned = false;
  EXPECT_EQ(Tag(Published({}, Published({}, {}, facts), facts), "data_state"), "(none)")
      << "it holds something by now";
  facts.never_provisioned = true;
  EXPECT_EQ(Tag(Published(Ended(Outcome::kDone, DataState::kCloned), {}, facts), "data_state"),
            "CLONED");
}

// The journal is gone, and the record is the last that knows.
TEST(PublishedStateTest, WhatTheRecordSaysOfDroppedDataStaysWhileNobodyKnowsBetter) {
  Tablet tablet;
  tablet.type = TabletType::kRestore;
  tablet.tags = {{"graft.data_state", "PARTIAL"}, {"graft.step", "clone"}};
  EXPECT_EQ(Tag(Published({}, tablet), "data_state"), "PARTIAL");
  EXPECT_EQ(Tag(Published({}, tablet), "step"), "(none)");
  tablet.type = TabletType::kReplica;
  EXPECT_EQ(Tag(Published({}, tablet), "data_state"), "(none)");
}

TEST(PublishedStateTest, WhatIsHeldBackIsOutOfServiceAndSaysWhy) {
  TabletFacts facts;
  facts.type = TabletType::kReplica;
  facts.held_back = Reason::kJournalDamaged;
  for (const TabletState& state :
       {TabletState(), Ended(Outcome::kDone, DataState::kCloned), InStep(Step::kPreflight)}) {
    EXPECT_EQ(Published(state, {}, facts).type, TabletType::kRestore);
    EXPECT_EQ(Tag(Published(state, {}, facts), "reason"), "JOURNAL_DAMAGED");
  }
}

Tablet OfType(TabletType type) {
  Tablet tablet;
  tablet.type = type;
  return tablet;
}

TEST(TypesOfOthersTest, WhatSomebodySetsWhileTheTabletServesIsTheirs) {
  for (const TabletType theirs : {TabletType::kDrained, TabletType::kSpare, TabletType::kReplica}) {
    for (const Step step : {Step::kResolveDonor, Step::kPreflight, Step::kClaimDonor}) {
      EXPECT_EQ(Published(InStep(step), OfType(theirs)).type, theirs);
    }
    for (const TabletState& ended :
         {Ended(Outcome::kDone, DataState::kCloned), Ended(Outcome::kFailed, DataState::kIntact),
          Ended(Outcome::kCancelled, DataState::kIntact)}) {
      EXPECT_EQ(Published(ended, OfType(theirs)).type, theirs);
    }
  }
}

TEST(TypesOfOthersTest, TheTypeThatRestoreReplacesIsTheOneToComeBackTo) {
  for (const TabletState& ended :
       {Ended(Outcome::kDone, DataState::kCloned), Ended(Outcome::kFailed, DataState::kIntact)}) {
    Tablet tablet = Published(InStep(Step::kFence), OfType(TabletType::kDrained));
    EXPECT_EQ(tablet.type, TabletType::kRestore);
    EXPECT_EQ(Tag(tablet, "type_before"), "DRAINED");
    tablet = Published(InStep(Step::kClone), tablet);
    EXPECT_EQ(tablet.type, TabletType::kRestore);
    tablet = Published(ended, tablet);
    EXPECT_EQ(tablet.type, TabletType::kDrained);
    EXPECT_EQ(Tag(tablet, "type_before"), "(none)");
  }
}

// Dropped data is served from by nobody, whoever says so.
TEST(TypesOfOthersTest, WhatSomebodySetsDuringTheCopyWaitsForItsEnd) {
  Tablet tablet = Published(InStep(Step::kClone), OfType(TabletType::kReplica));
  tablet.type = TabletType::kSpare;
  tablet = Published(InStep(Step::kClone), tablet);
  EXPECT_EQ(tablet.type, TabletType::kRestore);
  EXPECT_EQ(Published(Ended(Outcome::kDone, DataState::kCloned), tablet).type, TabletType::kSpare);
}

TEST(TypesOfOthersTest, AnotherAttemptFencesAgainAndAnOperationBeforeThisOneLeavesItsType) {
  Tablet tablet = Published(InStep(Step::kFence), OfType(TabletType::kSpare));
  tablet = Published(InStep(Step::kResolveDonor), tablet);  // the next attempt
  EXPECT_EQ(tablet.type, TabletType::kSpare);
  tablet = Published(InStep(Step::kFence), tablet);
  tablet = Published(Ended(Outcome::kFailed, DataState::kEmpty), tablet);
  EXPECT_EQ(tablet.type, TabletType::kRestore);
  TabletState next = Ended(Outcome::kDone, DataState::kCloned);
  next.type_before = TabletType::kRestore;
  EXPECT_EQ(Published(next, tablet).type, TabletType::kSpare);
}

// It was out of service before, for a reason that the operation has not taken away.
TEST(TypesOfOthersTest, ATabletThatWasFoundInRestoreServesOnlyWhenAllIsWell) {
  TabletFacts held;
  held.held_back = Reason::kJournalDamaged;
  const Tablet tablet = Published({}, OfType(TabletType::kSpare), held);
  for (const TabletState& state :
       {InStep(Step::kPreflight), Ended(Outcome::kFailed, DataState::kIntact),
        Ended(Outcome::kDone, DataState::kCloned)}) {
    TabletState found = state;
    found.type_before = TabletType::kRestore;
    const bool well = found.operation.outcome == Outcome::kDone;
    EXPECT_EQ(Published(found, tablet).type, well ? TabletType::kSpare : TabletType::kRestore);
  }
}

// A backup that was under way is over by then.
TEST(TypesOfOthersTest, ABackupIsNoTypeToComeBackTo) {
  const Tablet tablet = Published(InStep(Step::kFence), OfType(TabletType::kBackup));
  EXPECT_EQ(Published(Ended(Outcome::kDone, DataState::kCloned), tablet).type,
            TabletType::kReplica);
}

TEST(TypesOfOthersTest, TheGivenTypeIsForATabletInRestoreAlone) {
  TabletFacts facts;
  facts.type = TabletType::kRdonly;
  EXPECT_EQ(Published({}, OfType(TabletType::kDrained), facts).type, TabletType::kDrained);
  EXPECT_EQ(Published({}, OfType(TabletType::kRestore), facts).type, TabletType::kRdonly);
  EXPECT_EQ(
      Published(Ended(Outcome::kDone, DataState::kCloned), OfType(TabletType::kRestore), facts)
          .type,
      TabletType::kRdonly)
      << "a new --init-tablet-type after a restart";
}

// The record of one tablet, in the place of a store.
class OneRecord : public Topology {
 public:
  absl::StatusOr<Tablet> GetTablet(const TabletAlias&) override { return tablet; }
  absl::StatusOr<Shard> GetShard(absl::string_view, absl::string_view) override {
    return absl::NotFoundError("no shard");
  }
  absl::StatusOr<TabletList> ListShardTablets(absl::string_view, absl::string_view) override {
    return TabletList{{tablet}, {}};
  }
  absl::Status UpdateTablet(const TabletAlias&,
                            const std::function<absl::Status(Tablet&)>& change) override {
    if (!away.ok()) return away;
    Tablet changed = tablet;
    if (before_write) std::exchange(before_write, nullptr)();
    if (absl::Status status = change(changed); !status.ok()) return status;
    tablet = changed;
    ++writes;
    return absl::OkStatus();
  }

  Tablet tablet;
  absl::Status away;
  std::function<void()> before_write;
  int writes = 0;
};

class TabletRecordTest : public ::testing::Test {
 protected:
  static TabletState Numbered(int64_t sequence, Step step) {
    TabletState state = InStep(step);
    state.sequence = sequence;
    return state;
  }

  OneRecord topology_;
  TabletRecord record_{topology_, {"zone1", 101}};
};

TEST_F(TabletRecordTest, AnOlderStateNeverOverwritesANewerOne) {
  TabletState done = Ended(Outcome::kDone, DataState::kCloned);
  done.sequence = 20;
  ASSERT_TRUE(record_.Publish(done).ok());
  const Tablet ended = topology_.tablet;
  const auto late = record_.Publish(Numbered(19, Step::kPublish));
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_EQ(*late, TabletType::kReplica) << "the record's, as it is";
  EXPECT_EQ(topology_.tablet.tags, ended.tags);
  EXPECT_EQ(topology_.writes, 1);

  TabletState next = Numbered(21, Step::kFence);
  next.operation.request.id = "op-2";
  EXPECT_EQ(*record_.Publish(next), TabletType::kRestore);
  EXPECT_EQ(Tag(topology_.tablet, "operation"), "op-2");
  EXPECT_EQ(Tag(topology_.tablet, "sequence"), "21");
}

// The process before this one wrote it.
TEST_F(TabletRecordTest, TheRecordsOwnNumberCountsToo) {
  topology_.tablet.tags["graft.sequence"] = "20";
  ASSERT_TRUE(record_.Publish(Numbered(19, Step::kClone)).ok());
  EXPECT_EQ(topology_.writes, 0);
  ASSERT_TRUE(record_.Publish(Numbered(20, Step::kClone)).ok());
  EXPECT_EQ(topology_.writes, 1) << "the same state, with newer progress";
}

// What somebody deleted or spoiled is written anew, and never with less than was published.
TEST_F(TabletRecordTest, ARecordWithoutANumberIsWritten) {
  ASSERT_TRUE(record_.Publish(Numbered(20, Step::kClone)).ok());
  for (const char* spoiled : {"", "nonsense", "-1"}) {
    topology_.tablet = Tablet();
    if (*spoiled != 0) topology_.tablet.tags["graft.sequence"] = spoiled;
    ASSERT_TRUE(record_.Publish(Numbered(19, Step::kFence)).ok());
    EXPECT_EQ(Tag(topology_.tablet, "step"), "(none)") << spoiled;
    ASSERT_TRUE(record_.Publish(Numbered(20, Step::kClone)).ok());
    EXPECT_EQ(Tag(topology_.tablet, "sequence"), "20") << spoiled;
  }
}

TEST_F(TabletRecordTest, WhatCouldNotBeWrittenIsNotPublished) {
  topology_.away = absl::UnavailableError("etcd is away");
  EXPECT_EQ(record_.Publish(Numbered(20, Step::kClone)).status(), topology_.away);
  topology_.away = absl::OkStatus();
  ASSERT_TRUE(record_.Publish(Numbered(19, Step::kFence)).ok());
  EXPECT_EQ(Tag(topology_.tablet, "sequence"), "19");
}

// A fact that is noted while the record is being written is in it, or in the next.
TEST_F(TabletRecordTest, TheNewestFactsAreWritten) {
  TabletFacts facts;
  facts.server_uuid = "uuid-101";
  topology_.before_write = [&] { record_.Note(facts); };
  ASSERT_TRUE(record_.Publish(Numbered(20, Step::kClone)).ok());
  EXPECT_EQ(Tag(topology_.tablet, "server_uuid"), "uuid-101");
  EXPECT_EQ(record_.facts().server_uuid, "uuid-101");
}

}  // namespace
}  // namespace graft
