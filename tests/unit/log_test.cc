#include "log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/errors.h"
#include "fakes/simulated_clock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "unit/full_operation.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

std::vector<std::string> Lines(const std::ostringstream& output) {
  return absl::StrSplit(output.str(), '\n', absl::SkipEmpty());
}

TEST(Log, TextIsLogfmt) {
  std::ostringstream output;
  const auto log = MakeLog({LogLevel::kInfo, LogFormat::kText, &output});
  log->Info("clone begins", {{"donor", "zone1-0000000100"}, {"note", "a \"b\"\nc=d\\"}});
  EXPECT_THAT(Lines(output),
              ElementsAre(MatchesRegex("time=[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+Z "
                                       "level=info msg=\"clone begins\" donor=zone1-0000000100 "
                                       "note=\"a \\\\\"b\\\\\"\\\\nc=d\\\\\\\\\"")));
}

TEST(Log, JsonIsJson) {
  std::ostringstream output;
  const auto log = MakeLog({LogLevel::kInfo, LogFormat::kJson, &output});
  const std::string odd = "a \"b\"\n\x01 \\ %v {} \xc3\xa4";
  log->Error("it failed", {{"text", odd}});
  ASSERT_THAT(Lines(output), SizeIs(1));
  google::protobuf::Struct line;
  const auto parsed = google::protobuf::util::JsonStringToMessage(Lines(output)[0], &line);
  ASSERT_TRUE(parsed.ok()) << parsed.ToString() << "\n" << output.str();
  EXPECT_EQ(line.fields().at("msg").string_value(), "it failed");
  EXPECT_EQ(line.fields().at("level").string_value(), "error");
  EXPECT_EQ(line.fields().at("text").string_value(), odd);
  EXPECT_THAT(line.fields().at("time").string_value(), MatchesRegex("[0-9T:.-]+Z"));
}

TEST(Log, LinesBelowTheLevelAreNotWritten) {
  std::ostringstream output;
  const auto log = MakeLog({LogLevel::kWarning, LogFormat::kText, &output});
  log->Write(LogLevel::kDebug, "one", {});
  log->Info("two");
  log->Warning("three");
  log->Error("four");
  EXPECT_THAT(Lines(output), ElementsAre(HasSubstr("three"), HasSubstr("four")));
}

TEST(Log, LevelsAndFormatsByName) {
  EXPECT_EQ(ParseLogLevel("Debug").value(), LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("info").value(), LogLevel::kInfo);
  EXPECT_EQ(ParseLogLevel("warn").value(), LogLevel::kWarning);
  EXPECT_EQ(ParseLogLevel("WARNING").value(), LogLevel::kWarning);
  EXPECT_EQ(ParseLogLevel("error").value(), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("loud").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseLogFormat("JSON").value(), LogFormat::kJson);
  EXPECT_EQ(ParseLogFormat("text").value(), LogFormat::kText);
  EXPECT_EQ(ParseLogFormat("xml").status().code(), absl::StatusCode::kInvalidArgument);
}

class LogObserverTest : public ::testing::Test {
 protected:
  LogObserverTest() : log_(MakeLog({LogLevel::kInfo, LogFormat::kText, &output_})) {
    observer_ = MakeLogObserver(*log_, clock_);
  }

  std::ostringstream output_;
  SimulatedClock clock_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Observer> observer_;
};

TEST_F(LogObserverTest, AStepIsALine) {
  Operation operation = FullOperation();
  operation.failed_attempts.clear();
  observer_->OnStep(operation);
  EXPECT_THAT(Lines(output_),
              ElementsAre(HasSubstr("msg=\"step begins\" operation=op-1 tablet=zone1-0000000101 "
                                    "step=clone attempt=3 data_state=PARTIAL "
                                    "donor=zone2-0000000100")));
}

