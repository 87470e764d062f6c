// What an operation waits for and went through, in every rendering on a terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/render.h"
#include "unit/shown_operations.h"
#include "view/operation.h"

namespace graft::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

std::vector<std::string> Lines(const v1::Operation& operation) {
  std::vector<std::string> lines;
  for (const view::Event& event : view::EventsOf(operation)) lines.push_back(event.Line());
  return lines;
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

TEST(CliHistoryTest, AReleaseSaysWhoAskedForIt) {
  v1::Operation operation = SecondAttempt();
  operation.set_kind(v1::RELEASE);
  operation.mutable_release()->set_by("alice@ops-1");
  operation.mutable_release()->set_note("restored by hand");
  operation.mutable_release()->set_data_is_good(true);
  const std::vector<std::string> lines = Lines(operation);
  EXPECT_EQ(lines.at(0), "release by alice@ops-1: restored by hand");
  EXPECT_THAT(lines.at(1), HasSubstr("the operator vouches for data"));
  v1::ListOperationsResponse list;
  *list.add_operations() = operation;
  EXPECT_THAT(RenderOperations(list, At(200)).at(1), HasSubstr("release by alice@ops-1"));
}

TEST(CliHistoryTest, PlainTellsEachThingOnce) {
  PlainState state;
  v1::Operation operation = Eventful();
  operation.mutable_findings()->DeleteSubrange(1, 1);
  const std::vector<std::string> first = RenderPlain(operation, At(5), state);
  EXPECT_THAT(first, Contains("[ 10.0s] warning DONOR_LAG (donor): 10 minutes; wait for it"));
  EXPECT_EQ(first.size(), Lines(operation).size());
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
              ElementsAre("[  5.0s] " + waits + "2 in its line"));
  EXPECT_THAT(RenderPlain(operation, At(60), state), IsEmpty());
  operation.set_queue_place(1);
  EXPECT_THAT(RenderPlain(operation, At(60.2), state),
              ElementsAre("[ 1m00s] " + waits + "1 in its line"));
  operation.set_queue_place(3);
  EXPECT_THAT(RenderPlain(operation, At(60.9), state), IsEmpty());
  EXPECT_THAT(RenderPlain(operation, At(61.2), state),
              ElementsAre("[ 1m01s] " + waits + "3 in its line"));
  operation.clear_queue_place();
  EXPECT_THAT(RenderPlain(operation, At(70), state), IsEmpty());
}

TEST(CliHistoryTest, TheVerdictHasItAll) {
  const v1::Operation operation = Eventful();
  EXPECT_THAT(RenderVerdict(operation, At(500)), IsSupersetOf(Lines(operation)));
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
