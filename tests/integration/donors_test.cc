// Which donors are refused, on real servers: an empty one, another server in a tablet's place, an
// address that is none, hosts that do not answer.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "testing/eventually.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "topo_open/topo_open.h"

namespace graft {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

// Takes connections and never says a word.
class SilentPort {
 public:
  SilentPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 1000), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentPort() { close(socket_); }
  int port() const { return port_; }

 private:
  const int socket_;
  int port_ = 0;
};

class DonorsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto shard = MiniShard::Start(MiniShard::Store::kEtcd);
    ASSERT_THAT(shard, IsOk());
    ASSERT_THAT((*shard)->AddReplicatedTablets(3, 1), IsOk());
    shard_ = *std::move(shard);
    ASSERT_THAT(shard_->AddTablet(), IsOk());  // never provisioned
  }
  static void TearDownTestSuite() { shard_.reset(); }

  void SetUp() override {
    ASSERT_NE(shard_, nullptr);
    TopoOptions options;
    options.implementation = kTopoEtcd;
    options.global_server_address = shard_->topo_address();
    auto topology = OpenTopology(*clock_, options);
    ASSERT_THAT(topology, IsOk());
    topology_ = *std::move(topology);
    orders_ = recipient().Value("SELECT COUNT(*) FROM shop.orders");
    clones_ = recipient().CloneStatements();
  }

  static MiniShard& shard() { return *shard_; }
  static MiniTablet& primary() { return shard_->tablet(0); }
  static MiniTablet& recipient() { return shard_->tablet(1); }
  static MiniTablet& replica() { return shard_->tablet(2); }
  static MiniTablet& bare() { return shard_->tablet(3); }

  void EditRecord(const MiniTablet& tablet, const std::function<void(Tablet&)>& edit) {
    const auto alias = TabletAlias::Parse(tablet.alias);
    ASSERT_THAT(alias, IsOk());
    ASSERT_THAT(topology_.topology->UpdateTablet(*alias,
                                                 [&edit](Tablet& record) {
                                                   edit(record);
                                                   return absl::OkStatus();
                                                 }),
                IsOk());
  }
  // Its agent dies and leaves its record, in which it has said whose server it is.
  void KillAgentAndTag(MiniTablet& tablet) {
    MiniShard::KillAgent(tablet);
    EditRecord(tablet, [uuid = tablet.Value("SELECT @@server_uuid")](Tablet& record) {
      record.tags["graft.server_uuid"] = uuid;
    });
  }
  v1::Operation Reprovision(const std::vector<std::string>& flags, int code) {
    std::vector<std::string> command = {"reprovision", recipient().alias, "--watch", "--json"};
    command.insert(command.end(), flags.begin(), flags.end());
    const CommandResult ended = shard().Graftctl(command);
    EXPECT_EQ(ended.code, code) << ended.err << ended.out;
    return LastOperation(ended.out).value_or(v1::Operation());
  }
  std::string ExpectRefused(const std::vector<std::string>& flags) {
    const v1::Operation operation = Reprovision(flags, 1);
    EXPECT_EQ(operation.outcome(), v1::FAILED);
    EXPECT_EQ(operation.data_state(), v1::INTACT);
    EXPECT_EQ(recipient().Value("SELECT COUNT(*) FROM shop.orders"), orders_);
    EXPECT_EQ(recipient().CloneStatements(), clones_);
    return absl::StrCat(operation.error().reason(), ": ", operation.error().message());
  }
  static std::vector<std::string> Refused(const v1::Operation& operation) {
    std::vector<std::string> refused;
    for (const v1::RefusedDonor& donor : operation.refused_donors()) {
      refused.push_back(absl::StrCat(donor.alias(), " ", donor.reason()));
    }
    return refused;
  }

  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  OpenedTopology topology_;
  std::string orders_;
  int clones_ = 0;

 private:
  static inline std::unique_ptr<MiniShard> shard_;
};

TEST_F(DonorsTest, AnEmptyTabletIsNoDonor) {
  ASSERT_THAT(shard().StartAgent(bare()), IsOk());
  EXPECT_THAT(ExpectRefused({"--from-tablet", bare().alias}),
              AllOf(HasSubstr("DONOR_EMPTY"), HasSubstr("it holds nothing")));
  const v1::Operation operation = Reprovision({"--from-any"}, 0);
  EXPECT_EQ(operation.donor(), replica().alias);
  EXPECT_THAT(Refused(operation), Contains(bare().alias + " DONOR_EMPTY"));
  ASSERT_THAT(shard().StopAgent(bare()), IsOk());
}

// An initialised server with the same accounts answers where the tablet's own did.
TEST_F(DonorsTest, AForeignServerOnTheDonorsPort) {
  KillAgentAndTag(replica());
  const int own_port = replica().mysql->port();
  EditRecord(replica(), [](Tablet& record) { record.mysql.port = bare().mysql->port(); });
  EXPECT_THAT(ExpectRefused({"--from-tablet", replica().alias}),
              AllOf(HasSubstr("OTHER_SERVER"), HasSubstr("another server answers")));
  const v1::Operation operation = Reprovision({"--from-any"}, 0);
  EXPECT_EQ(operation.donor(), primary().alias);
  EXPECT_THAT(Refused(operation), Contains(replica().alias + " OTHER_SERVER"));
  // The same under a record that does not say whose server it is.
  clones_ = recipient().CloneStatements();
  EditRecord(replica(), [](Tablet& record) { record.tags.clear(); });
  EXPECT_THAT(ExpectRefused({"--from-tablet", replica().alias}), HasSubstr("DONOR_EMPTY"));
  EditRecord(replica(), [own_port](Tablet& record) { record.mysql.port = own_port; });
  ASSERT_THAT(shard().StartAgent(replica()), IsOk());
}

