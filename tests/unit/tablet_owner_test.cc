// The one owner: what is journalled before it is so, and what a snapshot shows.
#include "provision/operation/tablet_owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/errors.h"
#include "fakes/fake_journal.h"
#include "fakes/simulated_clock.h"
#include "graft/plan.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Operation Asked(const std::string& id) {
  Operation operation;
  operation.request.id = id;
  return operation;
}

TabletState Kept(int64_t sequence, const std::string& id, Outcome outcome = Outcome::kDone,
                 DataState data = DataState::kIntact) {
  TabletState state;
  state.sequence = sequence;
  state.operation = Asked(id);
  state.operation.outcome = outcome;
  state.operation.data_state = data;
  return state;
}

class TabletOwnerTest : public ::testing::Test {
 protected:
  // What a new process would find.
  TabletState Journalled() const {
    const auto loaded = journal_.Load();
    EXPECT_TRUE(loaded.ok() && !loaded->states.empty());
    return loaded.ok() && !loaded->states.empty() ? loaded->states.back() : TabletState();
  }

  // The operation's own draft, as its thread gets it.
  TabletState Begun(const std::string& id) {
    const auto begun = owner_.Begin(Asked(id));
    EXPECT_TRUE(begun.ok()) << begun.status();
    return *owner_.state();
  }

  std::vector<std::string> History() const {
    std::vector<std::string> ids;
    for (const auto& state : owner_.history()) ids.push_back(state->operation.request.id);
    return ids;
  }

  void FillDisk(int times = 1) { journal_.FailNext(times, absl::UnavailableError("disk full")); }

  SimulatedClock clock_;
  mutable FakeJournal journal_;
  TabletOwner owner_{clock_, journal_};
};

const absl::Status kDiskFull = absl::UnavailableError("journal: disk full");

TEST_F(TabletOwnerTest, AtFirstThereIsNoOperationAndTheDataIsWhole) {
  const auto state = owner_.state();
  ASSERT_NE(state, nullptr);
  EXPECT_EQ(state->operation.request.id, "");
  EXPECT_EQ(state->sequence, 0);
  EXPECT_FALSE(state->clone.has_value());
  EXPECT_FALSE(owner_.cancel_granted());
  EXPECT_THAT(History(), IsEmpty());
}

TEST_F(TabletOwnerTest, EachTransitionIsJournalledUnderTheNextNumberBeforeItIsSeen) {
  std::vector<int64_t> shown;  // while the next state is on the disk already
  journal_.on_save = [&](const auto&) { shown.push_back(owner_.state()->sequence); };
  TabletState draft = Begun("a");
  for (const Step step : {Step::kPreflight, Step::kClaimDonor, Step::kFence}) {
    const int64_t before = owner_.state()->sequence;
    draft.operation.step = step;
    ASSERT_TRUE(owner_.Commit(draft).ok());
    EXPECT_EQ(draft.sequence, before + 1);
    EXPECT_EQ(owner_.state()->sequence, before + 1);
    EXPECT_EQ(owner_.state()->operation.step, step);
    EXPECT_EQ(Journalled().sequence, before + 1);
    EXPECT_EQ(Journalled().operation.step, step);
  }
  EXPECT_THAT(shown, ElementsAre(0, 1, 2, 3));
}

TEST_F(TabletOwnerTest, ASnapshotDoesNotChangeUnderItsReader) {
  TabletState draft = Begun("a");
  const auto snapshot = owner_.state();
  draft.operation.step = Step::kFence;
  draft.fence.up = true;
  ASSERT_TRUE(owner_.Commit(draft).ok());
  EXPECT_EQ(snapshot->operation.step, Step::kResolveDonor);
  EXPECT_FALSE(snapshot->fence.up);
}

TEST_F(TabletOwnerTest, WhatCannotBeJournalledIsNotSo) {
  TabletState draft = Begun("a");
  const auto before = owner_.state();
  draft.operation.step = Step::kFence;
  draft.fence.up = true;
  FillDisk(2);
  EXPECT_EQ(owner_.Commit(draft), kDiskFull);
  EXPECT_EQ(owner_.CommitUnlessCancelled(draft), kDiskFull);
  EXPECT_EQ(owner_.state(), before) << "not one field of it";
  EXPECT_EQ(draft.sequence, before->sequence);
  ASSERT_TRUE(owner_.Commit(draft).ok());
  EXPECT_GT(draft.sequence, before->sequence);
  EXPECT_TRUE(owner_.state()->fence.up);
}

