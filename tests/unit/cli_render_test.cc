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
      eta { seconds: 2 }
    })");
}

TEST(CliRenderTest, LiveShowsEachStepAndStage) {
  EXPECT_THAT(
      RenderLive(Cloning(), At(5), false),
      ElementsAre("zone1-0000000103 <- zone1-0000000101 (h:3306)  operation op1  5.0s",
                  "  + resolve_donor   1.0s", "  + preflight       2.0s", "  . claim_donor",
                  "  + fence           500ms", "  > clone           1.5s",
                  "      DROP DATA  Completed                                             1.5s",
                  "      FILE COPY  [############............]   50%  1.0 MiB of 2.0 MiB  "
                  "512.0 KiB/s, 2.0s left",
                  "      PAGE COPY", "  . await_restart", "  . verify", "  . replicate",
                  "  . catch_up", "  . publish"));
}

TEST(CliRenderTest, LiveShowsAStepOfASecondAttemptAsStillToCome) {
  v1::Operation operation = Cloning();
  operation.set_attempt(2);
  operation.mutable_times(3)->mutable_ended()->set_seconds(1004);
  operation.clear_progress();
  operation.set_step("resolve_donor");
  v1::StepTime* again = operation.add_times();
  again->set_step("resolve_donor");
  again->mutable_started()->set_seconds(1004);
  const std::vector<std::string> lines = RenderLive(operation, At(5), false);
  EXPECT_EQ(lines[0],
            "zone1-0000000103 <- zone1-0000000101 (h:3306)  operation op1  attempt 2  5.0s");
  EXPECT_EQ(lines[1], "  > resolve_donor   1.0s");
  EXPECT_EQ(lines[2], "  . preflight");
}

TEST(CliRenderTest, PlainTellsEachStepAndStageOnceAndProgressOnceASecond) {
  PlainState state;
  v1::Operation operation = Cloning();
  EXPECT_THAT(RenderPlain(operation, At(5), state),
              ElementsAre("[  5.0s] resolve_donor", "[  5.0s] preflight", "[  5.0s] fence",
                          "[  5.0s] clone from zone1-0000000101 (h:3306), attempt 1",
                          "[  5.0s] clone: FILE COPY, 1.0 MiB of 2.0 MiB (50%), "
                          "512.0 KiB/s, 2.0s left"));
  EXPECT_THAT(RenderPlain(operation, At(5.9), state), IsEmpty());
  operation.mutable_progress()->set_bytes_done(2097151);
  EXPECT_THAT(RenderPlain(operation, At(6), state),
              ElementsAre("[  6.0s] clone: FILE COPY, 2.0 MiB of 2.0 MiB (99%), "
                          "512.0 KiB/s, 2.0s left"));
  operation.mutable_progress()->set_stage("PAGE COPY");
  operation.mutable_progress()->clear_bytes_expected();
  EXPECT_THAT(RenderPlain(operation, At(6.1), state), ElementsAre("[  6.1s] clone: PAGE COPY"));
  operation.clear_progress();
  EXPECT_THAT(RenderPlain(operation, At(60), state), IsEmpty());
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
    requested { seconds: 1000 } ended { seconds: 1061 } error { reason: "DONOR_LOST" })");
  EXPECT_THAT(
      RenderOperations(list, At(99)),
      ElementsAre("OPERATION  REQUESTED             OUTCOME  STEP   DATA   DONOR             TIME"
                  "   REASON",
                  "op2        1970-01-01 00:16:40Z  failed   clone  EMPTY  zone1-0000000101  1m01s"
                  "  DONOR_LOST"));
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

TEST(CliTextTest, SizesBarsAndColumns) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1536), "1.5 KiB");
  EXPECT_EQ(HumanBytes(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(HumanBytes(int64_t{3} << 40), "3.0 TiB");
  EXPECT_EQ(Bar(0.99, 4, false), "[###.]");
  EXPECT_EQ(Bar(7, 4, false), "[####]");
  EXPECT_EQ(Bar(-1, 4, false), "[....]");
  EXPECT_EQ(Bar(0.5, 2, true), "[█░]");
  EXPECT_THAT(AlignColumns({{"←a", "b"}, {"c"}}), ElementsAre("←a  b", "c"));
  EXPECT_EQ(CutToWidth("a←b", 2), "a←");
  EXPECT_EQ(CutToWidth("a←b", 3), "a←b");
}

}  // namespace
}  // namespace graft::cli
