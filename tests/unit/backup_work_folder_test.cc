// The work folder of graft-backup: what it refuses, what it removes, what it keeps for the next.
#include <gmock/gmock.h>

#include <filesystem>
#include <memory>
#include <string>

#include "backup/temporary_mysqld.h"
#include "base/clocks.h"
#include "base/files.h"
#include "testing/is_ok.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class WorkFolderTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<WorkFolder>> Open() { return WorkFolder::Open(*clock_, path_); }

  // As a graft-backup that was killed leaves it.
  void LeaveAsKilled(const std::string& holder) {
    fs::create_directories(path_ + "/server/data");
    fs::create_directories(path_ + "/journal");
    ASSERT_THAT(WriteFile(path_ + "/server.cause", "an old one"), IsOk());
    ASSERT_THAT(WriteFile(path_ + "/graft-backup.lock", holder), IsOk());
    ASSERT_THAT(WriteFile(path_ + "/storing", "shop/0/begun"), IsOk());
  }

  const TempFolder folder_{"work"};
  const std::string path_ = folder_.path() + "/work";
  const std::unique_ptr<Clock> clock_ = MakeRealClock();
};

TEST_F(WorkFolderTest, IsMadeAndRemoved) {
  {
    const auto folder = Open();
    ASSERT_THAT(folder, IsOk());
    EXPECT_EQ((*folder)->left_backup(), "");
    ASSERT_THAT((*folder)->NoteBackup("shop/0/new"), IsOk());
    const auto second = Open();
    EXPECT_TRUE(absl::IsFailedPrecondition(second.status()));
    EXPECT_THAT(second.status().message(), HasSubstr("wait for its end"));
    EXPECT_TRUE(fs::exists(path_ + "/storing")) << "the second one removes nothing";
  }
  EXPECT_FALSE(fs::exists(path_));
}

// With all the folders above that were made for it, as far as nobody else uses them.
TEST_F(WorkFolderTest, FoldersAboveAreRemovedToo) {
  const std::string deep = path_ + "/a/b/";
  {
    const auto folder = WorkFolder::Open(*clock_, deep);
    ASSERT_THAT(folder, IsOk());
    EXPECT_FALSE((*folder)->cleaned());
    EXPECT_THAT(*ReadFile(deep + "graft-backup.lock"), HasSubstr(path_));
  }
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_TRUE(fs::exists(folder_.path()));
  {
    ASSERT_THAT(WorkFolder::Open(*clock_, deep), IsOk());
    fs::create_directories(path_ + "/a/b");
    ASSERT_THAT(WriteFile(path_ + "/a/b/graft-backup.lock", "4711, which made the folder " + path_),
                IsOk());
    const auto next = WorkFolder::Open(*clock_, deep);
    ASSERT_THAT(next, IsOk());
    ASSERT_THAT(WriteFile(path_ + "/a/mine", "text"), IsOk());
  }
  EXPECT_FALSE(fs::exists(deep));
  EXPECT_TRUE(fs::exists(path_ + "/a/mine"));
}

TEST_F(WorkFolderTest, OfSomebodyElseIsNotTouched) {
  fs::create_directories(path_);
  { ASSERT_THAT(Open(), IsOk()) << "an empty one will do"; }
  EXPECT_TRUE(fs::exists(path_)) << "and stays, since somebody else made it";
  ASSERT_THAT(WriteFile(path_ + "/mine", "text"), IsOk());
  const auto refused = Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_EQ(*ReadFile(path_ + "/mine"), "text");
  EXPECT_FALSE(fs::exists(path_ + "/graft-backup.lock"));
}

TEST_F(WorkFolderTest, WhatAKilledOneHasLeftIsRemoved) {
  LeaveAsKilled("4711, which made the folder " + path_ + "\n");
  {
    const auto folder = Open();
    ASSERT_THAT(folder, IsOk());
    EXPECT_EQ((*folder)->left_backup(), "shop/0/begun");
    EXPECT_TRUE((*folder)->cleaned());
    EXPECT_FALSE(fs::exists(path_ + "/server"));
    EXPECT_FALSE(fs::exists(path_ + "/server.cause"));
    (*folder)->ForgetLeftBackup();
  }
  EXPECT_FALSE(fs::exists(path_));
}

// The storage was away: the one after that tries again.
TEST_F(WorkFolderTest, ABackupThatCouldNotBeRemovedIsRemembered) {
  LeaveAsKilled("4711\n");
  ASSERT_THAT(Open(), IsOk());
  const auto again = Open();
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ((*again)->left_backup(), "shop/0/begun");
}

}  // namespace
}  // namespace graft
