// What an operation waits for and went through, in every rendering.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/render.h"
#include "cli/render_history.h"
#include "unit/cli_operations.h"

namespace graft::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;

v1::Operation ParseOperation(const char* text) {
  v1::Operation operation;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &operation));
  return operation;
}

absl::Time At(double seconds) {
  return absl::FromUnixSeconds(1000) + absl::Seconds(seconds);
}

v1::Operation Waiting() {
  return ParseOperation(R"(
    id: "op1" recipient: "zone1-0000000103" step: "claim_donor" outcome: RUNNING
    data_state: INTACT attempt: 2 donor: "zone1-0000000101" requested { seconds: 1000 }
    queue_place: 2 progress { note: "the holder is zone1-0000000104" })");
}

v1::Operation Eventful() {
  return ParseOperation(R"pb(
    id: "op1"
    recipient: "zone1-0000000103"
    step: "publish"
    outcome: DONE
    data_state: CLONED
    attempt: 2
    donor: "zone1-0000000101"
    requested { seconds: 1000 }
    ended { seconds: 1010 }
    failed_attempts {
      attempt: 1
      donor: "zone1-0000000104"
      step: "clone"
      data_state: EMPTY
      error { code: "UNAVAILABLE" reason: "DONOR_GONE" message: "no byte for 5m" }
    }
    refused_donors { alias: "zone1-0000000105" reason: "LAGS_BEHIND" text: "it is 2h behind" }
    findings {
      id: "DONOR_LAG"
      side: CHECK_SIDE_DONOR
      outcome: WARNING
      found: "10 minutes"
      remedy: "wait for it"
    }
    findings { id: "SOURCE_BINLOGS" side: CHECK_SIDE_SOURCE outcome: UNCHECKED found: "denied" }
    resumptions: 1
    claim_lost: true
    ended_sessions { connection_id: 12 user: "app" host: "10.0.0.1:4711" }
    proof {
      gtid_before: "u:1-9"
      gtid_discarded: "u:8-9"
      transactions_discarded: 2
      emptied_tables: "shop.log (MyISAM)"
      emptied_tables: "shop.x (CSV)"
      not_checked: "errant transactions: the primary was away"
    })pb");
}

TEST(CliHistoryTest, EachThingThatHappenedIsALine) {
  EXPECT_THAT(
      HistoryLines(Eventful()),
      ElementsAre("attempt 1 from zone1-0000000104 failed in clone: data EMPTY, DONOR_GONE: no "
                  "byte for 5m",
                  "refused as donor: zone1-0000000105: LAGS_BEHIND: it is 2h behind",
                  "warning DONOR_LAG (donor): 10 minutes; wait for it",
                  "unchecked SOURCE_BINLOGS (source): denied",
                  "taken up again in publish by 1 later agent",
                  "ended 1 session: 12 app@10.0.0.1:4711",
                  "claim lost: the copy went on without its claim, so another recipient may have "
                  "used the donor at the same time",
                  "discarded 2 transactions that only the old data had: u:8-9",
                  "arrived empty: shop.log (MyISAM), shop.x (CSV)",
                  "not checked: errant transactions: the primary was away"));
  EXPECT_THAT(HistoryLines(Waiting()), IsEmpty());
}

TEST(CliHistoryTest, AnAttemptWithoutDonorReasonOrErrorIsALineToo) {
  const v1::Operation operation = ParseOperation(R"(
    failed_attempts { attempt: 1 step: "resolve_donor" data_state: INTACT
                      error { code: "NOT_FOUND" message: "nobody" } }
    failed_attempts { attempt: 2 step: "verify" data_state: PARTIAL }
    findings { id: "X" outcome: FATAL found: "y" })");
  EXPECT_THAT(HistoryLines(operation),
              ElementsAre("attempt 1 failed in resolve_donor: data INTACT, NOT_FOUND: nobody",
                          "attempt 2 failed in verify: data PARTIAL", "fatal X (unknown): y"));
}

TEST(CliHistoryTest, LongListsAndSetsAreCut) {
  v1::Operation operation = Eventful();
  operation.mutable_proof()->set_gtid_discarded(std::string(500, '1'));
  for (int i = 0; i < 20; ++i) {
    operation.mutable_proof()->add_emptied_tables(absl::StrCat("t", i));
    operation.add_ended_sessions()->set_connection_id(100 + i);
  }
  const std::vector<std::string> lines = HistoryLines(operation);
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("arrived empty: shop.log (MyISAM), "),
                                    EndsWith("t7 and 12 more"))));
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("ended 21 sessions: 12 app@"),
                                    EndsWith("108 @ and 11 more"))));
  EXPECT_THAT(lines, Contains(absl::StrCat("discarded 2 transactions that only the old data had: ",
                                           std::string(200, '1'), "... (cut; --json has all)")));
  const std::vector<std::string> all = HistoryLines(operation, HistoryExtent::kAll);
  EXPECT_THAT(all, Contains(EndsWith(", t18, t19")));
  EXPECT_THAT(all, Contains(EndsWith(std::string(500, '1'))));
}

TEST(CliHistoryTest, AWaitHasALength) {
  v1::Operation operation = SecondAttempt();
  operation.mutable_progress()->set_note("the journal cannot be written");
  EXPECT_EQ(WaitsFor(operation, At(133)), "the journal cannot be written");
  operation.mutable_progress()->mutable_waiting_since()->set_seconds(1121);
  EXPECT_EQ(WaitsFor(operation, At(133)), "waits since 12.0s: the journal cannot be written");
  EXPECT_EQ(WaitedText(operation, At(133)), "12.0s");
  operation.set_outcome(v1::DONE);
  EXPECT_EQ(WaitedText(operation, At(133)), "");
}

