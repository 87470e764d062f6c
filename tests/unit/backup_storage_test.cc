// What every storage promises, tried on a folder.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>

#include "backups/backup_storage.h"
#include "backups/byte_sink.h"
#include "base/files.h"
#include "testing/is_ok.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class BackupStorageTest : public testing::Test {
 protected:
  void SetUp() override {
    auto storage = OpenFileStorage(folder_.path());
    ASSERT_THAT(storage, IsOk());
    storage_ = *std::move(storage);
  }

  absl::Status Put(const std::string& path, const std::string& text) {
    auto sink = storage_->Create(path);
    if (!sink.ok()) return sink.status();
    if (const absl::Status appended = (*sink)->Append(text); !appended.ok()) return appended;
    return (*sink)->Finish();
  }
  absl::StatusOr<std::string> Get(const std::string& path) {
    TextSink text(1000);
    const absl::Status status = storage_->Read(path, text);
    if (!status.ok()) return status;
    return text.text();
  }
  std::vector<std::string> Files(const std::string& folder) {
    std::vector<std::string> names;
    const auto files = storage_->ListFiles(folder);
    EXPECT_THAT(files, IsOk());
    for (const StoredFile& file : *files) names.push_back(file.name);
    return names;
  }

  const TempFolder folder_{"storage"};
  std::unique_ptr<BackupStorage> storage_;
};

TEST_F(BackupStorageTest, GivesBackWhatItWasGiven) {
  ASSERT_THAT(Put("shop/0/one/1", "rows"), IsOk());
  ASSERT_THAT(Put("shop/0/one/0", ""), IsOk());
  ASSERT_THAT(Put("shop/0/two/MANIFEST", "{}"), IsOk());
  EXPECT_EQ(*Get("shop/0/one/1"), "rows");
  EXPECT_EQ(*Get("shop/0/one/0"), "");
  EXPECT_THAT(*storage_->ListFolders("shop/0"), ElementsAre("one", "two"));
  EXPECT_THAT(Files("shop/0/one"), ElementsAre("0", "1"));
  EXPECT_EQ(storage_->ListFiles("shop/0/one")->at(1).bytes, 4);
  EXPECT_THAT(Files("shop/0"), IsEmpty());
}

TEST_F(BackupStorageTest, WhatIsNotThereIsNotFoundOrEmpty) {
  EXPECT_TRUE(absl::IsNotFound(Get("shop/0/one/MANIFEST").status()));
  EXPECT_THAT(*storage_->ListFolders("shop/0"), IsEmpty());
  EXPECT_THAT(Files("shop/0/one"), IsEmpty());
  EXPECT_THAT(storage_->RemoveFile("shop/0/one/MANIFEST"), IsOk());
  EXPECT_THAT(storage_->RemoveFolder("shop/0/one"), IsOk());
}

TEST_F(BackupStorageTest, AFileIsSeenWholeOrNotAtAll) {
  {
    auto sink = storage_->Create("shop/0/one/1");
    ASSERT_THAT(sink, IsOk());
    ASSERT_THAT((*sink)->Append("half of"), IsOk());
    EXPECT_THAT(Files("shop/0/one"), IsEmpty());
    EXPECT_TRUE(absl::IsNotFound(Get("shop/0/one/1").status()));
  }
  EXPECT_THAT(Files("shop/0/one"), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() + "/shop/0/one")) << "nothing is left of it";
}

TEST_F(BackupStorageTest, NoFileIsWrittenOver) {
  ASSERT_THAT(Put("shop/0/one/1", "first"), IsOk());
  EXPECT_TRUE(absl::IsAlreadyExists(Put("shop/0/one/1", "second")));
  EXPECT_EQ(*Get("shop/0/one/1"), "first");
  // Two at the same time: one of them.
  auto slow = storage_->Create("shop/0/one/2");
  ASSERT_THAT(slow, IsOk());
  ASSERT_THAT(WriteFile(folder_.path() + "/shop/0/one/2", "quick"), IsOk());
  EXPECT_TRUE(absl::IsAlreadyExists((*slow)->Finish()));
  EXPECT_EQ(*Get("shop/0/one/2"), "quick");
}

TEST_F(BackupStorageTest, RemovesAFolderWithAllThatIsInIt) {
  ASSERT_THAT(Put("shop/0/one/1", "rows"), IsOk());
  ASSERT_THAT(Put("shop/0/two/1", "rows"), IsOk());
  ASSERT_THAT(storage_->RemoveFile("shop/0/two/1"), IsOk());
  ASSERT_THAT(storage_->RemoveFolder("shop/0/one"), IsOk());
  EXPECT_THAT(*storage_->ListFolders("shop/0"), ElementsAre("two"));
  EXPECT_THAT(Files("shop/0/two"), IsEmpty());
}

TEST_F(BackupStorageTest, AReadersErrorEndsTheReading) {
  ASSERT_THAT(Put("shop/0/one/1", "more than that"), IsOk());
  TextSink small(3);
  EXPECT_TRUE(absl::IsResourceExhausted(storage_->Read("shop/0/one/1", small)));
}

// A disk that is not mounted must not look like a storage without any backup.
TEST_F(BackupStorageTest, ARootThatIsGoneIsNoEmptyStorage) {
  std::filesystem::remove_all(folder_.path());
  const auto listed = storage_->ListFolders("shop/0");
  EXPECT_TRUE(absl::IsFailedPrecondition(listed.status()));
  EXPECT_THAT(listed.status().message(), HasSubstr("is its disk mounted?"));
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenFileStorage(folder_.path()).status()));
}

TEST(WriteErrorTest, SaysWhetherThereIsRoom) {
  for (const int full : {ENOSPC, EDQUOT}) {
    EXPECT_TRUE(absl::IsResourceExhausted(WriteError("write", "/backups/0", full)));
  }
  EXPECT_TRUE(absl::IsUnavailable(WriteError("write", "/backups/0", EIO)));
}

}  // namespace
}  // namespace graft
