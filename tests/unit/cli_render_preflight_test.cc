#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "cli/render.h"

namespace graft::cli {
namespace {

using ::testing::ElementsAre;

v1::PreflightReport Report() {
  v1::PreflightReport report;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
    recipient: "zone1-0000000103" donor: "zone1-0000000101" source: "zone1-0000000100"
    results { id: "VERSIONS" side: CHECK_SIDE_RECIPIENT outcome: PASSED looks_at: "versions" }
    results { id: "DONOR_LAG" side: CHECK_SIDE_DONOR outcome: WARNING found: "10\nminutes"
              remedy: "wait\nfor it" }
    results { id: "SOURCE_BINLOGS" side: CHECK_SIDE_SOURCE outcome: UNCHECKED found: "denied"
              remedy: "grant it" }
    results { id: "DISK_SPACE" side: CHECK_SIDE_RECIPIENT outcome: FATAL found: "too small"
              remedy: "make room" }
    results { id: "OLD" side: CHECK_SIDE_RECIPIENT outcome: PASSED found: "x" remedy: "none" })",
                                                            &report));
  return report;
}

TEST(CliPreflightTest, EveryCheckIsARowAndEveryFaultHasItsRemedy) {
  EXPECT_THAT(
      RenderPreflight(Report(), false),
      ElementsAre("preflight of zone1-0000000103, donor zone1-0000000101, to follow "
                  "zone1-0000000100",
                  "OUTCOME    SIDE       CHECK           FOUND",
                  "PASSED     recipient  VERSIONS        versions",
                  "WARNING    donor      DONOR_LAG       10 minutes",
                  "UNCHECKED  source     SOURCE_BINLOGS  denied",
                  "FATAL      recipient  DISK_SPACE      too small",
                  "PASSED     recipient  OLD             x", "", "DONOR_LAG (donor): wait for it",
                  "SOURCE_BINLOGS (source): grant it", "DISK_SPACE (recipient): make room",
                  "2 passed, 1 warning, 1 unchecked, 1 fatal: CLONE must not be tried"));
}

TEST(CliPreflightTest, TheLastLineSaysIfCloneMayBeTried) {
  EXPECT_EQ(RenderPreflight(Report(), true).back(),
            "2 passed, 1 warning, 1 unchecked, 1 fatal: CLONE may be tried");
  EXPECT_EQ(RenderPreflight(v1::PreflightReport(), false).back(),
            "no check was made; CLONE must not be tried");
}

}  // namespace
}  // namespace graft::cli
