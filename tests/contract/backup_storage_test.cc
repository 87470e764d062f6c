// What every storage promises, tried on a folder and on a real S3 server.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "backups/backup_storage.h"
#include "backups/byte_sink.h"
#include "backups/storage_options.h"
#include "base/files.h"
#include "testing/is_ok.h"
#include "testing/s3_server.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class BackupStorageTest : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    auto server = S3Server::Start();
    ASSERT_THAT(server, IsOk());
    server_ = server->release();
    server_->UseCredentials("graft");
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  void SetUp() override {
    StorageOptions options;
    options.implementation = GetParam();
    options.file_root = folder_.path();
    options.s3 = server_->options();
    options.s3.root = "of/" + folder_.path();  // no test sees another one's
    auto storage = OpenStorage(options);
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

  static S3Server* server_;
  const TempFolder folder_{"storage"};
  std::unique_ptr<BackupStorage> storage_;
};

S3Server* BackupStorageTest::server_ = nullptr;

INSTANTIATE_TEST_SUITE_P(, BackupStorageTest, testing::Values("file", "s3"),
                         [](const auto& info) { return info.param; });

TEST_P(BackupStorageTest, GivesBackWhatItWasGiven) {
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

TEST_P(BackupStorageTest, WhatIsNotThereIsNotFoundOrEmpty) {
  EXPECT_TRUE(absl::IsNotFound(Get("shop/0/one/MANIFEST").status()));
  EXPECT_THAT(*storage_->ListFolders("shop/0"), IsEmpty());
  EXPECT_THAT(Files("shop/0/one"), IsEmpty());
  EXPECT_THAT(storage_->RemoveFile("shop/0/one/MANIFEST"), IsOk());
  EXPECT_THAT(storage_->RemoveFolder("shop/0/one"), IsOk());
}

TEST_P(BackupStorageTest, AFileIsSeenWholeOrNotAtAll) {
  {
    auto sink = storage_->Create("shop/0/one/1");
    ASSERT_THAT(sink, IsOk());
    ASSERT_THAT((*sink)->Append("half of"), IsOk());
    EXPECT_THAT(Files("shop/0/one"), IsEmpty());
    EXPECT_TRUE(absl::IsNotFound(Get("shop/0/one/1").status()));
  }
  EXPECT_THAT(Files("shop/0/one"), IsEmpty());
  const std::string folder = folder_.path() + "/shop/0/one";
  EXPECT_TRUE(GetParam() != "file" || std::filesystem::is_empty(folder)) << "nothing is left of it";
}

TEST_P(BackupStorageTest, NoFileIsWrittenOver) {
  ASSERT_THAT(Put("shop/0/one/1", "first"), IsOk());
  EXPECT_TRUE(absl::IsAlreadyExists(Put("shop/0/one/1", "second")));
  EXPECT_EQ(*Get("shop/0/one/1"), "first");
  // Two at the same time: one of them.
  auto slow = storage_->Create("shop/0/one/2");
  ASSERT_THAT(slow, IsOk());
  // A folder's second writer takes over what the first one has begun; this one needs not.
  const std::string path = folder_.path() + "/shop/0/one/2";
  ASSERT_THAT(GetParam() == "file" ? WriteFile(path, "quick") : Put("shop/0/one/2", "quick"),
              IsOk());
  EXPECT_TRUE(absl::IsAlreadyExists((*slow)->Finish()));
  EXPECT_EQ(*Get("shop/0/one/2"), "quick");
}

TEST_P(BackupStorageTest, RemovesAFolderWithAllThatIsInIt) {
  ASSERT_THAT(Put("shop/0/one/1", "rows"), IsOk());
  ASSERT_THAT(Put("shop/0/two/1", "rows"), IsOk());
  ASSERT_THAT(Put("shop/0/two/2", "rows"), IsOk());
  ASSERT_THAT(storage_->RemoveFile("shop/0/two/1"), IsOk());
  ASSERT_THAT(storage_->RemoveFolder("shop/0/one"), IsOk());
  EXPECT_THAT(*storage_->ListFolders("shop/0"), ElementsAre("two"));
  EXPECT_THAT(Files("shop/0/two"), ElementsAre("2"));
}

TEST_P(BackupStorageTest, TakesNamesWithAnyCharacters) {
  const std::string name = "a b+c&d=e;f%2F<g>'h'\"\xC3\xA4~";
  const std::string folder = absl::StrCat("sh#op/-80/", name);
  ASSERT_THAT(Put(absl::StrCat(folder, "/", name), "rows"), IsOk());
  EXPECT_EQ(*Get(absl::StrCat(folder, "/", name)), "rows");
  EXPECT_THAT(*storage_->ListFolders("sh#op/-80"), ElementsAre(name));
  EXPECT_THAT(Files(folder), ElementsAre(name));
  ASSERT_THAT(storage_->RemoveFolder(folder), IsOk());
  EXPECT_THAT(Files(folder), IsEmpty());
}

// "1" is no folder of "10", and no part of it.
TEST_P(BackupStorageTest, ANameIsWhole) {
  ASSERT_THAT(Put("shop/0/one/10", "ten"), IsOk());
  ASSERT_THAT(Put("shop/0/one10/1", "other"), IsOk());
  EXPECT_THAT(Put("shop/0/one/1", "one"), IsOk());
  ASSERT_THAT(storage_->RemoveFolder("shop/0/one"), IsOk());
  EXPECT_THAT(*storage_->ListFolders("shop/0"), ElementsAre("one10"));
}

TEST_P(BackupStorageTest, AReadersErrorEndsTheReading) {
  ASSERT_THAT(Put("shop/0/one/1", "more than that"), IsOk());
  TextSink small(3);
  EXPECT_TRUE(absl::IsResourceExhausted(storage_->Read("shop/0/one/1", small)));
}

// A disk that is not mounted must not look like a storage without any backup.
TEST(FileBackupStorageTest, ARootThatIsGoneIsNoEmptyStorage) {
  const TempFolder folder("storage");
  const auto storage = OpenFileStorage(folder.path());
  ASSERT_THAT(storage, IsOk());
  std::filesystem::remove_all(folder.path());
  const auto listed = (*storage)->ListFolders("shop/0");
  EXPECT_TRUE(absl::IsFailedPrecondition(listed.status()));
  EXPECT_THAT(listed.status().message(), HasSubstr("is its disk mounted?"));
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenFileStorage(folder.path()).status()));
}

TEST(WriteErrorTest, SaysWhetherThereIsRoom) {
  for (const int full : {ENOSPC, EDQUOT}) {
    EXPECT_TRUE(absl::IsResourceExhausted(WriteError("write", "/backups/0", full)));
  }
  EXPECT_TRUE(absl::IsUnavailable(WriteError("write", "/backups/0", EIO)));
}

}  // namespace
}  // namespace graft
