// What an operation waits for and went through, in words.
#include "view/operation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "unit/shown_operations.h"

namespace graft::view {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> Lines(const v1::Operation& operation, Extent extent = Extent::kCut) {
  std::vector<std::string> lines;
  for (const Event& event : EventsOf(operation, extent)) lines.push_back(event.Line());
  return lines;
}

TEST(ViewEventsTest, ThatATabletIsNotItsOwnDonorIsNoNews) {
  v1::Operation operation = Eventful();
  operation.set_recipient(operation.refused_donors(0).alias());
  EXPECT_THAT(Lines(operation), Not(Contains(StartsWith("refused as donor"))));
}

TEST(ViewEventsTest, EachThingThatHappenedIsALine) {
  EXPECT_THAT(
      Lines(Eventful()),
      ElementsAre("attempt 1 from zone1-0000000104 failed in clone: data EMPTY, DONOR_GONE: no "
                  "byte for 5m",
                  "refused as donor: zone1-0000000105: LAGS_BEHIND: it is 2h behind",
                  "warning DONOR_LAG (donor): 10 minutes; wait for it",
                  "unchecked SOURCE_BINLOGS (source): denied",
                  "taken up again in publish by 1 later agent",
                  "ended 1 session: 12 app@10.0.0.1:4711",
                  "claim lost: the copy went on without its claim, so another recipient may have "
                  "used the donor at the same time",
                  "discarded 2 transactions of the old data that the copy lacks: u:8-9",
                  "arrived empty: shop.log (MyISAM), shop.x (CSV)",
                  "not checked: errant transactions: the primary was away"));
  EXPECT_THAT(Lines(Waiting()), IsEmpty());
}

TEST(ViewEventsTest, ThatACopyWasSavedOrWhyNotIsALine) {
  EXPECT_THAT(Lines(ParseOperation(R"(
    old_data { verdict: COPY_SAVED found: "x" transactions_caught_up: 60 })")),
              ElementsAre("saved a copy: the old data has caught up with 60 transactions: x"));
  EXPECT_THAT(Lines(ParseOperation(R"(
    old_data { verdict: COPY_NEEDED found: "x" why_copied: "error 1062" })")),
              ElementsAre("a copy is needed: the old data cannot be used: error 1062"));
}

TEST(ViewEventsTest, AnAttemptWithoutDonorReasonOrErrorIsALineToo) {
  const v1::Operation operation = ParseOperation(R"(
    failed_attempts { attempt: 1 step: "resolve_donor" data_state: INTACT
                      error { code: "NOT_FOUND" message: "nobody" } }
    failed_attempts { attempt: 2 step: "verify" data_state: PARTIAL }
    findings { id: "X" outcome: FATAL found: "y" })");
  EXPECT_THAT(Lines(operation),
              ElementsAre("attempt 1 failed in resolve_donor: data INTACT, NOT_FOUND: nobody",
                          "attempt 2 failed in verify: data PARTIAL", "fatal X (unknown): y"));
}

TEST(ViewEventsTest, LongListsAndSetsAreCut) {
  v1::Operation operation = Eventful();
  operation.mutable_proof()->set_gtid_discarded(std::string(500, '1'));
  for (int i = 0; i < 20; ++i) {
    operation.mutable_proof()->add_emptied_tables(absl::StrCat("t", i));
    operation.add_ended_sessions()->set_connection_id(100 + i);
  }
  const std::vector<std::string> lines = Lines(operation);
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("arrived empty: shop.log (MyISAM), "),
                                    EndsWith("t7 and 12 more"))));
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("ended 21 sessions: 12 app@"),
                                    EndsWith("108 @ and 11 more"))));
  EXPECT_THAT(
      lines, Contains(absl::StrCat("discarded 2 transactions of the old data that the copy lacks: ",
                                   std::string(200, '1'), "... (cut; the JSON output has all)")));
  const std::vector<std::string> all = Lines(operation, Extent::kAll);
  EXPECT_THAT(all, Contains(EndsWith(", t18, t19")));
  EXPECT_THAT(all, Contains(EndsWith(std::string(500, '1'))));
}

TEST(ViewEventsTest, WhatIsBadIsMarked) {
  const std::vector<Event> events = EventsOf(Eventful());
  EXPECT_EQ(events[0].tone, Tone::kBad) << events[0].what;      // a failed attempt
  EXPECT_EQ(events[1].tone, Tone::kPlain) << events[1].what;    // a refused donor
  EXPECT_EQ(events[2].tone, Tone::kWarning) << events[2].what;  // a warning
  EXPECT_EQ(events.back().tone, Tone::kWarning) << events.back().what;
}

TEST(ViewEventsTest, AWaitHasALength) {
  v1::Operation operation = SecondAttempt();
  operation.mutable_progress()->set_note("the journal cannot be written");
  EXPECT_EQ(WaitsFor(operation, At(133)), "the journal cannot be written");
  operation.mutable_progress()->mutable_waiting_since()->set_seconds(1121);
  EXPECT_EQ(WaitsFor(operation, At(133)), "waits since 12.0s: the journal cannot be written");
  EXPECT_EQ(WaitedText(operation, At(133)), "12.0s");
  operation.set_outcome(v1::DONE);
  EXPECT_EQ(WaitedText(operation, At(133)), "");
}

TEST(ViewEventsTest, SessionsThatWereOnlyCountedAreCounted) {
  v1::Operation operation = SecondAttempt();
  v1::EndedSession* session = operation.add_ended_sessions();
  session->set_connection_id(12);
  session->set_user("app");
  session->set_host("10.0.0.1:4711");
  operation.set_ended_sessions_more(60);
  EXPECT_THAT(Lines(operation), Contains("ended 61 sessions: 12 app@10.0.0.1:4711 and 60 more"));
}

TEST(ViewEventsTest, ARunningOperationSaysWhatItWaitsFor) {
  v1::Operation operation = Waiting();
  EXPECT_EQ(WaitsFor(operation),
            "waits for zone1-0000000101: place 2 in its line; the holder is zone1-0000000104");
  operation.mutable_progress()->clear_note();
  EXPECT_EQ(WaitsFor(operation), "waits for zone1-0000000101: place 2 in its line");
  operation.clear_donor();
  EXPECT_EQ(WaitsFor(operation), "waits for a donor: place 2 in the shard's line");
  operation.clear_queue_place();
  EXPECT_EQ(WaitsFor(operation), "");
  operation.mutable_progress()->set_note("donor unreachable for 12s");
  EXPECT_EQ(WaitsFor(operation), "donor unreachable for 12s");
  operation.set_outcome(v1::FAILED);
  EXPECT_EQ(WaitsFor(operation), "");
}

}  // namespace
}  // namespace graft::view
