// The search for donors over a shard of fakes: the tablets that it asks, their order, and its time.
#include "provision/donor/donor_search.h"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "base/errors.h"
#include "fakes/ask_in_order.h"
#include "provision_world.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DonorSearchTest : public testing::Test {
 protected:
  DonorSearchTest() { world_.AddOther(); }

  absl::StatusOr<FoundDonors> Search() {
    const Peers peers{[this](const HostPort& address) {
                        opened_.push_back(address.ToString());
                        return std::make_unique<BorrowedServer>(
                            address.port == 3330 ? world_.other_server : world_.donor);
                      },
                      ask_all_ ? ask_all_ : AskInOrder(world_.clock), cancellation_};
    const auto shard = world_.topology.GetShard("shop", "0");
    EXPECT_TRUE(shard.ok()) << shard.status();
    TabletState state;
    state.operation = world_.Request({DonorChoice::Kind::kAny, {}});
    return FindDonors({world_.clock, world_.recipient, world_.topology, peers}, state, *shard,
                      wish_);
  }
  void AddLikeOther(uint32_t uid, const std::string& host) {
    Tablet tablet = world_.Record(world_.other);
    tablet.alias.uid = uid;
    tablet.mysql.host = host;
    EXPECT_TRUE(world_.topology.RegisterTablet(tablet).ok());
  }

  ProvisionWorld world_;
  DonorWish wish_;
  AskAll ask_all_;
  std::vector<std::string> opened_;
  std::shared_ptr<Cancellation> cancellation_ = std::make_shared<Cancellation>();
};

TEST_F(DonorSearchTest, AsksTwoAndThePrimaryLast) {
  for (uint32_t uid = 103; uid < 120; ++uid) AddLikeOther(uid, "127.0.0.1");
  std::vector<size_t> rounds;
  absl::Duration whole;
  ask_all_ = [&](std::vector<std::function<void()>> questions, const std::shared_ptr<Cancellation>&,
                 absl::Duration patience, const std::function<void()>&) {
    rounds.push_back(questions.size());
    whole += patience;
    for (const auto& question : questions) question();
    return absl::OkStatus();
  };
  const auto found = Search();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->ranking.order, ElementsAre(world_.other, TabletAlias{"zone1", 103}));
  EXPECT_THAT(rounds, ElementsAre(2, 1));
  EXPECT_THAT(opened_, ElementsAre("127.0.0.1:3330", "127.0.0.1:3330", "127.0.0.1:3310"));
  EXPECT_LE(whole, absl::Seconds(2));
}

// Twenty hosts that swallow packets stand before the one that answers: they are asked first, two,
// then eight, then all the others. They cost as much as one.
TEST_F(DonorSearchTest, WhoHasNotAnsweredInTimeIsRefused) {
  for (uint32_t i = 0; i < 20; ++i) AddLikeOther(1000 + i, "swallows.example");
  EXPECT_TRUE(world_.topology
                  .UpdateTablet(world_.other,
                                [](Tablet& tablet) {
                                  tablet.tags["graft.lag"] = "behind";
                                  return absl::OkStatus();
                                })
                  .ok());
  ask_all_ = [&](std::vector<std::function<void()>> questions, const std::shared_ptr<Cancellation>&,
                 absl::Duration patience, const std::function<void()>&) {
    const size_t asked = opened_.size() - questions.size();
    bool silent = false;
    for (size_t i = 0; i < questions.size(); ++i) {
      const bool answers = opened_[asked + i].rfind("127.0.0.1", 0) == 0;
      if (answers) questions[i]();
      silent = silent || !answers;
    }
    if (silent) world_.clock.Advance(patience);
    return absl::OkStatus();
  };
  const absl::Time began = world_.clock.Now();
  const auto found = Search();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(world_.clock.Now() - began, absl::Seconds(5));
  EXPECT_THAT(found->ranking.order, ElementsAre(world_.other));
  EXPECT_EQ(found->ranking.refused.size(), kMostRefusals);
  EXPECT_EQ(found->ranking.refused_more, 11);
  EXPECT_EQ(found->ranking.refused.back().reason, "DONOR_UNREACHABLE");
  EXPECT_EQ(found->ranking.refused.back().text, "did not answer in time");
}

