#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/render.h"
#include "unit/shown_operations.h"

namespace graft::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

TEST(CliDescribeTest, AFailureHasAllThereIs) {
  const v1::Operation operation = ParseOperation(R"pb(
    id: "op1"
    recipient: "zone1-0000000103"
    donor_choice { any: true }
    replicate_from: REPLICATE_FROM_PRIMARY
    settings { max_data_bandwidth_mib: 10 compression: false }
    allow { non_innodb: true }
    step: "clone"
    outcome: FAILED
    data_state: EMPTY
    attempt: 1
    donor: "zone1-0000000101"
    donor_mysql: "h:3306"
    requested { seconds: 1000 }
    ended { seconds: 1020 }
    times {
      step: "preflight"
      started { seconds: 1000 }
      ended { seconds: 1005 }
    }
    times {
      step: "clone"
      started { seconds: 1005 }
      ended { seconds: 1020 }
    }
    error { code: "UNAVAILABLE" reason: "DONOR_GONE" message: "no byte for 5m" }
    findings { id: "DONOR_LAG" side: CHECK_SIDE_DONOR outcome: WARNING found: "10 minutes" }
    ended_sessions { connection_id: 12 user: "app" host: "10.0.0.1:4711" }
    proof { gtid_before: "u:1-9" }
    progress {
      bytes_done: 3145728
      stages {
        stage: "FILE COPY"
        state: "Failed"
        estimate_bytes: 6291456
        data_bytes: 3145728
        network_bytes: 3145800
        begin_time: "2026-11-20 13:00:09.000"
        end_time: "2026-11-20 13:00:11.000"
      }
      stages { stage: "PAGE COPY" state: "Not Started" }
      phases { phase: "FILE COPY" share: 1 done: 0.5 measured: true }
    })pb");
  EXPECT_THAT(
      RenderDescription(operation, At(500)),
      ElementsAre("operation op1", "  tablet     zone1-0000000103", "  outcome    failed in clone",
                  "  data       EMPTY: the old data is dropped, nothing usable is there",
                  "  donor      zone1-0000000101 (h:3306)", "  requested  1970-01-01 00:16:40Z",
                  "  ended      1970-01-01 00:17:00Z", "  took       20.0s", "  attempts   1", "",
                  "asked for", "  donor        the best of the shard", "  follow       the primary",
                  "  bandwidth    data at most 10 MiB/s, network as it was", "  compression  off",
                  "  allowed      tables that are not InnoDB", "", "steps",
                  "  STEP       STARTED               ENDED                 TIME   SHARE",
                  "  preflight  1970-01-01 00:16:40Z  1970-01-01 00:16:45Z  5.0s   25.0%",
                  "  clone      1970-01-01 00:16:45Z  1970-01-01 00:17:00Z  15.0s  75.0%", "",
                  "clone", "  STAGE      STATE        BYTES    OF       NETWORK  TIME  RATE",
                  "  FILE COPY  Failed       3.0 MiB  6.0 MiB  3.0 MiB  2.0s  1.5 MiB/s",
                  "  PAGE COPY  Not Started  -        -        -        -     -", "",
                  "what happened", "  warning DONOR_LAG (donor): 10 minutes",
                  "  ended 1 session: 12 app@10.0.0.1:4711", "", "gtid_executed before", "  u:1-9",
                  "", "error", "  code     UNAVAILABLE", "  reason   DONOR_GONE",
                  "  message  no byte for 5m",
                  "  read     docs/reference/reasons.md: look up DONOR_GONE"));
}

TEST(CliDescribeTest, OnlyATabletThatIsDoneFollowsItsSource) {
  v1::Operation operation = ParseOperation(R"pb(outcome: CANCELLED step: "clone" source: "s")pb");
  EXPECT_THAT(RenderDescription(operation, At(1)), Contains("  to follow  s"));
  operation.set_outcome(v1::DONE);
  EXPECT_THAT(RenderDescription(operation, At(1)), Contains("  follows   s"));
}

TEST(CliDescribeTest, ARunningOneSaysHowFarItIsAndWhatThatIsKnownFrom) {
  v1::Operation operation = SecondAttempt();
  const std::vector<std::string> lines = RenderDescription(operation, At(133));
  EXPECT_THAT(lines, IsSupersetOf({"  outcome    running in clone", "  attempts   2", "progress",
                                   "  45%, about 4m left, 3m to 7m; estimated from typical figures",
                                   "  PHASE      DONE             OF THE WHOLE  TIME   DETAIL",
                                   "  DROP DATA  100%  estimated  about 5%      3.0s",
                                   "  FILE COPY  50%   measured   about 60%     1m09s  1.2 GiB of "
                                   "2.4 GiB"}));
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("  clone  "), HasSubstr("runs"))));
  EXPECT_THAT(lines, Not(Contains("error")));
  operation.mutable_progress()->set_learnt_from(4);
  EXPECT_THAT(RenderDescription(operation, At(133)),
              Contains(HasSubstr("estimated from 4 earlier operations")));
}

}  // namespace
}  // namespace graft::cli