// The thread of one that has ended may still speak, while the next is begun.
TEST_F(TabletOwnerTest, WhatAnEndedOperationStillShowsIsNotThePresent) {
  TabletState first = Begun("a");
  first.operation.outcome = Outcome::kDone;
  ASSERT_TRUE(owner_.Commit(first).ok());
  Begun("b");
  first.operation.progress.note = "waits for the store";
  owner_.Show(first);
  EXPECT_EQ(owner_.state()->operation.request.id, "b");
  EXPECT_TRUE(absl::IsFailedPrecondition(owner_.Commit(first)));
  EXPECT_EQ(Journalled().operation.request.id, "b");
  EXPECT_THAT(History(), ElementsAre("b", "a"));
}

// Saves, and then answers that it could not: the directory's own write failed.
class DoubtfulJournal : public FakeJournal {
 public:
  absl::Status Save(const TabletState& state) override {
    const absl::Status saved = FakeJournal::Save(state);
    return doubtful ? absl::UnavailableError("no answer") : saved;
  }
  bool doubtful = false;
};

// Two records with one number would leave it to chance which is the present.
TEST_F(TabletOwnerTest, TheNumberOfAWriteThatFailedIsNotGivenAgain) {
  DoubtfulJournal journal;
  TabletOwner owner(clock_, journal);
  journal.doubtful = true;
  EXPECT_FALSE(owner.Begin(Asked("b")).ok());
  journal.doubtful = false;
  ASSERT_TRUE(owner.Begin(Asked("c")).ok());
  const auto loaded = journal.Load();
  ASSERT_TRUE(loaded.ok());
  ASSERT_THAT(loaded->states, SizeIs(2));
  EXPECT_GT(loaded->states[1].sequence, loaded->states[0].sequence);
  EXPECT_EQ(loaded->states[1].operation.request.id, "c");
}

// Rule: once CLONE was sent, only the server's own evidence makes the data better.
TEST_F(TabletOwnerTest, WithACloneOutstandingTheDataIsNeverIntactNorCloned) {
  for (const DataState said : {DataState::kIntact, DataState::kCloned, DataState::kPartial}) {
    TabletState draft = Begun(absl::StrCat("op-", static_cast<int>(said)));
    draft.clone = SentClone();
    draft.operation.data_state = said;
    ASSERT_TRUE(owner_.Commit(draft).ok());
    EXPECT_EQ(draft.operation.data_state, DataState::kPartial);
    EXPECT_EQ(owner_.state()->operation.data_state, DataState::kPartial);
    EXPECT_EQ(Journalled().operation.data_state, DataState::kPartial);
    draft.operation.data_state = said;
    owner_.Show(draft);
    EXPECT_EQ(owner_.state()->operation.data_state, DataState::kPartial);
    draft.operation.data_state = said;
    ASSERT_TRUE(owner_.CommitUnlessCancelled(draft).ok());
    EXPECT_EQ(Journalled().operation.data_state, DataState::kPartial);
    draft.operation.data_state = DataState::kEmpty;
    ASSERT_TRUE(owner_.Commit(draft).ok());
    EXPECT_EQ(Journalled().operation.data_state, DataState::kEmpty) << "worse is believed";
    draft.clone.reset();
    draft.operation.data_state = DataState::kCloned;
    draft.operation.outcome = Outcome::kDone;
    ASSERT_TRUE(owner_.Commit(draft).ok());
    EXPECT_EQ(Journalled().operation.data_state, DataState::kCloned) << "its end was seen";
  }
}

TEST_F(TabletOwnerTest, ACloneThatAFormerProcessSentMakesTheDataPartialToo) {
  TabletState left = Kept(5, "a", Outcome::kRunning);
  left.clone = SentClone();
  owner_.TakeUp({left});
  EXPECT_EQ(owner_.state()->operation.data_state, DataState::kPartial);
  EXPECT_TRUE(owner_.state()->clone.has_value());
}