// The best free donor is for the first in line, the next one for the second.
TEST_F(DonorSearchTest, LeavesToOthersWhatIsTheirs) {
  AddLikeOther(103, "127.0.0.1");
  const TabletAlias third{"zone1", 103};
  wish_.line.ahead_for_any = 1;
  EXPECT_THAT(Search()->ranking.order, ElementsAre(third));
  wish_.line.named = {third};  // and another one is waiting for this one
  auto found = Search();
  EXPECT_THAT(found->ranking.order, ElementsAre(third));
  EXPECT_EQ(found->left_to_others, 1u);
  wish_.line.held = {{third, {"zone1", 104}}};
  wish_.line.named.clear();
  found = Search();
  EXPECT_THAT(found->ranking.order, ElementsAre(third)) << "busy, and the only one";
  wish_.line.ahead_for_any = 2;
  wish_.line.held.clear();
  found = Search();
  EXPECT_THAT(found->ranking.order, ElementsAre()) << "and not the primary either";
  EXPECT_EQ(found->left_to_others, 2u);
  wish_.left_over = true;
  EXPECT_THAT(Search()->ranking.order, ElementsAre(world_.other, third));
}

TEST_F(DonorSearchTest, ACancelEndsIt) {
  cancellation_->Cancel();
  EXPECT_TRUE(absl::IsCancelled(Search().status()));
  EXPECT_EQ(world_.donor.calls("Describe") + world_.other_server.calls("Describe"), 0);
}

// A tablet that its record refuses is not asked.
TEST_F(DonorSearchTest, AsksOnlyWhomTheRecordAllows) {
  ASSERT_TRUE(world_.topology
                  .UpdateTablet(world_.other,
                                [](Tablet& tablet) {
                                  tablet.type = TabletType::kDrained;
                                  return absl::OkStatus();
                                })
                  .ok());
  ASSERT_TRUE(Search().ok());
  EXPECT_THAT(opened_, ElementsAre("127.0.0.1:3310"));
}

// Another server in the primary's place is no measure for the others.
TEST_F(DonorSearchTest, AForeignServerInThePrimarysPlace) {
  world_.donor.Edit([](FakeMysqlState& state) {
    state.facts.server_uuid = "99999999-71ca-11e1-9e33-c80aa9429562";
    state.facts.gtid_executed.clear();
  });
  const auto found = Search();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->ranking.order, ElementsAre(world_.other));
  ASSERT_EQ(found->ranking.refused.size(), 2u);
  EXPECT_EQ(found->ranking.refused[0].reason, "OTHER_SERVER");
}

TEST_F(DonorSearchTest, ACellThatIsAwayIsTold) {
  ASSERT_TRUE(world_.topology.AddCell({"zone2", "elsewhere", "/vitess/zone2"}).ok());
  const auto found = Search();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->ranking.order, ElementsAre(world_.other));
  EXPECT_THAT(found->missing, HasSubstr("cell zone2 is missing here: "));
}

TEST(KeptPeersTest, AFreshConnectionIsGivenAgainUnlessItIsInUse) {
  ProvisionWorld world;
  int opened = 0;
  KeptPeers peers(world.clock, [&](const HostPort&) {
    ++opened;
    return std::make_unique<BorrowedServer>(world.donor);
  });
  const HostPort donor{"127.0.0.1", 3310};
  const MysqlServer* const first = peers.Open(donor).get();
  EXPECT_EQ(peers.Open(donor).get(), first);
  EXPECT_EQ(opened, 1);
  {
    const auto busy = peers.Open(donor);  // with a question that nobody waits for any more
    EXPECT_NE(peers.Open(donor), busy);
    EXPECT_EQ(opened, 2);
  }
  const std::weak_ptr<MysqlServer> second = peers.Open(donor);
  world.clock.Advance(absl::Seconds(5));
  peers.DropOld();
  EXPECT_TRUE(second.expired()) << "it is closed though nobody asks for it";
  peers.Open(donor);
  EXPECT_EQ(opened, 3);
}

// A session that is left open holds up the shutdown of its server.
TEST(KeptPeersTest, NoConnectionIsLeftForTheTimeOfTheCopy) {
  ProvisionWorld world;
  std::vector<std::weak_ptr<MysqlServer>> opened;
  bool looked = false;
  world.open_peer = world.open_as_replica = [&](const HostPort&) {
    const auto server = std::make_shared<BorrowedServer>(world.donor);
    opened.push_back(server);
    return server;
  };
  world.clock.At(world.clock.Now() + absl::Seconds(30), [&] {
    looked = true;
    EXPECT_GE(opened.size(), 2U) << "as the clone user, as the replication user";
    for (const std::weak_ptr<MysqlServer>& one : opened) EXPECT_TRUE(one.expired());
  });
  Operation operation = world.Request();
  world.Run(operation);
  EXPECT_EQ(operation.outcome, Outcome::kDone) << operation.error;
  EXPECT_TRUE(looked);
}

}  // namespace
}  // namespace graft
