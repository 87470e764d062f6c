// /metrics of real agents: while one tablet is cloned from the other, afterwards, and while MySQL
// and the topology hang.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "testing/clone_brake.h"
#include "testing/eventually.h"
#include "testing/http_client.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "testing/process.h"
#include "testing/shard_rows.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

using ::testing::AllOf;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::Optional;

constexpr absl::Duration kPatience = absl::Seconds(30);

// One scrape.
class Page {
 public:
  explicit Page(std::string text) : text_(std::move(text)) {}

  const std::string& text() const { return text_; }
  std::optional<double> operator[](const std::string& series) const {
    for (absl::string_view line : absl::StrSplit(text_, '\n')) {
      double value = 0;
      if (absl::ConsumePrefix(&line, series + " ") && absl::SimpleAtod(line, &value)) return value;
    }
    return std::nullopt;
  }
  // Lines of "# TYPE".
  std::vector<std::string> Families() const {
    std::vector<std::string> families;
    for (absl::string_view line : absl::StrSplit(text_, '\n')) {
      if (absl::ConsumePrefix(&line, "# TYPE ")) families.emplace_back(line);
    }
    return families;
  }
  size_t Series() const {
    size_t series = 0;
    for (absl::string_view line : absl::StrSplit(text_, '\n', absl::SkipEmpty())) {
      if (!absl::StartsWith(line, "#")) ++series;
    }
    return series;
  }

 private:
  std::string text_;
};

class MetricsIntegrationTest : public ::testing::Test {
 protected:
  static void TearDownTestSuite() { shard_.reset(); }

  void SetUp() override {
    if (shard_ != nullptr) return;
    auto shard = MiniShard::Start(MiniShard::Store::kEtcd);
    ASSERT_THAT(shard, IsOk());
    ASSERT_THAT((*shard)->AddReplicatedTablets(2, 4), IsOk());
    shard_ = *std::move(shard);
    for (const MiniTablet* tablet : {&donor(), &recipient()}) {
      const auto record = shard_->Record(*tablet);
      ASSERT_THAT(record, IsOk());
      ASSERT_TRUE(record->port_map().count("vt")) << record->DebugString();
      ports_.push_back(record->port_map().at("vt"));
    }
  }

  MiniTablet& donor() { return shard_->tablet(0); }
  MiniTablet& recipient() { return shard_->tablet(1); }

  Page Scrape(int tablet) {
    const HttpReply reply = AskHttp(ports_[static_cast<size_t>(tablet)], "/metrics");
    EXPECT_EQ(reply.status, 200) << reply.body;
    return Page(reply.body);
  }
  Page ScrapeDonor() { return Scrape(0); }
  Page ScrapeRecipient() { return Scrape(1); }

  static void ExpectPromtoolAccepts(const Page& page) {
    const TempFolder folder("metrics");
    const std::string file = folder.path() + "/page";
    std::ofstream(file) << page.text();
    ProcessOptions options;
    options.stdin_file = file;
    const auto output = RunAndRead({"promtool", "check", "metrics"}, options, kPatience);
    ASSERT_THAT(output, IsOk());
    EXPECT_THAT(*output, IsEmpty());
  }

  void ExpectIdle(const Page& page) {
    EXPECT_LT(page.Series(), 400);
    EXPECT_EQ(page["graft_mysql_up"], 1);
    EXPECT_THAT(page["graft_mysql_read_age_seconds"], Optional(Lt(10)));
    EXPECT_EQ(page["graft_donations_running"], 0);
    EXPECT_EQ(page["graft_operation_outcome{outcome=\"running\"}"], 0);
    EXPECT_THAT(page["graft_topology_call_duration_seconds_count{call=\"Get\"}"], Optional(Gt(0)));
    EXPECT_THAT(page["graft_mysql_call_duration_seconds_count{server=\"local\",call=\"Describe\"}"],
                Optional(Gt(0)));
    EXPECT_THAT(page["process_open_fds"], Optional(Gt(3)));
  }

