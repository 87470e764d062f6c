// A real graftd with a real etcd and no mysqld: what it does while the topology, or a part of it,
// is away, and who else may have its state directory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "base/files.h"
#include "testing/black_hole.h"
#include "testing/crowd.h"
#include "testing/etcd_server.h"
#include "testing/eventually.h"
#include "testing/http_client.h"
#include "testing/is_ok.h"
#include "testing/ports.h"
#include "testing/process.h"
#include "testing/temp_folder.h"
#include "testing/test_env.h"

namespace graft {
namespace {

using ::testing::HasSubstr;

class AgentTopologyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto etcd = EtcdServer::Start();
    ASSERT_THAT(etcd, IsOk());
    etcd_ = *std::move(etcd);
    ASSERT_TRUE(WriteFile(Path("password"), "secret").ok());
    ASSERT_EQ(Graftctl({"topo", "add-cell", "zone1"}), 0) << Log("graftctl");
    // Another cell of the same topology, whose store swallows packets.
    ASSERT_EQ(Graftctl({"topo", "add-cell", "zone2", "--server-address", away_.address()}), 0)
        << Log("graftctl");
  }

  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string Log(const std::string& name) const {
    return ReadFile(Path(name + ".log")).value_or("");
  }

  std::unique_ptr<Process> Start(std::vector<std::string> argv, const std::string& log) const {
    const auto program = OurProgram(argv[0]);
    EXPECT_THAT(program, IsOk());
    argv[0] = *program;
    ProcessOptions options;
    options.env = {"GRAFT_TOPO_IMPLEMENTATION=etcd2",
                   "GRAFT_TOPO_GLOBAL_SERVER_ADDRESS=" + etcd_->endpoint(),
                   "GRAFT_TOPO_GLOBAL_ROOT=/vitess/global"};
    options.log_file = Path(log + ".log");
    options.forbid_realtime_waits = true;
    auto process = Process::Start(argv, options);
    EXPECT_THAT(process, IsOk());
    return *std::move(process);
  }

  std::unique_ptr<Process> StartAgent(const std::string& log, int grpc_port = FreePort(),
                                      int http_port = 0) const {
    return Start({"graftd",
                  "--tablet-path",
                  "zone1-101",
                  "--tablet-hostname",
                  "127.0.0.1",
                  "--bind-address",
                  "127.0.0.1",
                  "--grpc-port",
                  absl::StrCat(grpc_port),
                  "--port",
                  absl::StrCat(http_port),
                  "--init-keyspace",
                  "shop",
                  "--init-shard",
                  "0",
                  "--db-socket",
                  Path("none.sock"),
                  "--state-dir",
                  Path("state"),
                  "--db-repl-password-file",
                  Path("password"),
                  "--db-clone-password-file",
                  Path("password")},
                 log);
  }

  // Its exit code, -1 for a signal or if it does not end.
  static int EndOf(Process& process, absl::Duration timeout) {
    const auto status = process.Wait(timeout);
    EXPECT_THAT(status, IsOk());
    return status.ok() && status->signal == 0 ? status->code : -1;
  }

  int Graftctl(std::vector<std::string> args) const {
    args.insert(args.begin(), "graftctl");
    return EndOf(*Start(args, "graftctl"), absl::Seconds(60));
  }

  bool AwaitRegistered() const {
    return Eventually(absl::Seconds(30), [this] {
      const auto keys = etcd_->Ctl({"get", "--keys-only", "--prefix", "/vitess/zone1/tablets/"});
      return keys.ok() && !keys->empty() &&
             Log("graftd").find("tablet registered") != std::string::npos;
    });
  }

  const TempFolder folder_{"agent-topo"};
  const BlackHole away_;
  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  std::unique_ptr<EtcdServer> etcd_;
};

TEST_F(AgentTopologyTest, StopsWithinTwentySecondsWhileTheTopologySwallowsPackets) {
  const auto agent = StartAgent("graftd");
  ASSERT_TRUE(AwaitRegistered()) << Log("graftd");
  ASSERT_THAT(etcd_->Stop(), IsOk());
  const absl::Time start = clock_->Now();
  agent->Kill(SIGTERM);
  EXPECT_EQ(EndOf(*agent, absl::Seconds(60)), 0) << Log("graftd");
  EXPECT_LT(clock_->Now() - start, absl::Seconds(20));
  etcd_->Continue();
}