TEST_F(DonorsTest, AForeignWritableServerOnThePrimarysPort) {
  KillAgentAndTag(primary());
  const int own_port = primary().mysql->port();
  ASSERT_THAT(bare().mysql->MakeWritable(), IsOk());
  ASSERT_THAT(bare().mysql->Sql("CREATE DATABASE theirs"), IsOk());
  EditRecord(primary(), [](Tablet& record) { record.mysql.port = bare().mysql->port(); });
  for (const bool tagged : {true, false}) {
    if (!tagged) EditRecord(primary(), [](Tablet& record) { record.tags.clear(); });
    const std::pair<std::vector<std::string>, const char*> asked[] = {
        {{"--from-primary"}, "PREFLIGHT_UNCHECKED"},
        {{"--from-tablet", replica().alias}, "ERRANT_TRANSACTIONS"},
        {{"--from-any"}, "NO_DONOR"}};
    for (const auto& [flags, untagged] : asked) {
      EXPECT_THAT(ExpectRefused(flags), HasSubstr(tagged ? "OTHER_SERVER" : untagged)) << flags[0];
    }
  }
  EditRecord(primary(), [own_port](Tablet& record) { record.mysql.port = own_port; });
  ASSERT_THAT(shard().StartAgent(primary()), IsOk());
}

TEST_F(DonorsTest, APortThatIsNoneDoesNotStopTheAgentForEver) {
  MiniShard::KillAgent(replica());
  EditRecord(replica(), [](Tablet& record) { record.mysql.port = 70000; });
  EXPECT_THAT(ExpectRefused({"--from-tablet", replica().alias}),
              AllOf(HasSubstr("DONOR_HAS_NO_ADDRESS"), HasSubstr("mysql_port is 70000")));
  ASSERT_THAT(shard().StopAgent(recipient()), IsOk());
  ASSERT_THAT(shard().StartAgent(recipient()), IsOk());
  ASSERT_THAT(shard().StartAgent(replica()), IsOk());
}

// Twenty of them, which rank before the one that answers, cost three rounds; a cancel and a stop
// wait for none.
TEST_F(DonorsTest, HostsThatDoNotAnswer) {
  const SilentPort silent;
  std::vector<TabletAlias> dead;
  for (uint32_t uid = 10; uid < 30; ++uid) {
    Tablet tablet;
    tablet.alias = {"zone1", uid};
    tablet.hostname = "127.0.0.1";
    tablet.keyspace = "shop";
    tablet.shard = "0";
    tablet.type = TabletType::kReplica;
    tablet.mysql = {"127.0.0.1", silent.port()};
    tablet.tags["graft.lag"] = "current";
    ASSERT_THAT(topology_.topology->RegisterTablet(tablet), IsOk());
    dead.push_back(tablet.alias);
  }
  absl::Time began = absl::Now();
  const v1::Operation operation = Reprovision({"--from-any"}, 0);
  const auto& times = operation.times();
  const auto searched = std::find_if(times.begin(), times.end(), [](const v1::StepTime& time) {
    return time.step() == "resolve_donor";
  });
  ASSERT_NE(searched, times.end());
  EXPECT_LT(searched->ended().seconds() - searched->started().seconds(), 7)
      << "one after the other they cost 100 s";
  EXPECT_EQ(operation.donor(), replica().alias) << operation.DebugString();
  EXPECT_EQ(operation.refused_donors_size(), 10);
  EXPECT_GE(operation.refused_more(), 11);
  const std::vector<std::string> command = {"reprovision", recipient().alias, "--from-any"};
  for (const bool cancel : {true, false}) {
    ASSERT_EQ(shard().Graftctl(command).code, 0);
    began = absl::Now();
    if (!cancel) break;
    EXPECT_EQ(shard().Graftctl({"cancel", recipient().alias}).code, 0);
    EXPECT_LT(absl::Now() - began, absl::Seconds(4));
    ASSERT_TRUE(Eventually(absl::Seconds(20), [&] {
      return shard().NewestOperation(recipient())->outcome() == v1::CANCELLED;
    }));
  }
  EXPECT_THAT(shard().StopAgent(recipient()), IsOk());
  EXPECT_LT(absl::Now() - began, absl::Seconds(20));
  for (const TabletAlias& alias : dead) {
    ASSERT_THAT(topology_.topology->UpdateTablet(alias,
                                                 [](Tablet& record) {
                                                   record.mysql = {};
                                                   return absl::OkStatus();
                                                 }),
                IsOk());
  }
  ASSERT_THAT(shard().StartAgent(recipient()), IsOk());
}

TEST_F(DonorsTest, ARecipientThatCannotShowAClone) {
  MysqlSandboxOptions blind;
  blind.extra_my_cnf = "performance_schema=OFF\n";
  const auto tablet = shard().AddTablet(blind);
  ASSERT_THAT(tablet, IsOk());
  ASSERT_THAT(shard().StartAgent(**tablet), IsOk());
  const CommandResult looked =
      shard().Graftctl({"reprovision", (*tablet)->alias, "--from-primary", "--watch"});
  EXPECT_EQ(looked.code, 1) << looked.err;
  EXPECT_THAT(looked.out + looked.err, HasSubstr("PERFORMANCE_SCHEMA"));
  EXPECT_EQ((*tablet)->CloneStatements(), 0);
}

}  // namespace
}  // namespace graft
