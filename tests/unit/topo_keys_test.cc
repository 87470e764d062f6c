#include <gtest/gtest.h>

#include "topo/records.h"

namespace graft::topo {
namespace {

TEST(TopoKeysTest, RootsAreJoinedAsGoJoinsPaths) {
  EXPECT_EQ(JoinPath("/vitess/zone1", "tablets"), "/vitess/zone1/tablets");
  EXPECT_EQ(JoinPath("//vitess//zone1/", "/tablets/"), "/vitess/zone1/tablets");
  EXPECT_EQ(JoinPath("/vitess/./zone1/../zone2", "x"), "/vitess/zone2/x");
  EXPECT_EQ(JoinPath("/../a", "x"), "/a/x");
  EXPECT_EQ(JoinPath("../a", "x"), "../a/x");
  EXPECT_EQ(JoinPath("vitess", "x"), "vitess/x");
  EXPECT_EQ(JoinPath("", "x"), "x");
  EXPECT_EQ(JoinPath("/", "x"), "/x");
}

TEST(TopoKeysTest, KeysAreVitesss) {
  EXPECT_EQ(CellInfoKey("/vitess/global", "zone1"), "/vitess/global/cells/zone1/CellInfo");
  EXPECT_EQ(KeyspaceKey("/vitess/global", "ks"), "/vitess/global/keyspaces/ks/Keyspace");
  EXPECT_EQ(ShardRebuildKey("/vitess/global", "ks", "-80"), "/vitess/global/graft/rebuilds/ks/-80");
  EXPECT_EQ(ShardKey("/vitess/global", "ks", "-80"),
            "/vitess/global/keyspaces/ks/shards/-80/Shard");
  EXPECT_EQ(TabletKey("/vitess/zone1", TabletAlias{"zone1", 101}),
            "/vitess/zone1/tablets/zone1-0000000101/Tablet");
  EXPECT_EQ(ShardReplicationKey("/vitess/zone1/", "ks", "0"),
            "/vitess/zone1/keyspaces/ks/shards/0/ShardReplication");
}

TEST(TopoKeysTest, PrefixesEndInASlashSoThatNeighboursStayOut) {
  EXPECT_EQ(CellsPrefix("/g"), "/g/cells/");
  EXPECT_EQ(TabletsPrefix("/r/"), "/r/tablets/");
  EXPECT_EQ(KeyspacesPrefix("/g"), "/g/keyspaces/");
  EXPECT_EQ(ShardsPrefix("/g", "ks"), "/g/keyspaces/ks/shards/");
}

TEST(TopoKeysTest, MiddleOfTakesOnlyKeysOfTheShapeAskedFor) {
  EXPECT_EQ(MiddleOf("/g/cells/zone1/CellInfo", "/g/cells/", "CellInfo"), "zone1");
  EXPECT_EQ(MiddleOf("/g/cells/zone1/Other", "/g/cells/", "CellInfo"), std::nullopt);
  EXPECT_EQ(MiddleOf("/x/cells/zone1/CellInfo", "/g/cells/", "CellInfo"), std::nullopt);
  EXPECT_EQ(MiddleOf("/g/cells/zone1CellInfo", "/g/cells/", "CellInfo"), std::nullopt);
  EXPECT_EQ(MiddleOf("/g/cells/CellInfo", "/g/cells/", "CellInfo"), std::nullopt);
}

}  // namespace
}  // namespace graft::topo