TEST_F(LogObserverTest, ProgressComesAtMostEveryFiveSeconds) {
  Operation operation = FullOperation();
  operation.failed_attempts.clear();
  for (int i = 0; i < 101; ++i) {
    observer_->OnProgress(operation);
    clock_.Advance(absl::Milliseconds(100));
  }
  EXPECT_THAT(Lines(output_), SizeIs(3));  // at 0 s, 5 s and 10 s
  EXPECT_THAT(
      Lines(output_)[0],
      HasSubstr("msg=\"progress\" operation=op-1 tablet=zone1-0000000101 step=clone attempt=3 "
                "data_state=PARTIAL donor=zone2-0000000100 percent=25.5 eta=30.0s "
                "eta_low=20.0s eta_high=1m30s stage=\"FILE COPY\" bytes_done=1000 "
                "bytes_expected=4000 bytes_per_second=100 recovery_percent=12.5 "
                "queue_place=2 note="));
}

// Ten minutes of a copy, looked at twice a second, in which all that moves does.
TEST_F(LogObserverTest, ASamplerThatTicksTwiceASecondDoesNotFloodTheLog) {
  Operation operation = FullOperation();
  operation.failed_attempts.clear();
  const std::vector<CloneStage> stages = {CloneStage::kDropData, CloneStage::kFileCopy,
                                          CloneStage::kPageCopy, CloneStage::kRedoCopy};
  constexpr int kTicks = 1200;
  for (int i = 0; i < kTicks; ++i) {
    operation.progress.stage = stages[static_cast<size_t>(i) * stages.size() / kTicks];
    operation.progress.percent = 100.0 * i / kTicks;
    operation.progress.eta->likely = absl::Seconds(kTicks - i) / 2;
    operation.progress.bytes_done += 1000;
    operation.progress.note = i % 2 == 0 ? "" : absl::StrCat("silent for ", i, "s");
    observer_->OnProgress(operation);
    clock_.Advance(absl::Milliseconds(500));
  }
  // One every 5 s, and one more for a stage or a first note.
  EXPECT_THAT(Lines(output_), SizeIs(::testing::AllOf(::testing::Ge(120U), ::testing::Le(123U))));
}

TEST_F(LogObserverTest, AWaitThatBeginsIsWrittenAtOnceAndSaysHowLongItLasts) {
  Operation operation = FullOperation();
  operation.failed_attempts.clear();
  operation.progress.note.clear();
  operation.progress.waiting_since = absl::InfinitePast();
  observer_->OnProgress(operation);
  clock_.Advance(absl::Seconds(1));
  operation.progress.note = "the journal cannot be written: no space left";
  operation.progress.waiting_since = clock_.Now();
  for (int i = 0; i < 61; ++i) {
    observer_->OnProgress(operation);
    clock_.Advance(absl::Seconds(1));
  }
  const std::vector<std::string> lines = Lines(output_);
  EXPECT_THAT(lines.at(0), Not(HasSubstr("waited")));
  EXPECT_THAT(lines.at(1), HasSubstr("no space left\" waited="));
  EXPECT_THAT(lines.back(), HasSubstr("no space left\" waited=1m"));
}

TEST_F(LogObserverTest, AReleaseNamesWhoAskedForIt) {
  Operation operation = FullOperation();
  operation.failed_attempts.clear();
  observer_->OnStep(operation);
  operation.outcome = Outcome::kDone;
  observer_->OnEnd(operation);
  EXPECT_THAT(Lines(output_),
              ::testing::Each(HasSubstr("released_by=alice@ops-1 data_is_good=true")));
}

TEST_F(LogObserverTest, ANewPlaceInTheQueueIsWrittenAtOnce) {
  Operation operation = FullOperation();
  operation.failed_attempts.clear();
  operation.queue_place = 3;
  observer_->OnProgress(operation);
  operation.queue_place = 2;
  observer_->OnProgress(operation);
  observer_->OnProgress(operation);
  EXPECT_THAT(Lines(output_), ElementsAre(HasSubstr("queue_place=3"), HasSubstr("queue_place=2")));
}

TEST_F(LogObserverTest, AnEtaThatIsNotKnownIsLeftOut) {
  Operation operation = FullOperation();
  operation.failed_attempts.clear();
  operation.progress.eta = std::nullopt;
  observer_->OnProgress(operation);
  EXPECT_THAT(Lines(output_).at(0), Not(HasSubstr("eta")));
}

