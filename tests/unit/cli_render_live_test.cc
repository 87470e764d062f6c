// What a terminal shows of a running operation, at any size.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "cli/render.h"
#include "cli/text.h"
#include "unit/shown_operations.h"

namespace graft::cli {
namespace {

using ::testing::_;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> Texts(const std::vector<Line>& lines, int columns = 0) {
  std::vector<std::string> texts;
  for (const Line& line : lines) texts.push_back(ToText(line, columns, /*colour=*/false));
  return texts;
}

std::vector<std::string> Live(const v1::Operation& operation, absl::Time now, Layout layout = {}) {
  return Texts(RenderLive(operation, now, layout));
}

bool IsAscii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// A message that would steer a terminal, is wider than it is long, and holds no blank.
v1::Operation Hostile() {
  v1::Operation operation = SecondAttempt();
  operation.mutable_failed_attempts(0)->mutable_error()->set_message(
      "\x1b[2J\x1b[31mred\r\nline\ttab \xFF "
      "日本語日本語日本語日本語日本語日本語日本語日本語日本語" +
      std::string(300, 'x'));
  operation.mutable_progress()->set_note("日本語\x07 donor unreachable for 12s");
  operation.set_donor_mysql("\x1b]0;title\x07:3306");
  return operation;
}

TEST(CliLiveTest, SaysHowFarItIsAndWhatRuns) {
  EXPECT_THAT(
      Live(SecondAttempt(), At(133), {80, 0, false}),
      ElementsAre(
          "zone1-0000000103 <- zone1-0000000101  operation 20261120T172639-b8ac3013",
          "[#######..........]  45.2%  about 4m left  (3m to 7m)  120.3 MiB/s  2m13s so far",
          "step clone  5 of 10  1m12s  attempt 2  data PARTIAL", " + PREPARE    1m01s",
          " + DROP DATA  3.0s",
          " > FILE COPY  [###############...............]   50%  1m09s  1.2 GiB of 2.4 GiB",
          " . PAGE COPY", " . REDO COPY", " . FILE SYNC", " . RESTART", " . RECOVERY", " . FINISH",
          "attempt 1 from zone1-0000000104 failed in clone: data PARTIAL, DONOR_GONE: no",
          "  byte for 5m from 10.0.0.4:3306; look at that server and at the network between",
          "  the two, then ask again"));
}

TEST(CliLiveTest, IsAsWideAsTheTerminalAtMost) {
  for (const v1::Operation& operation : {SecondAttempt(), Hostile()}) {
    for (const bool utf8 : {false, true}) {
      for (int columns = 1; columns <= 300; columns += columns < 60 ? 1 : 12) {
        const auto lines = RenderLive(operation, At(140), {columns, 0, utf8}, {"a notice of mine"});
        for (const Line& line : lines) {
          const std::string text = ToText(line, columns, false);
          ASSERT_LE(DisplayWidth(text), columns) << text;
          ASSERT_EQ(Printable(text, utf8), text) << columns;
          ASSERT_TRUE(utf8 || IsAscii(text)) << text;
        }
      }
    }
  }
}

TEST(CliLiveTest, FitsWithoutBeingCutFromTwentyColumnsOn) {
  for (int columns = 20; columns <= 300; ++columns) {
    for (const Line& line : RenderLive(SecondAttempt(), At(140), {columns, 0, true})) {
      if (absl::StartsWith(line.spans[0].text, "zone1-")) continue;  // two aliases are 35
      EXPECT_LE(WidthOf(line), columns) << ToText(line, 0, false);
    }
  }
}

TEST(CliLiveTest, TellsTheMostImportantAtAnyWidth) {
  for (const int columns : {20, 40, 80, 120, 200}) {
    const auto lines = Live(SecondAttempt(), At(133), {columns, 0, true});
    EXPECT_THAT(lines[1], HasSubstr("45.2%")) << columns;
    EXPECT_THAT(lines[1], HasSubstr("4m left")) << columns;
    EXPECT_THAT(lines, Contains(AllOf(HasSubstr("FILE COPY"), HasSubstr("50%")))) << columns;
  }
  EXPECT_THAT(Live(SecondAttempt(), At(133), {120, 0, true})[1], HasSubstr("██░░"));
  EXPECT_THAT(Live(SecondAttempt(), At(133), {120, 0, true})[0], HasSubstr("db-101.example:3306"));
}

TEST(CliLiveTest, IsAsLongAsTheTerminalAtMostAndKeepsTheWholeToTheEnd) {
  for (int rows = 1; rows <= 40; ++rows) {
    const auto lines = Live(SecondAttempt(), At(133), {80, rows, true});
    EXPECT_LE(lines.size(), static_cast<size_t>(rows));
    EXPECT_THAT(lines, Contains(HasSubstr("45.2%"))) << rows;
    if (rows >= 3) {
      EXPECT_THAT(lines, Contains(HasSubstr("FILE COPY"))) << rows;
    }
  }
}

TEST(CliLiveTest, TimesGoOnBetweenTwoStates) {
  const auto lines = Live(SecondAttempt(), At(193), {120, 0, false});
  EXPECT_THAT(lines[1], AllOf(HasSubstr("about 3m left  (2m to 6m)"), HasSubstr("3m13s so far")));
  EXPECT_THAT(lines, Contains("step clone  5 of 10  2m12s  attempt 2  data PARTIAL"));
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("FILE COPY"), HasSubstr("2m09s"))));
  const auto late = Live(SecondAttempt(), At(1333), {120, 0, false});
  EXPECT_THAT(late[1], HasSubstr("about a moment left"));
}