  void ExpectCopying() {
    EXPECT_TRUE(Eventually(
        kPatience, [&] { return ScrapeRecipient()["graft_operation_bytes"].value_or(0) > 0; }));
    const Page page = ScrapeRecipient();
    ExpectPromtoolAccepts(page);
    EXPECT_EQ(page["graft_operation_step{step=\"clone\"}"], 1);
    EXPECT_EQ(page["graft_operation_stage{stage=\"FILE COPY\"}"], 1);
    EXPECT_EQ(page["graft_operation_data_state{data_state=\"EMPTY\"}"], 1);
    EXPECT_THAT(page["graft_operation_expected_bytes"], Optional(Gt(100e6)));
    EXPECT_THAT(page["graft_operation_stage_expected_bytes{stage=\"FILE COPY\"}"],
                Optional(Gt(100e6)));
    EXPECT_THAT(page["graft_operation_progress_ratio"], Optional(AllOf(Gt(0), Lt(1))));
    EXPECT_THAT(page["graft_operation_last_byte_age_seconds"], Optional(Lt(20)));
    EXPECT_THAT(page["graft_claim_lease_age_seconds"], Optional(Lt(20)));
    EXPECT_EQ(page["graft_claim_lease_ttl_seconds"], 30);
    EXPECT_THAT(page["graft_mysql_call_duration_seconds_count{server=\"peer\",call=\"Survey\"}"],
                Optional(Gt(0)));
    EXPECT_TRUE(
        Eventually(kPatience, [&] { return ScrapeDonor()["graft_donations_running"] == 1; }));
    EXPECT_EQ(ScrapeRecipient()["graft_donations_running"], 0) << "it takes, and does not give";
  }

  void ExpectDone() {
    const Page page = ScrapeRecipient();
    EXPECT_EQ(page["graft_operation_outcome{outcome=\"done\"}"], 1);
    EXPECT_EQ(page["graft_operation_data_state{data_state=\"CLONED\"}"], 1);
    EXPECT_EQ(page["graft_operations_total{outcome=\"done\"}"], 1);
    EXPECT_EQ(page["graft_operation_duration_seconds_count{outcome=\"done\"}"], 1);
    for (const char* step : {"resolve_donor", "preflight", "claim_donor", "fence", "clone",
                             "await_restart", "verify", "replicate", "catch_up", "publish"}) {
      EXPECT_EQ(
          page[absl::StrCat("graft_operation_step_duration_seconds_count{step=\"", step, "\"}")], 1)
          << step;
    }
    EXPECT_THAT(page["graft_clone_bytes_total"], Optional(Gt(100e6)));
    EXPECT_EQ(page["graft_claim_lease_age_seconds"], std::nullopt);
    EXPECT_TRUE(Eventually(kPatience, [&] {
      const Page now = ScrapeRecipient();
      return now["graft_replication_receiver_running{channel=\"\"}"] == 1 &&
             now["graft_replication_applier_running{channel=\"\"}"] == 1 &&
             now["graft_mysql_super_read_only"] == 1;
    }));
    EXPECT_TRUE(
        Eventually(kPatience, [&] { return ScrapeDonor()["graft_donations_running"] == 0; }));
    EXPECT_THAT(ScrapeDonor()["graft_donations_total"], Optional(Gt(0)));
  }

  static inline std::unique_ptr<MiniShard> shard_;
  static inline std::vector<int> ports_;
};

TEST_F(MetricsIntegrationTest, ACloneIsSeenFromBothSides) {
  const Page idle = ScrapeRecipient();
  ExpectPromtoolAccepts(idle);
  ExpectIdle(idle);
  EXPECT_THAT(idle.text(), HasSubstr(absl::StrCat("alias=\"", recipient().alias,
                                                  "\",keyspace=\"shop\",shard=\"0\"")));
  ASSERT_THAT(BrakeClone(*recipient().mysql), IsOk());
  const CommandResult started =
      shard_->Graftctl({"reprovision", recipient().alias, "--from-primary"});
  ASSERT_EQ(started.code, 0) << started.err;
  ExpectCopying();
  ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
  const CommandResult watched = shard_->Graftctl({"watch", recipient().alias});
  EXPECT_EQ(watched.code, 0) << watched.err;
  ExpectDone();
  EXPECT_EQ(ScrapeRecipient().Families(), idle.Families()) << "every metric is always listed";
}

TEST_F(MetricsIntegrationTest, AScrapeWaitsForNobody) {
  const auto mysqld = donor().mysql->mysqld_pid();
  ASSERT_TRUE(mysqld.has_value());
  ASSERT_THAT(shard_->etcd().Stop(), IsOk());
  donor().mysql->KillMysqld(SIGSTOP);
  // Long enough for the agent to be in the middle of a call.
  EXPECT_TRUE(Eventually(
      kPatience, [&] { return ScrapeDonor()["graft_mysql_read_age_seconds"].value_or(0) > 6; }));
  const absl::Time begin = absl::Now();
  const Page page = ScrapeDonor();
  EXPECT_LT(absl::Now() - begin, absl::Seconds(1));
  EXPECT_THAT(page["graft_mysql_read_age_seconds"], Optional(Gt(6)));
  donor().mysql->KillMysqld(SIGCONT);
  shard_->etcd().Continue();
  EXPECT_TRUE(Eventually(
      kPatience, [&] { return ScrapeDonor()["graft_mysql_read_age_seconds"].value_or(100) < 5; }));
}

}  // namespace
}  // namespace graft