// mysqld stayed down, the operation ended, and the next one has to look at what it left.
TEST_F(TabletOwnerTest, ACloneOutstandingOutlivesItsOperation) {
  TabletState left = Kept(5, "a", Outcome::kFailed, DataState::kPartial);
  left.clone = SentClone();
  left.clone->connection_id = 4711;
  owner_.TakeUp({left});
  const TabletState next = Begun("b");
  ASSERT_TRUE(next.clone.has_value());
  EXPECT_EQ(next.clone->connection_id, 4711);
  EXPECT_EQ(next.operation.data_state, DataState::kPartial);
  EXPECT_TRUE(Journalled().clone.has_value());
}

TEST_F(TabletOwnerTest, TheNewestIsTheLastOneAndTheOthersAreHistory) {
  owner_.TakeUp({Kept(3, "a"), Kept(9, "b", Outcome::kFailed), Kept(12, "c", Outcome::kRunning)});
  EXPECT_EQ(owner_.state()->operation.request.id, "c");
  EXPECT_THAT(History(), ElementsAre("c", "b", "a"));
  TabletState draft = *owner_.state();
  ASSERT_TRUE(owner_.Commit(draft).ok());
  EXPECT_EQ(draft.sequence, 13);
}

// Order is the number's: an unfinished operation of before there were numbers may be listed last.
TEST_F(TabletOwnerTest, TheNextNumberIsAboveAllThatWereTakenUp) {
  owner_.TakeUp({Kept(9, "a"), Kept(0, "b", Outcome::kRunning)});
  TabletState draft = *owner_.state();
  EXPECT_EQ(draft.operation.request.id, "b");
  ASSERT_TRUE(owner_.Commit(draft).ok());
  EXPECT_EQ(draft.sequence, 10);
}

TEST_F(TabletOwnerTest, TheNextNumberIsAboveWhatTheRecordHasSeen) {
  owner_.TakeUp({Kept(9, "a")});
  owner_.BeginAfter(40);
  EXPECT_EQ(Begun("b").sequence, 41);
  owner_.BeginAfter(7);
  EXPECT_EQ(owner_.state()->sequence, 41);
  TabletState draft = *owner_.state();
  ASSERT_TRUE(owner_.Commit(draft).ok());
  EXPECT_EQ(draft.sequence, 42) << "never back";
}

// The journal is gone: the record's number is taken over, or nothing could be published any more.
TEST_F(TabletOwnerTest, WithoutAJournalTheStateIsAsNewAsTheRecord) {
  owner_.BeginAfter(40);
  EXPECT_EQ(owner_.state()->sequence, 40);
  EXPECT_EQ(owner_.state()->operation.request.id, "");
  EXPECT_EQ(journal_.saves(), 0);
}

// A journal that came back from an old backup must not overwrite what happened since.
TEST_F(TabletOwnerTest, AnOlderJournalsStateStaysOld) {
  owner_.TakeUp({Kept(9, "a")});
  owner_.BeginAfter(40);
  EXPECT_EQ(owner_.state()->sequence, 9);
}

TEST_F(TabletOwnerTest, ProgressIsShownAndNotJournalled) {
  TabletState draft = Begun("a");
  const int saves = journal_.saves();
  draft.operation.progress.percent = 42;
  owner_.Show(draft);
  EXPECT_EQ(owner_.state()->operation.progress.percent, 42);
  EXPECT_EQ(owner_.history().front()->operation.progress.percent, 42);
  EXPECT_EQ(journal_.saves(), saves);
}

// It would be held for an older state, and not be published.
TEST_F(TabletOwnerTest, ProgressThatIsShownAfterACancelHasTheCancelAndItsNumber) {
  TabletState draft = Begun("a");
  ASSERT_TRUE(owner_.GrantCancel("a", CancelWish::kIfNothingDropped).ok());
  const int64_t granted = owner_.state()->sequence;
  draft.operation.progress.percent = 42;
  owner_.Show(draft);
  EXPECT_EQ(owner_.state()->sequence, granted);
  EXPECT_TRUE(owner_.state()->cancel.has_value());
  EXPECT_TRUE(owner_.cancel_granted());
}