TEST(CliHistoryTest, AWaitIsToldAgainEachMinute) {
  v1::Operation operation = SecondAttempt();
  operation.mutable_progress()->set_note("the journal cannot be written");
  operation.mutable_progress()->mutable_waiting_since()->set_seconds(1130);
  PlainState state;
  int told = 0;
  for (int second = 133; second < 133 + 150; ++second) {
    for (const std::string& line : RenderPlain(operation, At(second), state)) {
      told += line.find("journal") != std::string::npos ? 1 : 0;
    }
  }
  EXPECT_EQ(told, 3);
}

TEST(CliHistoryTest, SessionsThatWereOnlyCountedAreCounted) {
  v1::Operation operation = SecondAttempt();
  v1::EndedSession* session = operation.add_ended_sessions();
  session->set_connection_id(12);
  session->set_user("app");
  session->set_host("10.0.0.1:4711");
  operation.set_ended_sessions_more(60);
  EXPECT_THAT(HistoryLines(operation),
              Contains("ended 61 sessions: 12 app@10.0.0.1:4711 and 60 more"));
}

TEST(CliHistoryTest, AReleaseSaysWhoAskedForIt) {
  v1::Operation operation = SecondAttempt();
  operation.set_kind(v1::RELEASE);
  operation.mutable_release()->set_by("alice@ops-1");
  operation.mutable_release()->set_note("restored by hand");
  operation.mutable_release()->set_data_is_good(true);
  const std::vector<std::string> lines = HistoryLines(operation);
  EXPECT_EQ(lines.at(0), "release by alice@ops-1: restored by hand");
  EXPECT_THAT(lines.at(1), HasSubstr("the operator vouches for data"));
  v1::ListOperationsResponse list;
  *list.add_operations() = operation;
  EXPECT_THAT(RenderOperations(list, At(200)).at(1), HasSubstr("release by alice@ops-1"));
}

TEST(CliHistoryTest, ARunningOperationSaysWhatItWaitsFor) {
  v1::Operation operation = Waiting();
  EXPECT_EQ(WaitsFor(operation),
            "waits for zone1-0000000101: place 2 in its queue; the holder is zone1-0000000104");
  operation.mutable_progress()->clear_note();
  EXPECT_EQ(WaitsFor(operation), "waits for zone1-0000000101: place 2 in its queue");
  operation.clear_donor();
  EXPECT_EQ(WaitsFor(operation), "waits for a donor: place 2 in its queue");
  operation.clear_queue_place();
  EXPECT_EQ(WaitsFor(operation), "");
  operation.mutable_progress()->set_note("donor unreachable for 12s");
  EXPECT_EQ(WaitsFor(operation), "donor unreachable for 12s");
  operation.set_outcome(v1::FAILED);
  EXPECT_EQ(WaitsFor(operation), "");
}

TEST(CliHistoryTest, PlainTellsEachThingOnce) {
  PlainState state;
  v1::Operation operation = Eventful();
  operation.mutable_findings()->DeleteSubrange(1, 1);
  const std::vector<std::string> first = RenderPlain(operation, At(5), state);
  EXPECT_THAT(first, Contains("[ 10.0s] warning DONOR_LAG (donor): 10 minutes; wait for it"));
  EXPECT_EQ(first.size(), HistoryLines(operation).size());
  EXPECT_THAT(RenderPlain(operation, At(9), state), IsEmpty());
  EXPECT_THAT(RenderPlain(Eventful(), At(9), state),
              ElementsAre("[ 10.0s] unchecked SOURCE_BINLOGS (source): denied"));
}

TEST(CliHistoryTest, PlainTellsAWaitWhenItChangesButNotAllTheTime) {
  PlainState state;
  v1::Operation operation = Waiting();
  operation.mutable_progress()->clear_note();
  const std::string waits = "waits for zone1-0000000101: place ";
  EXPECT_THAT(RenderPlain(operation, At(5), state),
              ElementsAre("[  5.0s] " + waits + "2 in its queue"));
  EXPECT_THAT(RenderPlain(operation, At(60), state), IsEmpty());
  operation.set_queue_place(1);
  EXPECT_THAT(RenderPlain(operation, At(60.2), state),
              ElementsAre("[ 1m00s] " + waits + "1 in its queue"));
  operation.set_queue_place(3);
  EXPECT_THAT(RenderPlain(operation, At(60.9), state), IsEmpty());
  EXPECT_THAT(RenderPlain(operation, At(61.2), state),
              ElementsAre("[ 1m01s] " + waits + "3 in its queue"));
  operation.clear_queue_place();
  EXPECT_THAT(RenderPlain(operation, At(70), state), IsEmpty());
}

TEST(CliHistoryTest, TheVerdictHasItAll) {
  const v1::Operation operation = Eventful();
  EXPECT_THAT(RenderVerdict(operation, At(500)), IsSupersetOf(HistoryLines(operation)));
}

TEST(CliHistoryTest, TheListStaysOneLineEach) {
  v1::ListOperationsResponse list;
  *list.add_operations() = Eventful();
  *list.add_operations() = Waiting();
  EXPECT_EQ(RenderOperations(list, At(99)).size(), 3U);
}

TEST(CliCancelledTest, DataThatIsClonedIsNotCalledEmpty) {
  v1::Operation operation = Eventful();
  operation.set_outcome(v1::CANCELLED);
  const std::vector<std::string> lines = RenderCancelled(operation, At(9));
  EXPECT_THAT(lines[0], HasSubstr("the donor's is in its place"));
  EXPECT_THAT(lines[0], Not(HasSubstr("EMPTY")));
}

}  // namespace
}  // namespace graft::cli
