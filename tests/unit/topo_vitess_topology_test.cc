#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "fakes/fake_store.h"
#include "fakes/simulated_clock.h"
#include "topo/records.h"
#include "topo/vitess_topology.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class VitessTopologyTest : public ::testing::Test {
 protected:
  VitessTopologyTest() {
    EXPECT_TRUE(topology_.AddCell(Cell{"zone1", "global:1", "/vitess/zone1"}).ok());
    EXPECT_TRUE(topology_.AddCell(Cell{"zone2", "cell:2", "/vitess/zone2/"}).ok());
  }

  Tablet Register(absl::string_view cell, uint32_t uid, absl::string_view shard = "0") {
    Tablet tablet;
    tablet.alias = TabletAlias{std::string(cell), uid};
    tablet.hostname = "h";
    tablet.port_map = {{"graft", 9000 + static_cast<int>(uid)}};
    tablet.keyspace = "ks";
    tablet.shard = std::string(shard);
    tablet.type = TabletType::kReplica;
    tablet.mysql = HostPort{"m", 3306};
    auto registered = topology_.RegisterTablet(tablet);
    EXPECT_TRUE(registered.ok()) << registered.status();
    return *registered;
  }

  SimulatedClock clock_;
  FakeStore global_{clock_};
  std::shared_ptr<FakeStore> cell2_ = std::make_shared<FakeStore>(clock_);
  int opened_ = 0;
  VitessTopology topology_{
      {clock_, global_, "/vitess/global", "global:1",
       [this](const std::string& address) -> absl::StatusOr<std::shared_ptr<KeyValueStore>> {
         ++opened_;
         if (address != "cell:2") return absl::UnavailableError("nobody there");
         return std::static_pointer_cast<KeyValueStore>(cell2_);
       }}};
};

TEST_F(VitessTopologyTest, CellsLieWhereTheirCellInfoSays) {
  Register("zone1", 101);
  Register("zone2", 201);
  EXPECT_TRUE(global_.Get("/vitess/zone1/tablets/zone1-0000000101/Tablet").ok());
  EXPECT_TRUE(cell2_->Get("/vitess/zone2/tablets/zone2-0000000201/Tablet").ok());
  EXPECT_EQ(opened_, 1);  // kept, and the global one is never opened again
  const auto tablets = topology_.ListTablets({});
  ASSERT_TRUE(tablets.ok()) << tablets.status();
  ASSERT_EQ(tablets->tablets.size(), 2u);
  EXPECT_EQ(tablets->tablets[1].alias.ToString(), "zone2-0000000201");
}