TEST(CliLiveTest, ACopyWhoseBytesAreLateSaysSo) {
  EXPECT_THAT(Live(SecondAttempt(), At(138)), Not(Contains(HasSubstr("no byte for 5.0s"))));
  EXPECT_EQ(Live(SecondAttempt(), At(145))[2], "no byte for 12.0s");
  v1::Operation restart = SecondAttempt();
  restart.mutable_progress()->set_stage("RESTART");  // no byte is expected
  EXPECT_THAT(Live(restart, At(145)), Not(Contains("no byte for 12.0s")));
}

TEST(CliLiveTest, WhatIsGuessedIsMarked) {
  v1::Operation operation = SecondAttempt();
  operation.mutable_progress()->mutable_phases(1)->set_done(0.5);
  EXPECT_THAT(Live(operation, At(133), {80, 0, false}),
              Contains(" > DROP DATA  [===============...............]  ~50%  1m09s  estimated"));
}

TEST(CliLiveTest, RecoveryHasTheServersOwnPercentage) {
  v1::Operation operation = SecondAttempt();
  v1::Progress& progress = *operation.mutable_progress();
  for (int i = 2; i < 7; ++i) progress.mutable_phases(i)->set_done(1);
  progress.mutable_phases(7)->set_done(0.37);
  progress.mutable_phases(7)->set_measured(true);
  progress.set_recovery_percent(37.5);
  EXPECT_THAT(Live(operation, At(133), {80, 0, false}),
              Contains(" > RECOVERY   [##########...................]   37%  1m09s  redo log 37% "
                       "applied"));
}

TEST(CliLiveTest, AQueueHasItsPlaceAndNoTimeLeft) {
  v1::Operation operation = SecondAttempt();
  operation.set_queue_place(2);
  operation.mutable_progress()->set_note("the holder is zone1-0000000104");
  operation.mutable_progress()->clear_eta();
  const auto lines = Live(operation, At(133), {80, 0, false});
  EXPECT_THAT(lines[1], HasSubstr("time left unknown"));
  EXPECT_EQ(lines[2],
            "waits for zone1-0000000101: place 2 in its line; the holder is zone1-0000000104");
}

TEST(CliLiveTest, AWaitHasItsLengthAndNoTimeLeft) {
  v1::Operation operation = SecondAttempt();
  operation.mutable_progress()->set_note("the journal cannot be written");
  operation.mutable_progress()->mutable_waiting_since()->set_seconds(1121);
  const std::vector<std::string> lines = Live(operation, At(133));
  EXPECT_THAT(lines, Contains(HasSubstr("waits since 12.0s: the journal cannot be written")));
  EXPECT_THAT(lines, Contains(HasSubstr("time left unknown")));
}

TEST(CliLiveTest, AnAgentThatEstimatesNothingHasItsStages) {
  v1::Operation operation = SecondAttempt();
  operation.mutable_progress()->clear_phases();
  EXPECT_THAT(Live(operation, At(133), {80, 0, false}),
              ElementsAre(StartsWith("zone1-0000000103 <- "), "120.3 MiB/s  2m13s so far",
                          StartsWith("step clone"), " + DROP DATA  3.0s",
                          StartsWith(" > FILE COPY  [######"), StartsWith("attempt 1 from"), _, _));
}

TEST(CliLiveTest, NoticesAreTheLastToGo) {
  const auto lines = Texts(RenderLive(SecondAttempt(), At(133), {80, 2, false}, {"asks"}));
  EXPECT_THAT(lines, ElementsAre(HasSubstr("45.2%"), "asks"));
}

TEST(CliStyledTest, EscapeCodesStandForTonesAndOnlyWithColour) {
  const Line line = {{{"ab", Tone::kGood}, {"  "}, {"日本", Tone::kBad}}};
  EXPECT_EQ(ToText(line, 0, false), "ab  日本");
  EXPECT_EQ(ToText(line, 0, true), "\x1b[32mab\x1b[0m  \x1b[1;31m日本\x1b[0m");
  EXPECT_EQ(ToText(line, 7, true), "\x1b[32mab\x1b[0m  \x1b[1;31m日\x1b[0m");
  EXPECT_EQ(ToText(line, 1, true), "\x1b[32ma\x1b[0m");
  EXPECT_EQ(WidthOf(line), 8);
}

TEST(CliStyledTest, LinesGiveWayByRankAndOfEqualsTheLastFirst) {
  const auto fitted = [](int rows) {
    return Texts(Fit({{{{"a"}}, 0}, {{{"b"}}, 2}, {{{"c"}}, 2}, {{{"d"}}, 1}}, rows));
  };
  EXPECT_THAT(fitted(0), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(fitted(3), ElementsAre("a", "b", "d"));
  EXPECT_THAT(fitted(2), ElementsAre("a", "d"));
  EXPECT_THAT(fitted(1), ElementsAre("a"));
}

TEST(CliStyledTest, PiecesGiveWayByRankAndADrawnOneTakesWhatIsLeft) {
  const auto draw = [](int width) { return std::string(static_cast<size_t>(width), '='); };
  const std::vector<Piece> pieces = {{"must"},
                                     {"", Tone::kPlain, 2, draw, 3, 10},
                                     {"may", Tone::kPlain, 1},
                                     {"might", Tone::kPlain, 3}};
  const auto composed = [&pieces](int columns) {
    return ToText(Compose(pieces, columns), 0, false);
  };
  EXPECT_EQ(composed(0), "must  ==========  may  might");
  EXPECT_EQ(composed(25), "must  =======  may  might");
  EXPECT_EQ(composed(21), "must  ===  may  might");
  EXPECT_EQ(composed(20), "must  =========  may");
  EXPECT_EQ(composed(14), "must  ===  may");
  EXPECT_EQ(composed(13), "must  may");
  EXPECT_EQ(composed(8), "must");
  EXPECT_EQ(composed(1), "must");
}

}  // namespace
}  // namespace graft::cli