TEST_F(TabletOwnerTest, ACancelKeepsTheProgressThatIsShown) {
  TabletState draft = Begun("a");
  draft.operation.progress.percent = 42;
  owner_.Show(draft);
  ASSERT_TRUE(owner_.GrantCancel("a", CancelWish::kIfNothingDropped).ok());
  EXPECT_EQ(owner_.state()->operation.progress.percent, 42);
}

TEST_F(TabletOwnerTest, ACancelIsInTheJournalWhenItIsAnswered) {
  TabletState draft = Begun("a");
  clock_.Advance(absl::Seconds(5));
  ASSERT_TRUE(owner_.GrantCancel("a", CancelWish::kEvenIfDropped).ok());
  const TabletState journalled = Journalled();
  ASSERT_TRUE(journalled.cancel.has_value());
  EXPECT_EQ(journalled.cancel->wish, CancelWish::kEvenIfDropped);
  EXPECT_EQ(journalled.cancel->granted, clock_.Now());
  EXPECT_EQ(journalled.sequence, draft.sequence + 1);
  EXPECT_TRUE(owner_.cancel_granted());

  TabletOwner next(clock_, journal_);  // of the next process
  next.TakeUp(journal_.Load()->states);
  EXPECT_TRUE(next.cancel_granted());
}

TEST_F(TabletOwnerTest, ACancelThatCannotBeJournalledIsNotGranted) {
  Begun("a");
  FillDisk();
  EXPECT_EQ(owner_.GrantCancel("a", CancelWish::kIfNothingDropped), kDiskFull);
  EXPECT_FALSE(owner_.cancel_granted());
  EXPECT_FALSE(owner_.state()->cancel.has_value());
  EXPECT_TRUE(owner_.GrantCancel("a", CancelWish::kIfNothingDropped).ok());
}

// The operation's thread knows nothing of it, and must not write over it.
TEST_F(TabletOwnerTest, ADraftOfBeforeTheCancelDoesNotUndoIt) {
  TabletState draft = Begun("a");
  ASSERT_TRUE(owner_.GrantCancel("a", CancelWish::kIfNothingDropped).ok());
  EXPECT_FALSE(draft.cancel.has_value());
  draft.operation.step = Step::kFence;
  ASSERT_TRUE(owner_.Commit(draft).ok());
  EXPECT_TRUE(draft.cancel.has_value());
  EXPECT_TRUE(Journalled().cancel.has_value());
  EXPECT_TRUE(owner_.cancel_granted());
}

TEST_F(TabletOwnerTest, NothingIsJournalledOnceACancelWasGranted) {
  TabletState draft = Begun("a");
  draft.clone = SentClone();
  ASSERT_TRUE(owner_.GrantCancel("a", CancelWish::kIfNothingDropped).ok());
  const int saves = journal_.saves();
  EXPECT_TRUE(absl::IsCancelled(owner_.CommitUnlessCancelled(draft)));
  EXPECT_EQ(journal_.saves(), saves);
  EXPECT_FALSE(owner_.state()->clone.has_value()) << "CLONE is not sent";
}

// One of the two comes first, and the other sees it.
TEST_F(TabletOwnerTest, ACancelAndTheSendingOfCloneDoNotPassEachOther) {
  for (int round = 0; round < 50; ++round) {
    const std::string id = absl::StrCat("op-", round);
    TabletState draft = Begun(id);
    draft.operation.step = Step::kClone;
    draft.clone = SentClone();
    absl::Status cancelled;
    std::thread canceller(
        [&] { cancelled = owner_.GrantCancel(id, CancelWish::kIfNothingDropped); });
    const absl::Status sent = owner_.CommitUnlessCancelled(draft);
    canceller.join();
    EXPECT_NE(sent.ok(), cancelled.ok()) << sent << ", " << cancelled;
    if (!cancelled.ok()) EXPECT_EQ(ReasonOf(cancelled), "DATA_DROPPED");
    draft.clone.reset();
    draft.operation.outcome = Outcome::kDone;
    ASSERT_TRUE(owner_.Commit(draft).ok());
  }
}

