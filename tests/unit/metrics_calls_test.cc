// Servers and stores whose calls are metered: nothing changes but that they are counted.
#include <gmock/gmock.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "fakes/fake_mysql_server.h"
#include "fakes/fake_store.h"
#include "metrics/metrics.h"
#include "testing/is_ok.h"
#include "testing/temp_folder.h"
#include "topo_open/topo_open.h"
#include "unit/metrics_world.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

uint64_t Total(const CallMeter& meter, const std::string& name) {
  const CallMeter::Calls calls = meter.Read();
  const auto call = calls.find(name);
  if (call == calls.end()) return 0;
  uint64_t total = 0;
  for (const uint64_t count : call->second.seconds.counts) total += count;
  return total;
}

class MeteredServerTest : public ::testing::Test {
 protected:
  // One call, which must reach the server and no other method of it.
  template <typename Call>
  auto Once(const std::string& method, const Call& call) {
    const int before = fake_->calls(method);
    auto result = call(*server_);
    EXPECT_EQ(fake_->calls(method), before + 1) << method;
    EXPECT_EQ(Total(meter_, method), 1) << method;
    seen_.insert(method);
    EXPECT_EQ(meter_.Read().size(), seen_.size()) << "another method was counted, too";
    return result;
  }

  SimulatedClock clock_;
  CallMeter meter_{clock_};
  FakeMysqlServer* fake_ = new FakeMysqlServer(clock_);  // server_ has it
  const std::unique_ptr<MysqlServer> server_ =
      MakeMeteredMysqlServer(std::unique_ptr<MysqlServer>(fake_), meter_);
  std::set<std::string> seen_;
};

TEST_F(MeteredServerTest, WhatIsReadIsHandedOn) {
  fake_->Edit([](FakeMysqlState& state) {
    state.facts.version = "9.7.5";
    ServerSession session;
    session.connection_id = 4711;
    state.sessions = {session};
    state.channels.resize(2);
  });
  EXPECT_EQ(Once("Describe", [](MysqlServer& s) { return s.Describe(); })->version, "9.7.5");
  EXPECT_EQ(Once("Survey", [](MysqlServer& s) { return s.Survey("vt_dba"); })->facts.version,
            "9.7.5");
  const auto variables =
      Once("ReadVariables", [](MysqlServer& s) { return s.ReadVariables({"read_only"}); });
  ASSERT_THAT(variables, IsOk());
  EXPECT_EQ(variables->at(0).name, "read_only");
  EXPECT_EQ(Once("ReadSessions", [](MysqlServer& s) { return s.ReadSessions(); })->size(), 1);
  EXPECT_EQ(Once("ReadReplication", [](MysqlServer& s) { return s.ReadReplication(); })->size(), 2);
  EXPECT_FALSE(Once("ReadClone", [](MysqlServer& s) { return s.ReadClone(); })->status.has_value());
}

TEST_F(MeteredServerTest, WhatIsDoneReachesTheServer) {
  EXPECT_THAT(Once("SetVariables",
                   [](MysqlServer& s) {
                     return s.SetVariables({{VariableChange::How::kGlobal, "read_only", "ON"}});
                   }),
              IsOk());
  EXPECT_EQ(fake_->state().variables.at("read_only"), "ON");
  EXPECT_THAT(Once("DisableEvents", [](MysqlServer& s) { return s.DisableEvents(); }), IsOk());
  EXPECT_THAT(Once("InstallClonePlugin", [](MysqlServer& s) { return s.InstallClonePlugin(); }),
              IsOk());
  EXPECT_TRUE(
      absl::IsNotFound(Once("KillQuery", [](MysqlServer& s) { return s.KillQuery(4711); })));
  EXPECT_TRUE(absl::IsNotFound(
      Once("KillConnection", [](MysqlServer& s) { return s.KillConnection(4711); })));
  ReplicationSource source;
  source.address = {"donor", 3306};
  EXPECT_THAT(Once("StartReplication",
                   [&](MysqlServer& s) { return s.StartReplication(std::move(source)); }),
              IsOk());
  EXPECT_EQ(fake_->state().source->address.host, "donor");
  EXPECT_THAT(Once("StopReplication", [](MysqlServer& s) { return s.StopReplication(true); }),
              IsOk());
  EXPECT_TRUE(fake_->state().channels.empty()) << "forgotten, as asked for";
}

TEST_F(MeteredServerTest, ACloneEndsOnceAndItsCopyIsNoCall) {
  int ends = 0;
  CloneRequest request;
  request.donor = {"donor", 3306};
  const auto id = Once("StartClone", [&](MysqlServer& s) {
    return s.StartClone(request, [&](const absl::Status&) { ++ends; });
  });
  ASSERT_THAT(id, IsOk());
  EXPECT_EQ(fake_->state().clones.at(0).donor.host, "donor");
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(ends, 1);
  EXPECT_EQ(meter_.Read().at("StartClone").seconds.sum, 0);
}

TEST_F(MeteredServerTest, ErrorsAreCountedByTheirCode) {
  fake_->FailNext("Describe", absl::UnavailableError("gone"), 2);
  EXPECT_TRUE(absl::IsUnavailable(server_->Describe().status()));
  EXPECT_TRUE(absl::IsUnavailable(server_->Describe().status()));
  fake_->FailNext("Describe", absl::PermissionDeniedError("no"));
  EXPECT_TRUE(absl::IsPermissionDenied(server_->Describe().status()));
  EXPECT_THAT(server_->Describe(), IsOk());
  EXPECT_THAT(meter_.Read().at("Describe").errors,
              ElementsAre(std::pair(absl::StatusCode::kPermissionDenied, 1),
                          std::pair(absl::StatusCode::kUnavailable, 2)));
  EXPECT_EQ(Total(meter_, "Describe"), 4);
}

