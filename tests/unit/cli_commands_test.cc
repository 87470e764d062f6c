#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>

#include "cli/commands.h"
#include "fakes/fake_store.h"
#include "fakes/simulated_clock.h"

namespace graft::cli {
namespace {

using ::testing::HasSubstr;

class CliTopoTest : public ::testing::Test {
 protected:
  CliTopoTest() {
    EXPECT_TRUE(AddCell(session_, topology_, Cell{"zone1", "here", "/c"}).ok());
    tablet_.alias = TabletAlias{"zone1", 101};
    tablet_.hostname = "h1";
    tablet_.port_map = {{"graft", 9001}};
    tablet_.keyspace = "ks";
    tablet_.shard = "0";
    tablet_.type = TabletType::kReplica;
    tablet_.mysql = HostPort{"m1", 3306};
    tablet_.tags = {{"graft.step", "clone"}};
    EXPECT_TRUE(topology_.RegisterTablet(tablet_).ok());
    out_.str("");
  }

  SimulatedClock clock_;
  FakeStore store_{clock_};
  VitessTopology topology_{{clock_, store_, "/g", "here", nullptr}};
  std::ostringstream out_;
  std::ostringstream err_;
  Session session_{clock_, out_, err_, Screen(), OutputFormat::kTable, absl::Seconds(10), ""};
  Tablet tablet_;
};

TEST_F(CliTopoTest, TabletsAreATable) {
  ASSERT_TRUE(ShowTablets(session_, topology_, {}, nullptr).ok());
  EXPECT_EQ(out_.str(),
            "TABLET            KEYSPACE  SHARD  TYPE     AGENT    MYSQL    TAGS\n"
            "zone1-0000000101  ks        0      REPLICA  h1:9001  m1:3306  graft.step=clone\n");
}

TEST_F(CliTopoTest, AListOfWhatDoesNotExistIsNotFound) {
  const auto refusal = [&](const TabletFilter& filter) {
    const absl::Status status = ShowTablets(session_, topology_, filter, nullptr).status();
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(refusal({"", "", "ks/1"}), HasSubstr("shard ks/1 is not in the topology below /g"));
  EXPECT_THAT(refusal({"", "", "nope"}), HasSubstr("shard nope is not in the topology"));
  EXPECT_THAT(refusal({"", "nope", ""}), HasSubstr("keyspace nope is not in the topology"));
  EXPECT_EQ(out_.str(), "");
  VitessTopology elsewhere({clock_, store_, "/globl", "here", nullptr});
  EXPECT_THAT(std::string(ShowTablets(session_, elsewhere, {}, nullptr).status().message()),
              HasSubstr("nothing is below /globl: is --topo-global-root right?"));
  ASSERT_TRUE(elsewhere.AddCell(Cell{"zone1", "here", "/c2"}).ok());
  EXPECT_TRUE(ShowTablets(session_, elsewhere, {}, nullptr).ok()) << "no tablet yet";
}

TEST_F(CliTopoTest, TabletsAsJsonAreVitesssRecords) {
  session_.output = OutputFormat::kJson;
  ASSERT_TRUE(ShowTablets(session_, topology_, {}, nullptr).ok());
  EXPECT_THAT(out_.str(), HasSubstr("{\"alias\":{\"cell\":\"zone1\",\"uid\":101}"));
  EXPECT_THAT(out_.str(), HasSubstr("\"portMap\":{\"graft\":9001}"));
}

TEST_F(CliTopoTest, SetPrimaryShowsInTheTopology) {
  ASSERT_TRUE(SetPrimary(session_, topology_, "ks/0", "zone1-101").ok());
  out_.str("");
  ASSERT_TRUE(ShowTopology(session_, topology_).ok());
  EXPECT_THAT(out_.str(), HasSubstr("zone1  here    /c\n"));
  EXPECT_THAT(out_.str(), HasSubstr("ks        0      zone1-0000000101\n"));
  EXPECT_THAT(out_.str(), HasSubstr("PRIMARY"));
  EXPECT_EQ(SetPrimary(session_, topology_, "ks", "zone1-101").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(CliTopoTest, TheTopologyAsJsonIsOneObject) {
  session_.output = OutputFormat::kJson;
  ASSERT_TRUE(ShowTopology(session_, topology_).ok());
  EXPECT_THAT(out_.str(), HasSubstr("\"serverAddress\":\"here\""));
  EXPECT_THAT(out_.str(), HasSubstr("\"tablets\":[{\"alias\""));
}

TEST_F(CliTopoTest, ACellThatIsAwayIsNamedBesideTheRestOfTheList) {
  VitessTopology topology({clock_, store_, "/g", "here", [](const std::string& /*address*/) {
                             return absl::StatusOr<std::shared_ptr<KeyValueStore>>(
                                 absl::UnavailableError("no route"));
                           }});
  ASSERT_TRUE(topology.AddCell(Cell{"zone2", "far", "/d"}).ok());
  const std::string missing = "cell zone2 is missing here: open cell zone2 at far: no route\n";
  EXPECT_EQ(*ShowTablets(session_, topology, {}, nullptr), ExitCode::kDone);
  EXPECT_THAT(out_.str(), HasSubstr("zone1-0000000101"));
  EXPECT_EQ(err_.str(), missing);
  EXPECT_EQ(*ShowTopology(session_, topology), ExitCode::kDone);
  EXPECT_EQ(err_.str(), missing + missing);
  session_.output = OutputFormat::kJson;
  EXPECT_EQ(*ShowTopology(session_, topology), ExitCode::kDone);
  EXPECT_THAT(out_.str(), HasSubstr("\"missingCells\":[{"));
  EXPECT_THAT(out_.str(), HasSubstr("\"error\":\"UNAVAILABLE: open cell zone2 at far: no route\""));
}

TEST_F(CliTopoTest, TheAgentIsWhereTheRecordSays) {
  EXPECT_EQ(FindAgent(topology_, tablet_.alias)->address, "h1:9001");
  EXPECT_EQ(FindAgent(topology_, TabletAlias{"zone1", 9}).status().code(),
            absl::StatusCode::kNotFound);
  ASSERT_TRUE(topology_.UnregisterTablet(tablet_).ok());
  const absl::Status stopped = FindAgent(topology_, tablet_.alias).status();
  EXPECT_EQ(stopped.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(stopped.message()), HasSubstr("was stopped at"));
  Tablet vitess = tablet_;
  vitess.port_map = {{"vt", 1}};
  ASSERT_TRUE(topology_.RegisterTablet(vitess).ok());
  EXPECT_EQ(FindAgent(topology_, tablet_.alias).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace graft::cli
