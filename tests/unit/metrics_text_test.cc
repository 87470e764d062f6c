#include "metrics/metrics.h"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

#include "unit/metrics_world.h"

namespace graft {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

size_t Series(const std::string& text) {
  size_t series = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (line[0] != '#') ++series;
  }
  return series;
}

TEST(MetricsTextTest, AnAgentThatKnowsNothingYetSaysSo) {
  MetricsWorld world;
  EXPECT_EQ(world["graft_mysql_up"], 0);
  EXPECT_EQ(world["graft_mysql_read_age_seconds"], std::nullopt);
  EXPECT_EQ(world["graft_mysql_super_read_only"], std::nullopt) << "it is not known to be OFF";
  EXPECT_EQ(world["graft_replication_channels"], std::nullopt);
  EXPECT_EQ(world["graft_operation_outcome{outcome=\"running\"}"], 0);
  EXPECT_EQ(world["graft_operation_data_state{data_state=\"INTACT\"}"], 0);
  EXPECT_EQ(world["graft_claim_lease_age_seconds"], std::nullopt);
  EXPECT_EQ(world["graft_operations_total{outcome=\"failed\"}"], 0);
  EXPECT_THAT(world.metrics->Text(), HasSubstr("# TYPE graft_operation_eta_seconds gauge\n"))
      << "a metric without a sample is listed, too";
}

TEST(MetricsTextTest, TheTabletIsNamedOnceAndNowhereElse) {
  MetricsWorld world;
  world.Fill();
  EXPECT_EQ(world["graft_tablet_info{alias=\"zone1-0000000101\",keyspace=\"shop\",shard=\"-80\","
                  "type=\"REPLICA\"}"],
            1);
  const std::string text = world.metrics->Text();
  EXPECT_EQ(text.find("zone1-0000000101"), text.rfind("zone1-0000000101"));
  EXPECT_THAT(text, Not(HasSubstr("op-1"))) << "ids would make a new series for each operation";
  EXPECT_THAT(text, HasSubstr("graft_build_info{version=\"0.1.0\",compiler=\""));
}

TEST(MetricsTextTest, TheServerAsSeenLast) {
  MetricsWorld world;
  world.Fill();
  EXPECT_EQ(world["graft_mysql_up"], 1);
  EXPECT_EQ(world["graft_mysql_info{version=\"9.7.4\"}"], 1);
  EXPECT_EQ(world["graft_mysql_super_read_only"], 1);
  EXPECT_EQ(world["graft_mysql_read_age_seconds"], 3);
  EXPECT_EQ(world["graft_replication_channels"], 1);
  EXPECT_EQ(world["graft_replication_receiver_running{channel=\"\"}"], 1);
  EXPECT_EQ(world["graft_replication_applier_running{channel=\"\"}"], 0);
  EXPECT_EQ(world["graft_replication_last_errno{channel=\"\",thread=\"applier\"}"], 1062);
  EXPECT_EQ(world["graft_replication_lag_seconds{channel=\"\"}"], 7);
  EXPECT_EQ(world["graft_donations_running"], 1);
  EXPECT_EQ(world["graft_donations_total"], 4);
}

TEST(MetricsTextTest, AServerThatIsGoneLeavesNoOldNews) {
  MetricsWorld world;
  world.Fill();
  world.tablet.mysql_reachable = false;
  world.clock.Advance(absl::Seconds(60));
  EXPECT_EQ(world["graft_mysql_up"], 0);
  EXPECT_EQ(world["graft_mysql_read_age_seconds"], 63);
  EXPECT_EQ(world["graft_replication_lag_seconds{channel=\"\"}"], std::nullopt);
  EXPECT_EQ(world["graft_mysql_super_read_only"], std::nullopt);
  EXPECT_EQ(world["graft_donations_running"], std::nullopt);
  EXPECT_EQ(world["graft_donations_total"], 4) << "a counter stays";
}

TEST(MetricsTextTest, SessionsThatCannotBeSeenAreNotNone) {
  MetricsWorld world;
  world.Fill();
  world.tablet.donating = std::nullopt;
  EXPECT_EQ(world["graft_donations_running"], std::nullopt);
}

TEST(MetricsTextTest, TheClaimsAgeGrowsUntilTheScrape) {
  MetricsWorld world;
  world.Fill();
  world.clock.Advance(absl::Seconds(20));
  EXPECT_EQ(world["graft_claim_lease_age_seconds"], 29);
  EXPECT_EQ(world["graft_claim_lease_ttl_seconds"], 30);
}

TEST(MetricsTextTest, TheProcessHasItsCost) {
  MetricsWorld world;
  EXPECT_GT(world["process_resident_memory_bytes"], 1 << 20);
  EXPECT_GT(world["process_virtual_memory_bytes"], world["process_resident_memory_bytes"]);
  EXPECT_GE(world["process_open_fds"], 3);
  EXPECT_GT(world["process_max_fds"], world["process_open_fds"]);
  const double now = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
  EXPECT_LT(world["process_start_time_seconds"], now + 2);
  EXPECT_GT(world["process_start_time_seconds"], now - 600);
  const std::optional<double> before = world["process_cpu_seconds_total"];
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
  while (std::chrono::steady_clock::now() < end) {
  }
  EXPECT_GT(world["process_cpu_seconds_total"], before);
}

// Values of others, a version say, must not break the page.
TEST(MetricsTextTest, LabelsAreQuoted) {
  MetricsWorld world;
  world.tablet.mysql_version = "9.7\"\n\\x";
  EXPECT_THAT(world.metrics->Text(), HasSubstr(R"(graft_mysql_info{version="9.7\"\n\\x"} 1)"));
}

// The bounds that docs/reference/metrics.md names: the series of an idle agent, and the time of a
// scrape.
TEST(MetricsTextTest, AScrapeIsSmallAndCheap) {
  MetricsWorld idle;
  const absl::Status ok;
  for (const char* call : {"Describe", "ReadReplication", "ReadSessions", "ReadVariables"}) {
    EXPECT_TRUE(idle.calls.local_mysql.Run(call, [&] { return ok; }).ok());
  }
  for (const char* call : {"Get", "List", "Create", "Update"}) {
    EXPECT_TRUE(idle.calls.topology.Run(call, [&] { return ok; }).ok());
  }
  idle.tablet.mysql_reachable = true;
  idle.tablet.replication.resize(1);
  EXPECT_LT(Series(idle.metrics->Text()), 400);
  MetricsWorld busy;
  busy.Fill();
  constexpr int kScrapes = 100;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kScrapes; ++i) EXPECT_FALSE(busy.metrics->Text().empty());
  const std::chrono::duration<double> each = (std::chrono::steady_clock::now() - begin) / kScrapes;
  RecordProperty("series_idle", static_cast<int>(Series(idle.metrics->Text())));
  RecordProperty("microseconds", static_cast<int>(each.count() * 1e6));
  EXPECT_LT(each.count(), 0.02) << "ten times what it should be, for a busy machine";
}

}  // namespace
}  // namespace graft
