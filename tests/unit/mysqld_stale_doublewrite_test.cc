#include "mysqld/tablet_dir.h"

#include <gmock/gmock.h>

#include "base/files.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

using ::testing::ElementsAre;

class StaleDoublewriteTest : public ::testing::Test {
 protected:
  StaleDoublewriteTest() {
    for (const char* name : {"#ib_16384_0.dblwr", "#ib_16384_1.bdblwr", "ibdata1", "x.dblwr"}) {
      EXPECT_TRUE(WriteFile(folder_.path() + "/" + name, "page").ok());
    }
    EXPECT_TRUE(MakeDirectory(folder_.path() + "/#clone").ok());
  }
  std::vector<std::string> Names() { return *ListDirectory(folder_.path()); }

  TempFolder folder_{"datadir"};
};

TEST_F(StaleDoublewriteTest, GoesWhenACopyWaitsForTheNextStart) {
  ASSERT_TRUE(WriteFile(folder_.path() + "/#clone/#replace_files", "ibdata1\n").ok());
  EXPECT_EQ(*RemoveStaleDoublewrite(folder_.path()), 2);
  EXPECT_THAT(Names(), ElementsAre("#clone", "ibdata1", "x.dblwr"));
}

TEST_F(StaleDoublewriteTest, StaysWhereNoCopyWaits) {
  ASSERT_TRUE(WriteFile(folder_.path() + "/#clone/#view_status", "").ok());
  EXPECT_EQ(*RemoveStaleDoublewrite(folder_.path()), 0);
  EXPECT_EQ(Names().size(), 5U);
  EXPECT_EQ(*RemoveStaleDoublewrite(folder_.path() + "/nowhere"), 0);
}

}  // namespace
}  // namespace graft