TEST_F(VitessTopologyTest, AddCellTwiceIsFineUnlessItMoves) {
  EXPECT_TRUE(topology_.AddCell(Cell{"zone1", "global:1", "/vitess/zone1"}).ok());
  EXPECT_EQ(topology_.AddCell(Cell{"zone1", "global:1", "/other"}).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(topology_.AddCell(Cell{"a/b", "x", "/y"}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(topology_.AddCell(Cell{"zone3", "", "/y"}).code(), absl::StatusCode::kInvalidArgument);
  std::vector<MissingCell> damaged;
  const auto cells = topology_.ListCells(&damaged);
  ASSERT_TRUE(cells.ok());
  ASSERT_EQ(cells->size(), 2u);
  EXPECT_EQ((*cells)[1].root, "/vitess/zone2/");
}

TEST_F(VitessTopologyTest, WhatIsMissingIsNamed) {
  const auto expect_missing = [](const absl::Status& status, absl::string_view text) {
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(text)));
  };
  expect_missing(
      topology_.GetTablet(TabletAlias{"zone9", 1}).status(),
      "cell zone9 is not in the topology below /vitess/global; is --topo-global-root right? "
      "graftctl topo show lists the cells, graftctl topo add-cell adds one");
  expect_missing(topology_.GetTablet(TabletAlias{"zone1", 1}).status(), "tablet zone1-0000000001");
  expect_missing(
      topology_.UpdateTablet(TabletAlias{"zone1", 1}, [](Tablet&) { return absl::OkStatus(); }),
      "tablet zone1-0000000001");
  expect_missing(topology_.GetShard("ks", "0").status(), "keyspace ks ");
  Register("zone1", 101);
  expect_missing(topology_.GetShard("ks", "-80").status(), "shard ks/-80");
  EXPECT_TRUE(topology_.GetShard("ks", "0").ok());
}

TEST_F(VitessTopologyTest, AnUnreachableCellIsNamed) {
  ASSERT_TRUE(topology_.AddCell(Cell{"zone3", "gone:3", "/vitess/zone3"}).ok());
  const absl::Status status = topology_.GetTablet(TabletAlias{"zone3", 1}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("cell zone3 at gone:3"));
}

TEST_F(VitessTopologyTest, UpdateTriesAgainWhenAnotherWriterComesFirst) {
  const Tablet tablet = Register("zone1", 101);
  int tries = 0;
  const absl::Status status = topology_.UpdateTablet(tablet.alias, [&](Tablet& mine) {
    if (++tries == 1) {
      EXPECT_TRUE(topology_
                      .UpdateTablet(tablet.alias,
                                    [](Tablet& other) {
                                      other.tags["other"] = "1";
                                      return absl::OkStatus();
                                    })
                      .ok());
    }
    mine.tags["mine"] = "1";
    return absl::OkStatus();
  });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(tries, 2);
  EXPECT_EQ(topology_.GetTablet(tablet.alias)->tags,
            (std::map<std::string, std::string>{{"mine", "1"}, {"other", "1"}}));
}

TEST_F(VitessTopologyTest, UpdateGivesUpWhenItNeverWins) {
  const Tablet tablet = Register("zone1", 101);
  int n = 0;
  const absl::Status status = topology_.UpdateTablet(tablet.alias, [&](Tablet& mine) {
    const std::string key = "/vitess/zone1/tablets/zone1-0000000101/Tablet";
    const auto item = global_.Get(key);
    EXPECT_TRUE(global_.Update(key, item->value, item->version).ok());
    mine.tags["n"] = absl::StrCat(++n);
    return absl::OkStatus();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("zone1-0000000101/Tablet"));
}

TEST_F(VitessTopologyTest, AnUpdateThatChangesNothingOrFailsWritesNothing) {
  const Tablet tablet = Register("zone1", 101);
  const std::string key = "/vitess/zone1/tablets/zone1-0000000101/Tablet";
  const Version before = global_.Get(key)->version;
  EXPECT_TRUE(topology_.UpdateTablet(tablet.alias, [](Tablet&) { return absl::OkStatus(); }).ok());
  EXPECT_EQ(topology_
                .UpdateTablet(tablet.alias,
                              [](Tablet& mine) {
                                mine.hostname = "x";
                                return absl::NotFoundError("mine");
                              })
                .message(),
            "mine");
  EXPECT_EQ(global_.Get(key)->version, before);
}

TEST_F(VitessTopologyTest, ListsTabletsByFilterAndSkipsForeignKeys) {
  Register("zone1", 101);
  Register("zone2", 201, "-80");
  // Not below a tablet, not named Tablet, and a neighbour of the prefix.
  ASSERT_TRUE(global_.Create("/vitess/zone1/tablets/zone1-0000000101/x", "\xff", kNoLease).ok());
  ASSERT_TRUE(global_.Create("/vitess/zone1/tablets_x/a/Tablet", "\xff", kNoLease).ok());
  const auto aliases = [&](const TabletFilter& filter) {
    std::vector<std::string> found;
    const auto tablets = topology_.ListTablets(filter);
    EXPECT_TRUE(tablets.ok()) << tablets.status();
    for (const Tablet& tablet : tablets->tablets) found.push_back(tablet.alias.ToString());
    return found;
  };
  EXPECT_THAT(aliases({}), ElementsAre("zone1-0000000101", "zone2-0000000201"));
  EXPECT_THAT(aliases({"zone2", "", ""}), ElementsAre("zone2-0000000201"));
  EXPECT_THAT(aliases({"", "ks", "0"}), ElementsAre("zone1-0000000101"));
  EXPECT_THAT(aliases({"", "other", ""}), ElementsAre());
  EXPECT_EQ(topology_.ListTablets({"zone9", "", ""}).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(VitessTopologyTest, ACellThatIsAwayIsNamedAndTheOthersAreListed) {
  ASSERT_TRUE(topology_.AddCell(Cell{"zone3", "cell:3", "/vitess/zone3"}).ok());
  Register("zone1", 101);
  Register("zone2", 201);
  cell2_->FailAll(absl::DeadlineExceededError("no answer"));
  const auto list = topology_.ListShardTablets("ks", "0");
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->tablets.size(), 1u);
  EXPECT_EQ(list->tablets.front().alias.ToString(), "zone1-0000000101");
  ASSERT_EQ(list->missing_cells.size(), 2u);
  EXPECT_EQ(list->missing_cells[0].name, "zone2");
  EXPECT_EQ(list->missing_cells[0].why.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(list->missing_cells[1].name, "zone3") << "its store cannot even be opened";
  EXPECT_THAT(list->MissingText(), HasSubstr("cell zone3 is missing here: open cell zone3 at"));
}

TEST_F(VitessTopologyTest, IfNoCellAnswersItIsAnError) {
  cell2_->FailAll(absl::UnavailableError("gone"));
  EXPECT_EQ(topology_.ListTablets({"zone2", "", ""}).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(VitessTopologyTest, ADamagedRecordHidesNoOtherTablet) {
  Register("zone1", 101);
  ASSERT_TRUE(
      global_.Create("/vitess/zone1/tablets/zone1-0000000100/Tablet", "\xff", kNoLease).ok());
  const auto list = topology_.ListTablets({});
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->tablets.size(), 1u);
  ASSERT_EQ(list->missing_cells.size(), 1u);
  EXPECT_EQ(list->missing_cells[0].name, "zone1");
  EXPECT_EQ(list->missing_cells[0].why.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(list->MissingText(), HasSubstr("zone1-0000000100"));
}

TEST_F(VitessTopologyTest, ADamagedCellHidesNoOther) {
  Register("zone1", 101);
  ASSERT_TRUE(global_.Create("/vitess/global/cells/zone9/CellInfo", "\xff", kNoLease).ok());
  const auto list = topology_.ListTablets({});
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->tablets.size(), 1u);
  ASSERT_EQ(list->missing_cells.size(), 1u);
  EXPECT_EQ(list->missing_cells[0].name, "zone9");
  EXPECT_EQ(list->missing_cells[0].why.code(), absl::StatusCode::kDataLoss);
}

TEST_F(VitessTopologyTest, ADamagedShardHidesNoOtherAndStopsNoNewOne) {
  Register("zone1", 101, "-80");
  ASSERT_TRUE(
      global_.Create("/vitess/global/keyspaces/ks/shards/odd/Shard", "\xff", kNoLease).ok());
  Register("zone1", 102, "80-");
  std::vector<DamagedShard> damaged;
  const auto shards = topology_.ListShards("", &damaged);
  ASSERT_TRUE(shards.ok()) << shards.status();
  EXPECT_EQ(shards->size(), 2u);
  ASSERT_EQ(damaged.size(), 1u);
  EXPECT_THAT(std::string(damaged[0].why.message()), HasSubstr("shards/odd/Shard"));
}

TEST_F(VitessTopologyTest, EachTryOfAnUpdateIsShownTheRecordAsItIsThen) {
  const TabletAlias alias = Register("zone1", 101).alias;
  std::vector<std::string> seen;
  const absl::Status status = topology_.UpdateTablet(alias, [&](Tablet& tablet) {
    seen.push_back(tablet.tags["graft.sequence"]);
    if (seen.size() == 3) return absl::FailedPreconditionError("theirs is newer");
    // Another writer comes in between the read and the write.
    const std::string sequence = absl::StrCat(seen.size());
    EXPECT_TRUE(topology_
                    .UpdateTablet(alias,
                                  [&](Tablet& theirs) {
                                    theirs.tags["graft.sequence"] = sequence;
                                    return absl::OkStatus();
                                  })
                    .ok());
    tablet.tags["graft.sequence"] = "mine";
    return absl::OkStatus();
  });
  EXPECT_EQ(status, absl::FailedPreconditionError("theirs is newer"));
  EXPECT_THAT(seen, ElementsAre("", "1", "2"));
  EXPECT_EQ(topology_.GetTablet(alias)->tags["graft.sequence"], "2");
}

TEST_F(VitessTopologyTest, ADeletedRecordIsNoticedAndMadeAnew) {
  const Tablet tablet = Register("zone1", 101);
  const std::string key = "/vitess/zone1/tablets/zone1-0000000101/Tablet";
  ASSERT_TRUE(global_.Delete(key, global_.Get(key)->version).ok());
  const auto touch = [](Tablet&) { return absl::OkStatus(); };
  EXPECT_EQ(topology_.GetTablet(tablet.alias).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(topology_.UpdateTablet(tablet.alias, touch).code(), absl::StatusCode::kNotFound);
  // Deleted between its read and its write, too: nothing is written that nobody may have wanted.
  Register("zone1", 101);
  const absl::Status raced = topology_.UpdateTablet(tablet.alias, [&](Tablet& mine) {
    mine.hostname = "x";
    const auto item = global_.Get(key);
    if (item.ok()) EXPECT_TRUE(global_.Delete(key, item->version).ok());
    return absl::OkStatus();
  });
  EXPECT_EQ(raced.code(), absl::StatusCode::kNotFound) << raced;
  EXPECT_FALSE(global_.Get(key).ok());
  Register("zone1", 101);
  EXPECT_EQ(topology_.GetTablet(tablet.alias)->hostname, "h");
}

TEST_F(VitessTopologyTest, CallsOfEveryCellEndWhenTheProgramIsToStop) {
  Register("zone1", 101);
  Register("zone2", 201);
  topology_.EndCallsBy(clock_.Now() + absl::Milliseconds(100));
  cell2_->HangNext(StoreMethod::kGet);
  const absl::Time start = clock_.Now();
  EXPECT_EQ(topology_.GetTablet({"zone2", 201}).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(clock_.Now() - start, absl::Milliseconds(100));
}

TEST(FakeStoreTest, FailsAndHangsByMethodAndCounts) {
  SimulatedClock clock;
  FakeStore store(clock);
  const absl::Time start = clock.Now();
  store.FailNext(StoreMethod::kCreate, absl::UnavailableError("away"), 2);
  store.HangNext(StoreMethod::kGet);
  EXPECT_TRUE(store.List("/").ok());
  EXPECT_EQ(store.Create("/a", "1", kNoLease).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(store.Create("/a", "1", kNoLease).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(store.Create("/a", "1", kNoLease).ok());
  EXPECT_EQ(clock.Now(), start);
  EXPECT_EQ(store.Get("/a").status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(clock.Now(), start + absl::Seconds(5));
  EXPECT_TRUE(store.Get("/a").ok());
  EXPECT_EQ(store.calls(StoreMethod::kCreate), 3);
  EXPECT_EQ(store.calls(StoreMethod::kDelete), 0);
  EXPECT_EQ(store.calls(), 6);
  store.before_call = [](StoreMethod method) {
    return method == StoreMethod::kList ? absl::PermissionDeniedError("no") : absl::OkStatus();
  };
  EXPECT_TRUE(store.Get("/a").ok());
  EXPECT_EQ(store.List("/").status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(VitessTopologyTest, ListsShardsInOrder) {
  Register("zone1", 101, "80-");
  Register("zone1", 102, "-80");
  std::vector<DamagedShard> damaged;
  const auto shards = topology_.ListShards("", &damaged);
  ASSERT_TRUE(shards.ok()) << shards.status();
  ASSERT_EQ(shards->size(), 2u);
  EXPECT_EQ((*shards)[0].name, "-80");
  EXPECT_EQ((*shards)[0].keyspace, "ks");
  EXPECT_EQ(topology_.ListShards("k", &damaged)->size(), 0u);
  EXPECT_THAT(damaged, ::testing::IsEmpty());
}

// The key is the name, so that what is read can be written down again.
TEST_F(VitessTopologyTest, TheKeySaysWhoseRecordItIs) {
  topodata::Tablet record;
  record.mutable_alias()->set_cell("no\ncell");
  record.set_keyspace("ks");
  record.set_shard("0");
  ASSERT_TRUE(global_
                  .Create("/vitess/zone1/tablets/zone1-0000000102/Tablet", topo::Serialize(record),
                          kNoLease)
                  .ok());
  EXPECT_EQ(topology_.GetTablet({"zone1", 102})->alias.ToString(), "zone1-0000000102");
  ASSERT_TRUE(global_.Create("/vitess/zone1/tablets/no alias/Tablet", "", kNoLease).ok());
  ASSERT_EQ(topology_.ListShardTablets("ks", "0")->tablets.size(), 1u);
  EXPECT_EQ(topology_.ListShardTablets("ks", "0")->tablets[0].alias.ToString(), "zone1-0000000102");
}

TEST_F(VitessTopologyTest, StoreTroubleKeepsItsCodeAndNamesTheKey) {
  const Tablet tablet = Register("zone1", 101);
  global_.FailAll(absl::UnavailableError("etcd is down"));
  const absl::Status status = topology_.GetTablet(tablet.alias).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/vitess/global/cells/zone1/CellInfo"));
  EXPECT_EQ(topology_.ListTablets({}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(topology_.RegisterTablet(tablet).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace graft