TEST(CallMeterTest, TimesByTheClock) {
  SimulatedClock clock;
  CallMeter meter(clock);
  for (const int milliseconds : {0, 30, 30, 60000}) {
    EXPECT_THAT(meter.Run("Get",
                          [&] {
                            clock.Advance(absl::Milliseconds(milliseconds));
                            return absl::OkStatus();
                          }),
                IsOk());
  }
  const CallMeter::Calls calls = meter.Read();
  EXPECT_THAT(calls.at("Get").seconds.counts, ElementsAre(1, 0, 0, 2, 0, 0, 0, 1));
  EXPECT_NEAR(calls.at("Get").seconds.sum, 60.06, 1e-9);
}

TEST(CallMeterTest, TheFirstErrorOfASeriesIsSeenAsAnIncrease) {
  MetricsWorld world;
  EXPECT_THAT(world.calls.topology.Run("Get", [] { return absl::OkStatus(); }), IsOk());
  EXPECT_EQ(world["graft_topology_call_errors_total{call=\"Get\",code=\"UNAVAILABLE\"}"], 0);
}

TEST(CallMeterTest, WhoWasCalledIsTold) {
  MetricsWorld world;
  const auto call = [](CallMeter& meter, absl::Status status) {
    meter.Run("Describe", [&] { return status; }).IgnoreError();
  };
  call(world.calls.local_mysql, absl::OkStatus());
  call(world.calls.peer_mysql, absl::UnavailableError("x"));
  call(world.calls.peer_mysql, absl::UnavailableError("x"));
  const auto count = [&](const std::string& server) {
    return world["graft_mysql_call_duration_seconds_count{server=\"" + server +
                 "\",call=\"Describe\"}"];
  };
  EXPECT_EQ(count("local"), 1);
  EXPECT_EQ(count("peer"), 2);
  EXPECT_EQ(world["graft_mysql_call_errors_total{server=\"peer\",call=\"Describe\","
                  "code=\"UNAVAILABLE\"}"],
            2);
  EXPECT_EQ(world["graft_mysql_call_errors_total{server=\"local\",call=\"Describe\","
                  "code=\"UNAVAILABLE\"}"],
            0);
}

// The behaviour of a metered store is held to the contract of every store
// (tests/contract/key_value_store_test.cc); here, that each call is counted as itself.
TEST(MeteredStoreTest, EachCallIsCountedAsItself) {
  SimulatedClock clock;
  CallMeter meter(clock);
  const auto store = MakeMeteredStore(std::make_unique<FakeStore>(clock), meter);
  const auto lease = store->GrantLease(absl::Seconds(10));
  ASSERT_THAT(lease, IsOk());
  const auto version = store->Create("/a", "1", *lease);
  ASSERT_THAT(version, IsOk());
  EXPECT_THAT(store->KeepLeaseAlive(*lease), IsOk());
  EXPECT_THAT(store->Get("/a"), IsOk());
  EXPECT_THAT(store->Update("/a", "2", *version), IsOk());
  EXPECT_THAT(store->List("/"), IsOk());
  EXPECT_THAT(store->WatchPrefix("/", 0, [](const KeyEvent&) {}), IsOk());
  EXPECT_TRUE(absl::IsAborted(store->Delete("/a", *version)));
  EXPECT_THAT(store->RevokeLease(*lease), IsOk());
  for (const char* call : {"GrantLease", "Create", "KeepLeaseAlive", "Get", "Update", "List",
                           "WatchPrefix", "Delete", "RevokeLease"}) {
    EXPECT_EQ(Total(meter, call), 1) << call;
  }
  EXPECT_EQ(meter.Read().size(), 9);
}

TEST(OpenTopologyTest, AFolderIsNotMadeByChance) {
  const TempFolder folder("topology");
  SimulatedClock clock;
  TopoOptions options;
  options.global_server_address = folder.path() + "/topology";
  options.make_folder = false;
  EXPECT_TRUE(absl::IsNotFound(OpenTopology(clock, options).status()));
  EXPECT_FALSE(std::filesystem::exists(options.global_server_address));
  options.make_folder = true;
  EXPECT_TRUE(OpenTopology(clock, options).ok());
  options.make_folder = false;
  EXPECT_TRUE(OpenTopology(clock, options).ok());
  options.global_server_address = "127.0.0.1:12379";
  const absl::Status etcd = OpenTopology(clock, options).status();
  EXPECT_TRUE(absl::IsInvalidArgument(etcd));
  EXPECT_THAT(std::string(etcd.message()), HasSubstr("--topo-implementation etcd2"));
}

TEST(OpenTopologyTest, EachStoreIsWrappedTheCellsToo) {
  const TempFolder global("metrics");
  const TempFolder cell("metrics");
  SimulatedClock clock;
  CallMeter meter(clock);
  int wrapped = 0;
  TopoOptions options;
  options.global_server_address = global.path();
  const auto topology = OpenTopology(clock, options, [&](std::unique_ptr<KeyValueStore> store) {
    ++wrapped;
    return MakeMeteredStore(std::move(store), meter);
  });
  ASSERT_THAT(topology, IsOk());
  EXPECT_EQ(wrapped, 1);
  ASSERT_THAT(topology->topology->AddCell({"zone1", cell.path(), "/vitess/zone1"}), IsOk());
  EXPECT_GT(Total(meter, "Create"), 0);
  EXPECT_TRUE(absl::IsNotFound(topology->topology->GetTablet({"zone1", 101}).status()));
  EXPECT_EQ(wrapped, 2) << "the cell's own store";
}

}  // namespace
}  // namespace graft
