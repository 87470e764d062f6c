#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "cli/render.h"
#include "cli/text.h"

namespace graft::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Seconds since the operation was requested.
absl::Time At(double seconds) {
  return absl::FromUnixSeconds(1000) + absl::Seconds(seconds);
}

template <typename Message>
Message ParseText(const char* text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

v1::Operation Cloning() {
  return ParseText<v1::Operation>(R"(
    id: "op1" recipient: "zone1-0000000103" step: "clone" outcome: RUNNING data_state: PARTIAL
    attempt: 1 donor: "zone1-0000000101" donor_mysql: "h:3306"
    requested { seconds: 1000 }
    times { step: "resolve_donor" started { seconds: 1000 } ended { seconds: 1001 } }
    times { step: "preflight" started { seconds: 1001 } ended { seconds: 1003 } }
    times { step: "fence" started { seconds: 1003 } ended { seconds: 1003 nanos: 500000000 } }
    times { step: "clone" started { seconds: 1003 nanos: 500000000 } }
    progress {
      stage: "FILE COPY"
      stages { stage: "DROP DATA" state: "Completed"
               begin_time: "2026-11-20 13:00:00.000" end_time: "2026-11-20 13:00:01.500" }
      stages { stage: "FILE COPY" state: "In Progress" estimate_bytes: 2097152 data_bytes: 1048576
               begin_time: "2026-11-20 13:00:01.500" }
      stages { stage: "PAGE COPY" state: "Not Started" }
      bytes_done: 1048576 bytes_expected: 2097152 bytes_per_second: 524288
      eta { seconds: 2 } eta_low { seconds: 1 } eta_high { seconds: 8 } percent: 41.9
      sampled { seconds: 1005 } phase_began { seconds: 1004 } recovery_percent: 40.9
      phases { phase: "PREPARE" share: 0.1 done: 1 measured: true took { seconds: 3 } }
      phases { phase: "DROP DATA" share: 0.1 done: 1 took { seconds: 1 nanos: 500000000 } }
      phases { phase: "FILE COPY" share: 0.5 done: 0.5 measured: true took { seconds: 1 } }
      phases { phase: "RECOVERY" share: 0.3 }
    })");
}

TEST(CliRenderTest, PlainTellsEachStepAndPhaseOnceAndProgressOnceASecond) {
  PlainState state;
  v1::Operation operation = Cloning();
  EXPECT_THAT(RenderPlain(operation, At(5), state),
              ElementsAre("[  5.0s] resolve_donor", "[  5.0s] preflight", "[  5.0s] fence",
                          "[  5.0s] clone from zone1-0000000101 (h:3306), attempt 1",
                          "[  5.0s] clone: FILE COPY, 1.0 MiB of 2.0 MiB (50%), 512.0 KiB/s; "
                          "41% of all, about 2s left, 1s to 8s"));
  v1::StageProgress& copy = *operation.mutable_progress()->mutable_stages(1);
  copy.set_data_bytes(2097151);
  EXPECT_THAT(RenderPlain(operation, At(5.9), state), IsEmpty());
  EXPECT_THAT(RenderPlain(operation, At(6), state),
              ElementsAre("[  6.0s] clone: FILE COPY, 2.0 MiB of 2.0 MiB (99%), 512.0 KiB/s; "
                          "41% of all, about 1s left, a moment to 7s"));
  operation.mutable_progress()->mutable_phases(2)->set_done(1);
  operation.mutable_progress()->clear_eta();
  EXPECT_THAT(RenderPlain(operation, At(6.1), state),
              ElementsAre("[  6.1s] clone: RECOVERY, redo log 40% applied; 41% of all"));
  EXPECT_THAT(RenderPlain(operation, At(9), state), IsEmpty());
  operation.clear_progress();
  EXPECT_THAT(RenderPlain(operation, At(60), state), IsEmpty());
}

TEST(CliRenderTest, PlainIsSlowerAfterTheFirstMinute) {
  PlainState state;
  v1::Operation operation = Cloning();
  EXPECT_EQ(RenderPlain(operation, At(61), state).size(), 5u);
  operation.mutable_progress()->set_percent(42);
  EXPECT_THAT(RenderPlain(operation, At(65), state), IsEmpty());
  EXPECT_EQ(RenderPlain(operation, At(71), state).size(), 1u);
}

TEST(CliRenderTest, PlainOfAnAgentThatEstimatesNothingHasTheStages) {
  PlainState state;
  v1::Operation operation = Cloning();
  operation.mutable_progress()->clear_phases();
  EXPECT_EQ(RenderPlain(operation, At(5), state).back(),
            "[  5.0s] clone: FILE COPY, 1.0 MiB of 2.0 MiB (50%), 512.0 KiB/s");
}

TEST(CliRenderTest, TheVerdictOfASuccessNamesDonorBytesTimeAndSource) {
  v1::Operation operation = Cloning();
  operation.set_outcome(v1::DONE);
  operation.set_data_state(v1::CLONED);
  operation.set_source("zone1-0000000100");
  operation.set_source_mysql("p:3306");
  operation.mutable_times(3)->mutable_ended()->set_seconds(1010);
  operation.mutable_ended()->set_seconds(1072);
  EXPECT_THAT(
      RenderVerdict(operation, At(500)),
      ElementsAre("zone1-0000000103 done: data CLONED, donor zone1-0000000101, 1.0 MiB, "
                  "1m12s",
                  "follows zone1-0000000100 (p:3306)", "  resolve_donor  1.0s",
                  "  preflight      2.0s", "  fence          500ms", "  clone          6.5s"));
}

TEST(CliRenderTest, TheVerdictOfAFailureGivesCodeReasonMessageAndDataState) {
  const auto operation = ParseText<v1::Operation>(R"(
    id: "op1" recipient: "zone1-0000000103" step: "preflight" outcome: FAILED data_state: INTACT
    requested { seconds: 1000 } ended { seconds: 1001 }
    error { code: "FAILED_PRECONDITION" reason: "DISK_TOO_SMALL" message: "2 GiB are missing" })");
  EXPECT_THAT(RenderVerdict(operation, At(9)),
              ElementsAre("zone1-0000000103 failed in preflight: data INTACT, 1.0s",
                          "code: FAILED_PRECONDITION, reason DISK_TOO_SMALL",
                          "message: 2 GiB are missing", "data: INTACT: the old data is whole"));
}

TEST(CliRenderTest, OperationsAreATable) {
  v1::ListOperationsResponse list;
  *list.add_operations() = ParseText<v1::Operation>(R"(
    id: "op2" step: "clone" outcome: FAILED data_state: EMPTY donor: "zone1-0000000101"
    requested { seconds: 1000 } ended { seconds: 1061 } error { reason: "DONOR_LOST" }
    progress {
      bytes_done: 3145728
      stages { stage: "DROP DATA" state: "Completed"
               begin_time: "2026-11-20 13:00:00.000" end_time: "2026-11-20 13:00:09.000" }
      stages { stage: "FILE COPY" state: "Completed" estimate_bytes: 3145728 data_bytes: 3145728
               begin_time: "2026-11-20 13:00:09.000" end_time: "2026-11-20 13:00:11.000" }
    })");
  *list.add_operations() = ParseText<v1::Operation>(R"(
    id: "op1" step: "preflight" outcome: FAILED data_state: INTACT
    requested { seconds: 1000 } ended { seconds: 1001 } error { code: "UNAVAILABLE" })");
  EXPECT_THAT(RenderOperations(list, At(99)),
              ElementsAre("OPERATION  REQUESTED             OUTCOME  STEP       DATA    DONOR      "
                          "       TIME   BYTES    RATE       REASON",
                          "op2        1970-01-01 00:16:40Z  failed   clone      EMPTY   "
                          "zone1-0000000101  1m01s  3.0 MiB  1.5 MiB/s  DONOR_LOST",
                          "op1        1970-01-01 00:16:40Z  failed   preflight  INTACT  -          "
                          "       1.0s   -        -          UNAVAILABLE"));
}

TEST(CliRenderTest, ATabletShowsItsServerAndReplication) {
  const auto tablet = ParseText<v1::GetTabletResponse>(R"(
    alias: "zone1-0000000103" keyspace: "ks" shard: "0" type: "REPLICA" mysql_reachable: true
    mysql_version: "9.7.4" gtid_executed: "u:1-5" super_read_only: true
    replication { source: "h:3306" receiver_running: true applier_errno: 1062
                  applier_error: "duplicate" })");
  EXPECT_THAT(RenderTablet(tablet),
              ElementsAre("zone1-0000000103 ks/0 REPLICA", "mysql: 9.7.4, super_read_only",
                          "gtid_executed: u:1-5",
                          "replication from h:3306: receiver running, applier stopped, "
                          "lag unknown",
                          "  applier error 1062: duplicate"));
  v1::GetTabletResponse down = tablet;
  down.set_mysql_reachable(false);
  down.set_mysql_error("refused");
  EXPECT_THAT(RenderTablet(down),
              ElementsAre("zone1-0000000103 ks/0 REPLICA", "mysql: unreachable: refused"));
}

TEST(CliTextTest, BarsAndColumns) {
  EXPECT_EQ(Bar(0.99, 4, false), "[###.]");
  EXPECT_EQ(Bar(7, 4, false), "[####]");
  EXPECT_EQ(Bar(-1, 4, false), "[....]");
  EXPECT_EQ(Bar(0.5, 2, true), "[█░]");
  EXPECT_THAT(AlignColumns({{"←a", "b"}, {"c"}}), ElementsAre("←a  b", "c"));
  EXPECT_EQ(CutToWidth("a←b", 2), "a←");
  EXPECT_EQ(CutToWidth("a←b", 3), "a←b");
  EXPECT_EQ(CutToWidth("日本", 3), "日");
  EXPECT_EQ(DisplayWidth("日本e\xCC\x81"), 5);  // two wide ones, and an accent on top of the e
  EXPECT_EQ(DisplayWidth("\xFF"), 1);
  EXPECT_EQ(Bar(0.5, 2, false, BarKind::kGuessed), "[=.]");
}

TEST(CliTextTest, NothingThatATerminalWouldObeyIsLeft) {
  EXPECT_EQ(Printable("a\x1b[31m\nb\tc\x7f", true), "a?[31m b c?");
  EXPECT_EQ(Printable("\xC2\x9B"
                      "31m",
                      true),
            "?31m");  // the one-byte CSI of C1
  EXPECT_EQ(Printable("a\xFF日", true), "a?日");
  EXPECT_EQ(Printable("a…", false), "a?");
}

TEST(CliTextTest, TextIsBrokenBetweenWordsAndLongWordsWithin) {
  EXPECT_THAT(WrapWords("one two three", 8, "  "), ElementsAre("one two", "  three"));
  EXPECT_THAT(WrapWords("abcdefghij k", 6, "  "), ElementsAre("abcdef", "  ghij", "  k"));
  EXPECT_THAT(WrapWords("one two", 0, "  "), ElementsAre("one two"));
  EXPECT_THAT(WrapWords("one two", 7, "  "), ElementsAre("one two"));
}

}  // namespace
}  // namespace graft::cli