TEST_F(TabletOwnerTest, WhoMayCancelWhatStandsInThePlan) {
  for (const PlanRow& row : PlanOf(OperationKind::kReprovision)) {
    for (const DataState data :
         {DataState::kIntact, DataState::kPartial, DataState::kEmpty, DataState::kCloned}) {
      TabletState state = Kept(5, "a", Outcome::kRunning, data);
      state.operation.step = row.step;
      FakeJournal journal;
      TabletOwner owner(clock_, journal);
      owner.TakeUp({state});
      const absl::Status mild = owner.GrantCancel("a", CancelWish::kIfNothingDropped);
      const bool too_late = row.may_cancel == MayCancel::kTooLate;
      const char* refused = too_late                     ? "TOO_LATE"
                            : data != DataState::kIntact ? "DATA_DROPPED"
                                                         : "";
      EXPECT_EQ(ReasonOf(mild), refused) << StepName(row.step) << " " << DataStateName(data);
      EXPECT_EQ(mild.ok(), *refused == 0) << mild;
      EXPECT_EQ(ReasonOf(owner.GrantCancel("a", CancelWish::kEvenIfDropped)),
                too_late ? "TOO_LATE" : "");
    }
  }
}

TEST_F(TabletOwnerTest, OnlyTheRunningOperationIsCancelled) {
  owner_.TakeUp({Kept(5, "a"), Kept(6, "b")});
  for (const char* id : {"a", "b", "none", ""}) {
    EXPECT_EQ(ReasonOf(owner_.GrantCancel(id, CancelWish::kEvenIfDropped)), "OPERATION_ENDED");
  }
  Begun("c");
  EXPECT_EQ(ReasonOf(owner_.GrantCancel("b", CancelWish::kEvenIfDropped)), "OPERATION_ENDED");
  EXPECT_FALSE(owner_.cancel_granted());
  EXPECT_TRUE(owner_.GrantCancel("c", CancelWish::kIfNothingDropped).ok());
  EXPECT_TRUE(owner_.GrantCancel("c", CancelWish::kIfNothingDropped).ok()) << "as often as asked";
}

TEST_F(TabletOwnerTest, OneOperationAtATime) {
  TabletState draft = Begun("a");
  EXPECT_EQ(ReasonOf(owner_.Begin(Asked("b")).status()), "OPERATION_RUNNING");
  EXPECT_THAT(History(), ElementsAre("a"));
  draft.operation.outcome = Outcome::kFailed;
  ASSERT_TRUE(owner_.Commit(draft).ok());
  Begun("b");
  EXPECT_THAT(History(), ElementsAre("b", "a"));
}

TEST_F(TabletOwnerTest, WhatCannotBeJournalledIsNotBegun) {
  owner_.TakeUp({Kept(5, "a", Outcome::kFailed, DataState::kEmpty)});
  const auto before = owner_.state();
  FillDisk();
  EXPECT_EQ(owner_.Begin(Asked("b")).status(), kDiskFull);
  EXPECT_EQ(owner_.state(), before);
  EXPECT_THAT(History(), ElementsAre("a"));
}

TEST_F(TabletOwnerTest, WhatIsTrueOfTheTabletStaysWhenAnOperationBegins) {
  TabletState former = Kept(5, "a", Outcome::kFailed, DataState::kEmpty);
  former.fence.up = true;
  former.fence.variables = {{"read_only", "OFF", std::nullopt}};
  former.type_before = TabletType::kRestore;
  former.type_after = TabletType::kRdonly;
  former.server_uuid = "mine";
  former.cancel = GrantedCancel();
  owner_.TakeUp({former});
  const TabletState next = Begun("b");
  EXPECT_TRUE(next.fence.up);
  EXPECT_THAT(next.fence.variables, SizeIs(1));
  EXPECT_EQ(next.type_after, TabletType::kRdonly) << "to come back to when all is well";
  EXPECT_EQ(next.type_before, TabletType::kUnknown) << "to be read anew";
  EXPECT_EQ(next.server_uuid, "mine");
  EXPECT_EQ(next.operation.data_state, DataState::kEmpty);
  EXPECT_EQ(next.data_before, DataState::kEmpty);
  EXPECT_FALSE(next.cancel.has_value()) << "the former one's";
  EXPECT_FALSE(owner_.cancel_granted());
}

