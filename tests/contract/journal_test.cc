// What every Journal must do, on the fake and on files; then what only the files can show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "contract/journal_version_1.h"
#include "contract/journal_version_2.h"
#include "fakes/fake_journal.h"
#include "journal/file_journal.h"
#include "unit/full_operation.h"
#include "wire/operation_proto.h"

namespace graft {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kKeep = 3;

// A folder of this test's own, gone with it.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (fs::temp_directory_path() / "graft-journal-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TestFolder() { fs::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

Operation OperationAt(const std::string& id, int second, Outcome outcome = Outcome::kDone) {
  Operation operation = FullOperation();
  operation.request.id = id;
  operation.requested = absl::FromUnixSeconds(1'800'000'000 + second);
  operation.outcome = outcome;
  return operation;
}

std::vector<std::string> Ids(const absl::StatusOr<std::vector<Operation>>& operations) {
  if (!operations.ok()) return {operations.status().ToString()};
  std::vector<std::string> ids;
  for (const Operation& operation : *operations) ids.push_back(operation.request.id);
  return ids;
}

class JournalContract : public ::testing::TestWithParam<bool> {
 protected:
  JournalContract() {
    if (GetParam()) {
      auto made = MakeFileJournal(folder_ / "journal", kKeep);
      EXPECT_TRUE(made.ok()) << made.status();
      if (made.ok()) journal_ = *std::move(made);
    } else {
      journal_ = std::make_unique<FakeJournal>(kKeep);
    }
  }

  TestFolder folder_;
  std::unique_ptr<Journal> journal_;
};

INSTANTIATE_TEST_SUITE_P(, JournalContract, ::testing::Bool(),
                         [](const auto& param) { return param.param ? "File" : "Fake"; });

TEST_P(JournalContract, IsEmptyAtFirst) {
  EXPECT_THAT(Ids(journal_->Load()), IsEmpty());
}

TEST_P(JournalContract, WhatIsSavedComesBackWhole) {
  ASSERT_TRUE(journal_->Save(FullOperation()).ok());
  const auto loaded = journal_->Load();
  ASSERT_EQ(Ids(loaded), std::vector<std::string>{"op-1"});
  EXPECT_EQ(ToJournalRecord(loaded->front()).DebugString(),
            ToJournalRecord(FullOperation()).DebugString());
}

TEST_P(JournalContract, ALaterSaveReplacesTheRecord) {
  Operation operation = OperationAt("a", 1, Outcome::kRunning);
  ASSERT_TRUE(journal_->Save(operation).ok());
  operation.step = Step::kPublish;
  operation.times.clear();
  ASSERT_TRUE(journal_->Save(operation).ok());
  const auto loaded = journal_->Load();
  ASSERT_EQ(Ids(loaded), std::vector<std::string>{"a"});
  EXPECT_EQ(loaded->front().step, Step::kPublish);
  EXPECT_THAT(loaded->front().times, IsEmpty());
}

TEST_P(JournalContract, OldestComesFirst) {
  ASSERT_TRUE(journal_->Save(OperationAt("b", 2)).ok());
  ASSERT_TRUE(journal_->Save(OperationAt("c", 1)).ok());
  ASSERT_TRUE(journal_->Save(OperationAt("a", 3)).ok());
  EXPECT_THAT(Ids(journal_->Load()), ElementsAre("c", "b", "a"));
}

TEST_P(JournalContract, OnlyTheNewestStay) {
  for (int i = 0; i < kKeep + 2; ++i) {
    ASSERT_TRUE(journal_->Save(OperationAt(absl::StrCat("op-", i), i)).ok());
  }
  EXPECT_THAT(Ids(journal_->Load()), ElementsAre("op-2", "op-3", "op-4"));
}

TEST_P(JournalContract, ARunningOperationStaysHoweverOld) {
  ASSERT_TRUE(journal_->Save(OperationAt("runs", 0, Outcome::kRunning)).ok());
  for (int i = 1; i < kKeep + 2; ++i) {
    ASSERT_TRUE(journal_->Save(OperationAt(absl::StrCat("op-", i), i)).ok());
  }
  EXPECT_THAT(Ids(journal_->Load()), ElementsAre("runs", "op-3", "op-4"));
}

TEST_P(JournalContract, IdsThatLookAlikeStayApart) {
  ASSERT_TRUE(journal_->Save(OperationAt("a:b", 1)).ok());
  ASSERT_TRUE(journal_->Save(OperationAt("a%3Ab", 2)).ok());
  ASSERT_TRUE(journal_->Save(OperationAt("../a/b", 3)).ok());
  EXPECT_THAT(Ids(journal_->Load()), ElementsAre("a:b", "a%3Ab", "../a/b"));
}

TEST_P(JournalContract, SeveralThreadsMaySave) {
  std::vector<std::thread> threads;
  for (const char* id : {"a", "b", "c"}) {
    threads.emplace_back([this, id] {
      for (int i = 0; i < 20; ++i) EXPECT_TRUE(journal_->Save(OperationAt(id, 1)).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(Ids(journal_->Load()), ElementsAre("a", "b", "c"));
}

class FileJournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<Journal> Open() {
    auto journal = MakeFileJournal(directory_, kKeep);
    EXPECT_TRUE(journal.ok()) << journal.status();
    return journal.ok() ? *std::move(journal) : nullptr;
  }

  // The one record there is.
  std::string RecordPath() const {
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator(directory_)) paths.push_back(entry.path());
    EXPECT_EQ(paths.size(), 1U);
    return paths.empty() ? "" : paths.front();
  }

  static std::string Read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  static void Write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
  }

  // Saves one record, lets `spoil` change its text, and expects it to be refused by name.
  void ExpectDataLoss(const std::function<std::string(std::string)>& spoil) {
    ASSERT_TRUE(Open()->Save(FullOperation()).ok());
    const std::string path = RecordPath();
    Write(path, spoil(Read(path)));
    const absl::Status status = Open()->Load().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
    EXPECT_THAT(std::string(status.message()), HasSubstr("move the file out of the folder"));
    fs::remove(path);
    EXPECT_THAT(Ids(Open()->Load()), IsEmpty());
  }

  TestFolder folder_;
  const std::string directory_ = folder_ / "journal";
};

TEST_F(FileJournalTest, SurvivesANewJournalOnTheSameFolder) {
  ASSERT_TRUE(Open()->Save(FullOperation()).ok());
  EXPECT_THAT(Ids(Open()->Load()), ElementsAre("op-1"));
}

TEST_F(FileJournalTest, OnlyItsOwnerMayReadIt) {
  ASSERT_TRUE(Open()->Save(FullOperation()).ok());
  struct stat info {};
  ASSERT_EQ(stat(RecordPath().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(stat(directory_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
}

TEST_F(FileJournalTest, HalfAFileIsDataLoss) {
  ExpectDataLoss([](const std::string& text) { return text.substr(0, text.size() / 2); });
}

TEST_F(FileJournalTest, AnEmptyFileIsDataLoss) {
  ExpectDataLoss([](const std::string&) { return ""; });
}

TEST_F(FileJournalTest, AForeignRecordIsDataLoss) {
  ExpectDataLoss([](const std::string&) { return R"({"name": "somebody else's"})"; });
}

TEST_F(FileJournalTest, ANewerSchemaIsDataLoss) {
  ExpectDataLoss([](std::string text) {
    const std::string version = "\"schema_version\": 3";
    const size_t at = text.find(version);
    EXPECT_NE(at, std::string::npos);
    return text.replace(at, version.size(), "\"schema_version\": 4");
  });
}

// FullOperation() as far as that version could keep it; the rest has its defaults.
Operation FullOperationOfVersion2() {
  Operation operation = FullOperation();
  const Progress fresh;
  Progress& progress = operation.progress;
  progress.percent = fresh.percent;
  progress.eta = fresh.eta;
  progress.phases = fresh.phases;
  progress.learnt_from = fresh.learnt_from;
  progress.recovery_percent = fresh.recovery_percent;
  progress.phase_began = fresh.phase_began;
  progress.sampled = fresh.sampled;
  return operation;
}

Operation FullOperationOfVersion1() {
  Operation operation = FullOperationOfVersion2();
  const Operation fresh;
  operation.request.settings = {};
  operation.request.allow = {};
  operation.failed_attempts.clear();
  operation.earlier_failures.clear();
  operation.refused_donors.clear();
  operation.findings.clear();
  operation.queue_place = 0;
  operation.claim_lost = false;
  operation.resumptions = 0;
  operation.ended_sessions.clear();
  operation.proof = {};
  operation.donor_patience = fresh.donor_patience;
  operation.progress.note.clear();
  operation.fence.clone_settings.clear();
  operation.data_directory.clear();
  operation.error_log.clear();
  return operation;
}

TEST_F(FileJournalTest, RecordsOfOlderVersionsAreReadAndWrittenAnew) {
  const std::pair<const char*, Operation> rows[] = {{kJournalVersion1, FullOperationOfVersion1()},
                                                    {kJournalVersion2, FullOperationOfVersion2()}};
  const auto journal = Open();
  for (const auto& [text, kept] : rows) {
    Write(directory_ + "/operation-op-1.json", text);
    const auto loaded = journal->Load();
    ASSERT_EQ(Ids(loaded), std::vector<std::string>{"op-1"});
    EXPECT_EQ(ToJournalRecord(loaded->front()).DebugString(), ToJournalRecord(kept).DebugString());
    ASSERT_TRUE(journal->Save(loaded->front()).ok());
    EXPECT_THAT(Read(RecordPath()), HasSubstr("\"schema_version\": 3"));
    EXPECT_THAT(Ids(journal->Load()), ElementsAre("op-1"));
  }
}

TEST_F(FileJournalTest, AnUnknownWordIsDataLoss) {
  ExpectDataLoss([](std::string text) {
    const std::string step = "\"step\": \"clone\"";
    const size_t at = text.find(step);
    EXPECT_NE(at, std::string::npos);
    return text.replace(at, step.size(), "\"step\": \"dance\"");
  });
}

TEST_F(FileJournalTest, HalfWrittenFilesOfACrashAreRemoved) {
  ASSERT_TRUE(Open()->Save(FullOperation()).ok());
  const std::string leftover = RecordPath() + ".tmp";
  Write(leftover, "{\"schema_ver");
  EXPECT_THAT(Ids(Open()->Load()), ElementsAre("op-1"));
  EXPECT_FALSE(fs::exists(leftover));
}

TEST_F(FileJournalTest, OtherFilesAreLeftAlone) {
  const auto journal = Open();
  Write(directory_ + "/README", "of the operator");
  for (int i = 0; i < kKeep + 2; ++i) {
    ASSERT_TRUE(journal->Save(OperationAt(absl::StrCat("op-", i), i)).ok());
  }
  EXPECT_THAT(Ids(Open()->Load()), ElementsAre("op-2", "op-3", "op-4"));
  EXPECT_EQ(Read(directory_ + "/README"), "of the operator");
}

TEST_F(FileJournalTest, AnUnreadableRecordIsNeverClearedAway) {
  const auto journal = Open();
  ASSERT_TRUE(journal->Save(OperationAt("spoiled", 0)).ok());
  const std::string path = RecordPath();
  Write(path, "spoiled");
  for (int i = 1; i < kKeep + 3; ++i) {
    ASSERT_TRUE(journal->Save(OperationAt(absl::StrCat("op-", i), i)).ok());
  }
  EXPECT_TRUE(fs::exists(path));
  EXPECT_EQ(journal->Load().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(FileJournalTest, AFolderThatVanishedIsUnavailableAndSaysWhere) {
  const auto journal = Open();
  fs::remove_all(directory_);
  const absl::Status saved = journal->Save(FullOperation());
  EXPECT_EQ(saved.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(saved.message()), HasSubstr(directory_));
  EXPECT_EQ(journal->Load().status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(FileJournalTest, AFailedSaveKeepsTheRecordBefore) {
  const auto journal = Open();
  ASSERT_TRUE(journal->Save(FullOperation()).ok());
  // A folder in the temporary file's place fails the save on every file system, root or not.
  fs::create_directories(RecordPath() + ".tmp/in-the-way");
  Operation later = FullOperation();
  later.step = Step::kPublish;
  EXPECT_EQ(journal->Save(later).code(), absl::StatusCode::kUnavailable);
  const auto loaded = journal->Load();
  ASSERT_EQ(Ids(loaded), std::vector<std::string>{"op-1"});
  EXPECT_EQ(loaded->front().step, Step::kClone);
}

TEST_F(FileJournalTest, CannotBeMadeWhereThereIsNoFolder) {
  Write(directory_, "a file");
  EXPECT_EQ(MakeFileJournal(directory_).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(MakeFileJournal(folder_ / "a/b/c").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(MakeFileJournal("").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MakeFileJournal(folder_ / "x", 0).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FileJournalTest, AnIdNoFileCanHaveIsRefused) {
  const auto journal = Open();
  EXPECT_EQ(journal->Save(OperationAt("", 1)).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(journal->Save(OperationAt(std::string(300, 'a'), 1)).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(journal->Save(OperationAt(std::string(128, 'a'), 1)).ok());
}

TEST(FakeJournalTest, FailsAsOftenAsToldAndSavesNothing) {
  FakeJournal journal;
  int told = 0;
  journal.on_save = [&told](const Operation&) { ++told; };
  journal.FailNext(2, absl::UnavailableError("full"));
  EXPECT_EQ(journal.Save(FullOperation()), absl::UnavailableError("full"));
  EXPECT_EQ(journal.Save(FullOperation()), absl::UnavailableError("full"));
  EXPECT_THAT(Ids(journal.Load()), IsEmpty());
  EXPECT_TRUE(journal.Save(FullOperation()).ok());
  EXPECT_EQ(told, 1);
  EXPECT_EQ(journal.saves(), 1);
}

}  // namespace
}  // namespace graft