TEST_F(LogObserverTest, ANewStageIsWrittenAtOnce) {
  Operation operation = FullOperation();
  operation.failed_attempts.clear();
  observer_->OnProgress(operation);
  operation.progress.stage = CloneStage::kPageCopy;
  observer_->OnProgress(operation);
  observer_->OnProgress(operation);
  EXPECT_THAT(Lines(output_), ElementsAre(HasSubstr("FILE COPY"), HasSubstr("PAGE COPY")));
}

TEST_F(LogObserverTest, AFailedAttemptIsAWarningOnce) {
  Operation operation = FullOperation();
  operation.failed_attempts = {{1,
                                {"zone1", 100},
                                Step::kClone,
                                DataState::kEmpty,
                                absl::UnavailableError("the donor shut down"),
                                absl::InfinitePast()}};
  for (int i = 0; i < 3; ++i) observer_->OnProgress(operation);
  const std::vector<std::string> lines = Lines(output_);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], HasSubstr("level=warning msg=\"attempt failed, trying again\""));
  EXPECT_THAT(lines[0], HasSubstr("operation=op-1 tablet=zone1-0000000101 step=clone attempt=1 "
                                  "data_state=EMPTY donor=zone1-0000000100"));
  EXPECT_THAT(lines[0], HasSubstr("the donor shut down"));
}

TEST_F(LogObserverTest, AFailedAttemptIsToldBeforeTheNextOnesSteps) {
  Operation operation = FullOperation();
  observer_->OnStep(operation);
  const std::vector<std::string> lines = Lines(output_);
  ASSERT_THAT(lines, SizeIs(operation.failed_attempts.size() + 1));
  EXPECT_THAT(lines.front(), HasSubstr("attempt failed"));
  EXPECT_THAT(lines.back(), HasSubstr("step begins"));
}

TEST_F(LogObserverTest, AnEndSaysWhatWasLostAndWhatCouldNotBeProved) {
  Operation operation = FullOperation();
  operation.outcome = Outcome::kDone;
  operation.data_state = DataState::kCloned;
  operation.proof.transactions_discarded = 3;
  operation.proof.gtid_discarded = "aaaaaaaa-71ca-11e1-9e33-c80aa9429562:1-3";
  operation.proof.emptied_tables = {"shop.log (MyISAM)"};
  operation.proof.not_checked = "the primary was away";
  operation.claim_lost = true;
  operation.ended_sessions = {{12, "app", "10.0.0.1"}};
  observer_->OnEnd(operation);
  const std::string line = Lines(output_).at(0);
  EXPECT_THAT(line, HasSubstr("transactions_discarded=3"));
  EXPECT_THAT(line, HasSubstr("aaaaaaaa-71ca-11e1-9e33-c80aa9429562:1-3"));
  EXPECT_THAT(line, HasSubstr("emptied_tables=\"shop.log (MyISAM)\""));
  EXPECT_THAT(line, HasSubstr("not_checked=\"the primary was away\""));
  EXPECT_THAT(line, HasSubstr("claim_lost=true"));
  EXPECT_THAT(line, HasSubstr("ended_session=\"12 app@10.0.0.1\""));
}

TEST_F(LogObserverTest, TheEndSaysHowAndWhy) {
  Operation operation = FullOperation();
  operation.outcome = Outcome::kFailed;
  observer_->OnEnd(operation);
  operation.outcome = Outcome::kCancelled;
  observer_->OnEnd(operation);
  operation.outcome = Outcome::kDone;
  operation.error = absl::OkStatus();
  observer_->OnEnd(operation);
  const std::vector<std::string> lines = Lines(output_);
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[0], HasSubstr("level=error msg=\"operation ended\""));
  EXPECT_THAT(lines[0], HasSubstr("outcome=failed took="));
  EXPECT_THAT(lines[0],
              HasSubstr("code=UNAVAILABLE reason=DONOR_GONE error=\"the donor has gone\""));
  EXPECT_THAT(lines[1], HasSubstr("level=warning"));
  EXPECT_THAT(lines[2], HasSubstr("level=info"));
  EXPECT_THAT(lines[2], HasSubstr("outcome=done"));
  EXPECT_THAT(lines[2], Not(HasSubstr("code=")));
}

}  // namespace
}  // namespace graft