TEST_F(AgentTopologyTest, WaitsForATopologyThatIsAwayAndNeverOnTheWallClock) {
  const auto agent = StartAgent("graftd");
  ASSERT_TRUE(AwaitRegistered()) << Log("graftd");
  const std::string before = *etcd_->Ctl({"get", "--prefix", "/vitess/zone1/tablets/"});
  ASSERT_THAT(etcd_->Stop(), IsOk());
  EXPECT_FALSE(Eventually(absl::Seconds(7), [&] { return !agent->running(); })) << Log("graftd");
  etcd_->Continue();
  ASSERT_TRUE(Eventually(absl::Seconds(30), [&] {
    return etcd_->Ctl({"get", "--prefix", "/vitess/zone1/tablets/"}).ok();
  }));
  agent->Kill(SIGTERM);
  EXPECT_EQ(EndOf(*agent, absl::Seconds(20)), 0) << Log("graftd");
  EXPECT_NE(*etcd_->Ctl({"get", "--prefix", "/vitess/zone1/tablets/"}), before)
      << "its record should say that it was stopped";
}

TEST_F(AgentTopologyTest, ACellThatIsAwayIsNamedBesideTheOthersTablets) {
  const auto agent = StartAgent("graftd");
  ASSERT_TRUE(AwaitRegistered()) << Log("graftd");
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"tablets"}, {"topo", "show"}}) {
    const size_t told = Log("graftctl").size();
    EXPECT_EQ(Graftctl(args), 0) << Log("graftctl");
    EXPECT_THAT(Log("graftctl").substr(told), HasSubstr("zone1-0000000101"));
    EXPECT_THAT(Log("graftctl").substr(told), HasSubstr("cell zone2 is missing here"));
  }
}

TEST_F(AgentTopologyTest, ASecondAgentOnTheStateDirectoryIsToldWhoHasIt) {
  const auto agent = StartAgent("graftd");
  ASSERT_TRUE(AwaitRegistered()) << Log("graftd");
  const auto second = StartAgent("second");
  EXPECT_EQ(EndOf(*second, absl::Seconds(20)), 1);
  EXPECT_THAT(Log("second"), HasSubstr("STATE_DIR_HELD"));
  EXPECT_THAT(Log("second"), HasSubstr(absl::StrCat("process id ", agent->pid(), " on ")));
  EXPECT_TRUE(agent->running());
  agent->Kill(SIGKILL);
  ASSERT_TRUE(AwaitProcessEnd(agent->pid(), absl::Seconds(10)));
  const auto third = StartAgent("third");
  EXPECT_TRUE(Eventually(absl::Seconds(30), [&] {
    return Log("third").find("tablet registered") != std::string::npos;
  })) << Log("third");
}

// 1,200 connections and 1,024 descriptors: the API and /healthz are back by themselves.
TEST_F(AgentTopologyTest, ACrowdOfConnectionsIsNotTheEndOfTheApi) {
  const int grpc_port = FreePort();
  const int http_port = FreePort();
  const auto agent = StartAgent("graftd", grpc_port, http_port);
  ASSERT_TRUE(AwaitRegistered()) << Log("graftd");
  const rlimit few = {1024, 1024};
  ASSERT_EQ(prlimit(agent->pid(), RLIMIT_NOFILE, &few, nullptr), 0);
  const std::vector<std::string> history = {"history", "zone1-101", "--server",
                                            absl::StrCat("127.0.0.1:", grpc_port)};
  const auto health = [&] { return AskHttp(http_port, "/healthz").status; };
  EXPECT_EQ(Graftctl(history), 0) << Log("graftctl");
  EXPECT_EQ(health(), 200);
  CrowdProcess crowd(grpc_port, 1200, kHttp2Greeting);
  EXPECT_TRUE(Eventually(absl::Seconds(30), [&] { return Graftctl(history) == 0; }))
      << "quiet connections make room";
  crowd.Leave();
  EXPECT_TRUE(Eventually(absl::Seconds(30), [&] { return health() == 200; }));
  EXPECT_EQ(Graftctl(history), 0) << Log("graftctl");
  const CrowdProcess http_crowd(http_port, 1200, "GET / HTTP/1.1\r\n");
  EXPECT_EQ(health(), 200);
  EXPECT_EQ(Graftctl(history), 0) << Log("graftctl");
  EXPECT_TRUE(agent->running());
}

}  // namespace
}  // namespace graft