TEST_F(TabletOwnerTest, ThereIsNoBetterDataBecauseAnOperationBegins) {
  const struct {
    Outcome outcome;
    DataState former;
    DataState next;
  } rows[] = {
      {Outcome::kDone, DataState::kCloned, DataState::kIntact},
      {Outcome::kDone, DataState::kIntact, DataState::kIntact},  // a release
      {Outcome::kFailed, DataState::kIntact, DataState::kIntact},
      {Outcome::kFailed, DataState::kPartial, DataState::kPartial},
      {Outcome::kFailed, DataState::kEmpty, DataState::kEmpty},
      {Outcome::kFailed, DataState::kCloned, DataState::kCloned},
      {Outcome::kCancelled, DataState::kPartial, DataState::kPartial},
      {Outcome::kCancelled, DataState::kEmpty, DataState::kEmpty},
  };
  for (const auto& [outcome, former, next] : rows) {
    FakeJournal journal;
    TabletOwner owner(clock_, journal);
    owner.TakeUp({Kept(5, "a", outcome, former)});
    const auto begun = owner.Begin(Asked("b"));
    ASSERT_TRUE(begun.ok()) << begun.status();
    EXPECT_EQ((*begun)->operation.data_state, next)
        << OutcomeName(outcome) << " " << DataStateName(former);
    EXPECT_EQ((*begun)->data_before, next);
  }
}

TEST_F(TabletOwnerTest, DonorsThatFailedAreRememberedForOneOperation) {
  TabletState former = Kept(5, "a", Outcome::kFailed, DataState::kEmpty);
  former.operation.attempt = 2;
  former.operation.failed_attempts = {{1,
                                       {"zone1", 100},
                                       Step::kClone,
                                       DataState::kEmpty,
                                       absl::UnavailableError("gone"),
                                       clock_.Now()}};
  former.operation.donor = {"zone1", 102};
  former.operation.error = absl::UnavailableError("gone, too");
  owner_.TakeUp({former});
  TabletState next = Begun("b");
  ASSERT_THAT(next.earlier_failures, SizeIs(2));
  EXPECT_EQ(next.earlier_failures[0].donor, (TabletAlias{"zone1", 100}));
  EXPECT_EQ(next.earlier_failures[1].donor, (TabletAlias{"zone1", 102}));
  EXPECT_EQ(next.earlier_failures[1].attempt, 2);
  next.operation.outcome = Outcome::kDone;
  ASSERT_TRUE(owner_.Commit(next).ok());
  EXPECT_THAT(Begun("c").earlier_failures, IsEmpty());
}

TEST_F(TabletOwnerTest, TheHistoryIsBounded) {
  for (int i = 0; i < 60; ++i) {
    TabletState draft = Begun(absl::StrCat("op-", i));
    draft.operation.outcome = Outcome::kDone;
    ASSERT_TRUE(owner_.Commit(draft).ok());
  }
  EXPECT_THAT(History(), SizeIs(50));
  EXPECT_EQ(History().front(), "op-59");
  EXPECT_EQ(History().back(), "op-10");
}

// A disk that stalls must not keep a client from being shown the state.
TEST_F(TabletOwnerTest, ReadersDoNotWaitForTheDisk) {
  TabletState draft = Begun("a");
  journal_.before_save = [&](const auto&) {
    std::thread reader([&] {
      EXPECT_EQ(owner_.state()->operation.request.id, "a");
      EXPECT_THAT(History(), ElementsAre("a"));
      EXPECT_FALSE(owner_.cancel_granted());
      owner_.Show(draft);
    });
    reader.join();
    return absl::OkStatus();
  };
  TabletState next = draft;
  EXPECT_TRUE(owner_.Commit(next).ok());
}

}  // namespace
}  // namespace graft
