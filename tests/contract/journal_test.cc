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
#include "contract/journal_version_3.h"
#include "fakes/fake_journal.h"
#include "fakes/simulated_clock.h"
#include "journal/file_journal.h"
#include "testing/privilege.h"
#include "testing/small_disk.h"
#include "unit/full_operation.h"
#include "wire/operation_proto.h"

namespace graft {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

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

TabletState StateAt(const std::string& id, int64_t sequence, Outcome outcome = Outcome::kDone) {
  TabletState state = FullTabletState();
  state.sequence = sequence;
  state.operation.request.id = id;
  state.operation.outcome = outcome;
  return state;
}

// Of before there were sequence numbers: order was the time of the request.
TabletState OldStateAt(const std::string& id, int second, Outcome outcome = Outcome::kDone) {
  TabletState state = StateAt(id, 0, outcome);
  state.operation.requested = absl::FromUnixSeconds(1'800'000'000 + second);
  return state;
}

std::vector<std::string> Ids(const absl::StatusOr<LoadedJournal>& journal) {
  if (!journal.ok()) return {journal.status().ToString()};
  std::vector<std::string> ids;
  for (const TabletState& state : journal->states) ids.push_back(state.operation.request.id);
  return ids;
}

std::vector<std::string> DamagedFiles(const absl::StatusOr<LoadedJournal>& journal) {
  if (!journal.ok()) return {journal.status().ToString()};
  std::vector<std::string> files;
  for (const DamagedRecord& record : journal->damaged) files.push_back(record.file);
  return files;
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
  ASSERT_TRUE(journal_->Save(FullTabletState()).ok());
  const auto loaded = journal_->Load();
  ASSERT_EQ(Ids(loaded), std::vector<std::string>{"op-1"});
  EXPECT_EQ(ToJournalRecord(loaded->states.front()).DebugString(),
            ToJournalRecord(FullTabletState()).DebugString());
}

TEST_P(JournalContract, ALaterSaveReplacesTheRecord) {
  TabletState state = StateAt("a", 1, Outcome::kRunning);
  ASSERT_TRUE(journal_->Save(state).ok());
  state.sequence = 2;
  state.operation.step = Step::kPublish;
  state.operation.times.clear();
  state.cancel.reset();
  state.clone.reset();
  ASSERT_TRUE(journal_->Save(state).ok());
  const auto loaded = journal_->Load();
  ASSERT_EQ(Ids(loaded), std::vector<std::string>{"a"});
  EXPECT_EQ(loaded->states.front().operation.step, Step::kPublish);
  EXPECT_THAT(loaded->states.front().operation.times, IsEmpty());
  EXPECT_FALSE(loaded->states.front().cancel.has_value());
  EXPECT_FALSE(loaded->states.front().clone.has_value());
}

TEST_P(JournalContract, OldestComesFirst) {
  ASSERT_TRUE(journal_->Save(StateAt("b", 2)).ok());
  ASSERT_TRUE(journal_->Save(StateAt("c", 1)).ok());
  ASSERT_TRUE(journal_->Save(StateAt("a", 3)).ok());
  EXPECT_THAT(Ids(journal_->Load()), ElementsAre("c", "b", "a"));
}

TEST_P(JournalContract, OnlyTheNewestStay) {
  for (int i = 0; i < kKeep + 2; ++i) {
    ASSERT_TRUE(journal_->Save(StateAt(absl::StrCat("op-", i), i)).ok());
  }
  EXPECT_THAT(Ids(journal_->Load()), ElementsAre("op-2", "op-3", "op-4"));
}

TEST_P(JournalContract, ARunningOperationStaysHoweverOld) {
  ASSERT_TRUE(journal_->Save(StateAt("runs", 0, Outcome::kRunning)).ok());
  for (int i = 1; i < kKeep + 2; ++i) {
    ASSERT_TRUE(journal_->Save(StateAt(absl::StrCat("op-", i), i)).ok());
  }
  EXPECT_THAT(Ids(journal_->Load()), UnorderedElementsAre("runs", "op-3", "op-4"));
}

// A machine whose clock was set back journals an operation of "yesterday" after today's.
TEST_P(JournalContract, AnUnfinishedOperationIsTheNewestWhateverTheClockSaid) {
  ASSERT_TRUE(journal_->Save(OldStateAt("runs", -86'400, Outcome::kRunning)).ok());
  ASSERT_TRUE(journal_->Save(OldStateAt("ended", 1)).ok());
  EXPECT_THAT(Ids(journal_->Load()), ElementsAre("ended", "runs"));
}

// The number alone is the order: neither the time of the request nor what still runs counts.
TEST_P(JournalContract, TheHighestNumberIsTheNewestWhateverTheClockSaid) {
  TabletState yesterdays = StateAt("b", 9);
  yesterdays.operation.requested = absl::FromUnixSeconds(1'700'000'000);
  ASSERT_TRUE(journal_->Save(yesterdays).ok());
  ASSERT_TRUE(journal_->Save(StateAt("a", 8, Outcome::kRunning)).ok());
  EXPECT_THAT(Ids(journal_->Load()), ElementsAre("a", "b"));
}

TEST_P(JournalContract, RecordsOfBeforeThereWereNumbersAreOlder) {
  ASSERT_TRUE(journal_->Save(StateAt("new", 1)).ok());
  ASSERT_TRUE(journal_->Save(OldStateAt("ended", 2)).ok());
  ASSERT_TRUE(journal_->Save(OldStateAt("runs", 1, Outcome::kRunning)).ok());
  EXPECT_THAT(Ids(journal_->Load()), ElementsAre("ended", "runs", "new"));
}

// A cancel, a fence and a clone are kept for an operation that ended, too.
TEST_P(JournalContract, ALaterSaveMayBeOfAnOlderOperation) {
  ASSERT_TRUE(journal_->Save(StateAt("a", 1)).ok());
  ASSERT_TRUE(journal_->Save(StateAt("b", 2)).ok());
  ASSERT_TRUE(journal_->Save(StateAt("a", 3)).ok());
  EXPECT_THAT(Ids(journal_->Load()), ElementsAre("b", "a"));
}

TEST_P(JournalContract, TheNewestStaysThoughUnfinishedOnesTakeAllPlaces) {
  for (int i = 0; i < kKeep + 1; ++i) {
    ASSERT_TRUE(journal_->Save(StateAt(absl::StrCat("runs-", i), i, Outcome::kRunning)).ok());
  }
  EXPECT_THAT(Ids(journal_->Load()), SizeIs(kKeep + 1));
}

TEST_P(JournalContract, NothingIsDamagedToSetAside) {
  ASSERT_TRUE(journal_->Save(StateAt("a", 1)).ok());
  EXPECT_TRUE(journal_->SetDamagedAside().ok());
  EXPECT_THAT(Ids(journal_->Load()), ElementsAre("a"));
  EXPECT_THAT(DamagedFiles(journal_->Load()), IsEmpty());
}

TEST_P(JournalContract, IdsThatLookAlikeStayApart) {
  ASSERT_TRUE(journal_->Save(StateAt("a:b", 1)).ok());
  ASSERT_TRUE(journal_->Save(StateAt("a%3Ab", 2)).ok());
  ASSERT_TRUE(journal_->Save(StateAt("../a/b", 3)).ok());
  EXPECT_THAT(Ids(journal_->Load()), ElementsAre("a:b", "a%3Ab", "../a/b"));
}

TEST_P(JournalContract, SeveralThreadsMaySave) {
  std::vector<std::thread> threads;
  for (const char* id : {"a", "b", "c"}) {
    threads.emplace_back([this, id] {
      for (int i = 0; i < 20; ++i) EXPECT_TRUE(journal_->Save(StateAt(id, 1)).ok());
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

  // Saves two records, lets `spoil` change one's text, and expects the other to be loaded and this
  // one to be named, until it is set aside.
  void ExpectDamaged(const std::function<std::string(std::string)>& spoil) {
    ASSERT_TRUE(Open()->Save(FullTabletState()).ok());
    const std::string path = RecordPath();
    Write(path, spoil(Read(path)));
    const auto journal = Open();
    ASSERT_TRUE(journal->Save(StateAt("good", 1)).ok());
    const auto loaded = journal->Load();
    EXPECT_THAT(Ids(loaded), ElementsAre("good"));
    ASSERT_THAT(DamagedFiles(loaded), ElementsAre(path));
    EXPECT_THAT(loaded->damaged.front().why, HasSubstr(path));
    ASSERT_TRUE(journal->SetDamagedAside().ok());
    EXPECT_THAT(DamagedFiles(Open()->Load()), IsEmpty());
    EXPECT_THAT(Ids(Open()->Load()), ElementsAre("good"));
    EXPECT_TRUE(fs::exists(path + ".damaged"));
  }

  TestFolder folder_;
  const std::string directory_ = folder_ / "journal";
};

TEST_F(FileJournalTest, SurvivesANewJournalOnTheSameFolder) {
  ASSERT_TRUE(Open()->Save(FullTabletState()).ok());
  EXPECT_THAT(Ids(Open()->Load()), ElementsAre("op-1"));
}

TEST_F(FileJournalTest, OnlyItsOwnerMayReadIt) {
  ASSERT_TRUE(Open()->Save(FullTabletState()).ok());
  struct stat info {};
  ASSERT_EQ(stat(RecordPath().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(stat(directory_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
}

TEST_F(FileJournalTest, HalfAFileIsDamaged) {
  ExpectDamaged([](const std::string& text) { return text.substr(0, text.size() / 2); });
}

TEST_F(FileJournalTest, AnEmptyFileIsDamaged) {
  ExpectDamaged([](const std::string&) { return ""; });
}

TEST_F(FileJournalTest, AForeignRecordIsDamaged) {
  ExpectDamaged([](const std::string&) { return R"({"name": "somebody else's"})"; });
}

TEST_F(FileJournalTest, ANewerSchemaIsDamaged) {
  ExpectDamaged([](std::string text) {
    const std::string version = absl::StrCat("\"schema_version\": ", kJournalSchemaVersion);
    const size_t at = text.find(version);
    EXPECT_NE(at, std::string::npos);
    return text.replace(at, version.size(),
                        absl::StrCat("\"schema_version\": ", kJournalSchemaVersion + 1));
  });
}

// FullTabletState() as far as that version could keep it, and as it is read now: the marks of the
// run that was under way are a clone whose end nobody has seen.
TabletState FullStateOfVersion3() {
  TabletState state = FullTabletState();
  state.operation.request.donor.primary = state.clone->choice.primary = {};
  const Operation fresh;
  Operation& operation = state.operation;
  operation.request.kind = fresh.request.kind;
  operation.request.release = fresh.request.release;
  operation.ended_sessions_more = 0;
  operation.refused_more = 0;
  operation.request.allow = {true, {kAllChecks}, false};
  operation.proof.disabled_events.clear();
  operation.progress.waiting_since = fresh.progress.waiting_since;
  state.sequence = 0;
  state.cancel.reset();
  state.throttle = CloneSettings();
  state.donor_gtid.clear();
  state.source_uuid.clear();
  state.replication = ReplicationSettings();
  state.fence.acknowledged = false;
  SentClone clone;
  clone.not_before = state.clone->not_before;
  clone.begin_time = state.clone->begin_time;
  clone.connection_id = state.clone->connection_id;
  clone.choice = operation.request.donor;
  clone.donor = operation.donor;
  clone.donor_mysql = operation.donor_mysql;
  clone.gtid_before = operation.proof.gtid_before;
  state.clone = clone;
  state.operation.request.if_needed = false;
  state.operation.old_data = {};
  state.operation.from_backup = state.operation.request.fallback_to_backup = false;
  state.operation.backup.clear();
  return state;
}

TabletState FullStateOfVersion2() {
  TabletState state = FullStateOfVersion3();
  const Progress fresh;
  Progress& progress = state.operation.progress;
  progress.percent = fresh.percent;
  progress.eta = fresh.eta;
  progress.phases = fresh.phases;
  progress.learnt_from = fresh.learnt_from;
  progress.recovery_percent = fresh.recovery_percent;
  progress.phase_began = fresh.phase_began;
  progress.sampled = fresh.sampled;
  return state;
}

TabletState FullStateOfVersion1() {
  TabletState state = FullStateOfVersion2();
  const Operation fresh;
  Operation& operation = state.operation;
  operation.request.settings = {};
  operation.request.allow = {};
  operation.failed_attempts.clear();
  operation.refused_donors.clear();
  operation.findings.clear();
  operation.queue_place = 0;
  operation.claim_lost = false;
  operation.resumptions = 0;
  operation.ended_sessions.clear();
  operation.proof = {};
  operation.donor_patience = fresh.donor_patience;
  operation.progress.note.clear();
  state.earlier_failures.clear();
  state.fence.clone_settings.clear();
  state.data_directory.clear();
  state.error_log.clear();
  state.clone->gtid_before.clear();
  return state;
}

TEST_F(FileJournalTest, RecordsOfOlderVersionsAreReadAndWrittenAnew) {
  const std::pair<const char*, TabletState> rows[] = {{kJournalVersion1, FullStateOfVersion1()},
                                                      {kJournalVersion2, FullStateOfVersion2()},
                                                      {kJournalVersion3, FullStateOfVersion3()}};
  const auto journal = Open();
  for (const auto& [text, kept] : rows) {
    Write(directory_ + "/operation-op-1.json", text);
    const auto loaded = journal->Load();
    ASSERT_EQ(Ids(loaded), std::vector<std::string>{"op-1"});
    EXPECT_EQ(ToJournalRecord(loaded->states.front()).DebugString(),
              ToJournalRecord(kept).DebugString());
    ASSERT_TRUE(journal->Save(loaded->states.front()).ok());
    EXPECT_THAT(Read(RecordPath()),
                HasSubstr(absl::StrCat("\"schema_version\": ", kJournalSchemaVersion)));
    EXPECT_THAT(Ids(journal->Load()), ElementsAre("op-1"));
  }
}

TEST_F(FileJournalTest, AnUnknownWordIsDamaged) {
  ExpectDamaged([](std::string text) {
    const std::string step = "\"step\": \"clone\"";
    const size_t at = text.find(step);
    EXPECT_NE(at, std::string::npos);
    return text.replace(at, step.size(), "\"step\": \"dance\"");
  });
}

TEST_F(FileJournalTest, HalfWrittenFilesOfACrashAreRemoved) {
  ASSERT_TRUE(Open()->Save(FullTabletState()).ok());
  const std::string leftover = RecordPath() + ".tmp";
  Write(leftover, "{\"schema_ver");
  EXPECT_THAT(Ids(Open()->Load()), ElementsAre("op-1"));
  EXPECT_FALSE(fs::exists(leftover));
}

TEST_F(FileJournalTest, OtherFilesAreLeftAlone) {
  const auto journal = Open();
  Write(directory_ + "/README", "of the operator");
  for (int i = 0; i < kKeep + 2; ++i) {
    ASSERT_TRUE(journal->Save(StateAt(absl::StrCat("op-", i), i)).ok());
  }
  EXPECT_THAT(Ids(Open()->Load()), ElementsAre("op-2", "op-3", "op-4"));
  EXPECT_EQ(Read(directory_ + "/README"), "of the operator");
}

TEST_F(FileJournalTest, AnUnreadableRecordIsNeverClearedAway) {
  const auto journal = Open();
  ASSERT_TRUE(journal->Save(StateAt("spoiled", 0)).ok());
  const std::string path = RecordPath();
  Write(path, "spoiled");
  for (int i = 1; i < kKeep + 3; ++i) {
    ASSERT_TRUE(journal->Save(StateAt(absl::StrCat("op-", i), i)).ok());
  }
  EXPECT_TRUE(fs::exists(path));
  EXPECT_THAT(DamagedFiles(journal->Load()), ElementsAre(path));
  EXPECT_THAT(Ids(journal->Load()), SizeIs(kKeep)) << "it takes no place of those that are whole";
}

TEST_F(FileJournalTest, WhatWasSetAsideBeforeIsKept) {
  const auto journal = Open();
  const std::string path = directory_ + "/operation-a.json";
  for (const char* text : {"first", "second", "third"}) {
    Write(path, text);
    ASSERT_TRUE(journal->SetDamagedAside().ok());
  }
  EXPECT_EQ(Read(path + ".damaged"), "first");
  EXPECT_EQ(Read(path + ".damaged-2"), "second");
  EXPECT_EQ(Read(path + ".damaged-3"), "third");
  EXPECT_THAT(DamagedFiles(Open()->Load()), IsEmpty());
}

TEST_F(FileJournalTest, ACopyUnderAnotherNameIsNoSecondOperation) {
  const auto journal = Open();
  ASSERT_TRUE(journal->Save(StateAt("a", 1)).ok());
  const std::string copy = directory_ + "/operation-b.json";
  fs::copy_file(RecordPath(), copy);
  EXPECT_THAT(Ids(journal->Load()), ElementsAre("a"));
  EXPECT_THAT(DamagedFiles(journal->Load()), ElementsAre(copy));
}

TEST_F(FileJournalTest, AFolderInARecordsPlaceIsDamaged) {
  const auto journal = Open();
  fs::create_directories(directory_ + "/operation-a.json/b");
  EXPECT_THAT(DamagedFiles(journal->Load()), SizeIs(1));
  EXPECT_TRUE(journal->SetDamagedAside().ok());
  EXPECT_TRUE(journal->Save(StateAt("a", 1)).ok());
}

TEST_F(FileJournalTest, WhatCouldNotBeReadAgainIsNotWritten) {
  const auto journal = Open();
  ASSERT_TRUE(journal->Save(FullTabletState()).ok());
  for (const auto& spoil : std::vector<std::function<void(TabletState&)>>{
           [](TabletState& s) { s.operation.donor_mysql.port = 70'000; },
           [](TabletState& s) { s.operation.source_mysql.port = 70'000; },
           [](TabletState& s) { s.clone->donor_mysql.port = 70'000; }}) {
    TabletState unreadable = FullTabletState();
    unreadable.operation.step = Step::kPublish;
    spoil(unreadable);
    const absl::Status refused = journal->Save(unreadable);
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("70000"));
  }
  const auto loaded = journal->Load();
  ASSERT_THAT(Ids(loaded), ElementsAre("op-1"));
  EXPECT_EQ(loaded->states.front().operation.step, Step::kClone) << "the record before stays";
}

// A server's texts are bytes of its own character set.
TEST_F(FileJournalTest, TextThatIsNoUtf8DoesNotKeepAnOperationFromTheJournal) {
  const auto journal = Open();
  TabletState state = FullTabletState();
  state.operation.error = absl::InternalError("Datei nicht gefunden: M\xfcller\x80");
  state.operation.progress.note = "half a letter: \xc3";
  state.clone->schemas_before = {"M\xfcller"};
  state.fence.variables = {{"init_connect", "SET @a='\xfc'", "\xfc"}};
  const absl::Status saved = journal->Save(state);
  ASSERT_TRUE(saved.ok()) << saved;
  EXPECT_THAT(Ids(Open()->Load()), ElementsAre("op-1"));
}

TEST_F(FileJournalTest, AFolderThatVanishedIsMadeAnewByASave) {
  const auto journal = Open();
  fs::remove_all(directory_);
  EXPECT_EQ(journal->Load().status().code(), absl::StatusCode::kUnavailable);
  const absl::Status saved = journal->Save(FullTabletState());
  EXPECT_TRUE(saved.ok()) << saved;
  EXPECT_THAT(Ids(journal->Load()), ElementsAre("op-1"));
}

TEST_F(FileJournalTest, AStateDirectoryThatVanishedIsMadeAnewByASave) {
  fs::create_directory(folder_ / "state");
  const auto journal = MakeFileJournal(folder_ / "state/journal");
  ASSERT_TRUE(journal.ok()) << journal.status();
  fs::remove_all(folder_ / "state");
  const absl::Status saved = (*journal)->Save(FullTabletState());
  EXPECT_TRUE(saved.ok()) << saved;
  EXPECT_THAT(Ids((*journal)->Load()), ElementsAre("op-1"));
}

TEST_F(FileJournalTest, AFileInTheFoldersPlaceIsUnavailableAndSaysWhere) {
  const auto journal = Open();
  fs::remove_all(directory_);
  Write(directory_, "a file");
  const absl::Status saved = journal->Save(FullTabletState());
  EXPECT_EQ(saved.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(saved.message()), HasSubstr(directory_));
}

TEST_F(FileJournalTest, AFullDiskIsUnavailableAndSaysWhatAndWhere) {
  const std::string disk_folder = folder_ / "disk";
  fs::create_directory(disk_folder);
  const auto disk = SmallDisk::Mount(disk_folder, /*megabytes=*/1);
  GRAFT_NEEDS_RIGHT(disk.status());
  ASSERT_TRUE(disk.ok()) << disk.status();
  const std::string directory = disk_folder + "/journal";
  const auto journal = MakeFileJournal(directory);
  ASSERT_TRUE(journal.ok()) << journal.status();
  ASSERT_TRUE((*journal)->Save(FullTabletState()).ok());
  std::ofstream filler(disk_folder + "/filler");
  while (filler << std::string(4096, 'x') << std::flush) {
  }
  TabletState later = FullTabletState();
  later.operation.step = Step::kPublish;
  const absl::Status full = (*journal)->Save(later);
  EXPECT_EQ(full.code(), absl::StatusCode::kUnavailable) << full;
  EXPECT_THAT(std::string(full.message()), HasSubstr(directory));
  EXPECT_THAT(std::string(full.message()), HasSubstr("No space left on device"));
  const auto loaded = (*journal)->Load();
  ASSERT_THAT(Ids(loaded), ElementsAre("op-1"));
  EXPECT_EQ(loaded->states.front().operation.step, Step::kClone);
  filler.close();
  fs::remove(disk_folder + "/filler");
  EXPECT_TRUE((*journal)->Save(later).ok()) << "there is room again";
}

TEST_F(FileJournalTest, AFailedSaveKeepsTheRecordBefore) {
  const auto journal = Open();
  ASSERT_TRUE(journal->Save(FullTabletState()).ok());
  // A folder in the temporary file's place fails the save on every file system, root or not.
  fs::create_directories(RecordPath() + ".tmp/in-the-way");
  TabletState later = FullTabletState();
  later.operation.step = Step::kPublish;
  EXPECT_EQ(journal->Save(later).code(), absl::StatusCode::kUnavailable);
  const auto loaded = journal->Load();
  ASSERT_EQ(Ids(loaded), std::vector<std::string>{"op-1"});
  EXPECT_EQ(loaded->states.front().operation.step, Step::kClone);
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
  EXPECT_EQ(journal->Save(StateAt("", 1)).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(journal->Save(StateAt(std::string(300, 'a'), 1)).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(journal->Save(StateAt(std::string(128, 'a'), 1)).ok());
}

TEST(FakeJournalTest, HangsIsDamagedAndFailsToLoadAsTold) {
  SimulatedClock clock;
  const absl::Time start = clock.Now();
  FakeJournal journal;
  journal.HangNext(clock, absl::Minutes(1));
  EXPECT_TRUE(journal.Save(FullTabletState()).ok());
  EXPECT_EQ(clock.Now() - start, absl::Minutes(1));
  journal.FailNextLoad(1, absl::UnavailableError("no disk"));
  EXPECT_EQ(journal.Load().status(), absl::UnavailableError("no disk"));
  journal.AddDamaged({"operation-x.json", "half of it is missing"});
  EXPECT_THAT(DamagedFiles(journal.Load()), ElementsAre("operation-x.json"));
  EXPECT_THAT(Ids(journal.Load()), ElementsAre("op-1"));
  EXPECT_TRUE(journal.SetDamagedAside().ok());
  EXPECT_THAT(DamagedFiles(journal.Load()), IsEmpty());
}

TEST(FakeJournalTest, FailsAsOftenAsToldAndSavesNothing) {
  FakeJournal journal;
  int told = 0;
  journal.on_save = [&told](const auto&) { ++told; };
  journal.FailNext(2, absl::UnavailableError("full"));
  EXPECT_EQ(journal.Save(FullTabletState()), absl::UnavailableError("full"));
  EXPECT_EQ(journal.Save(FullTabletState()), absl::UnavailableError("full"));
  EXPECT_THAT(Ids(journal.Load()), IsEmpty());
  EXPECT_TRUE(journal.Save(FullTabletState()).ok());
  EXPECT_EQ(told, 1);
  EXPECT_EQ(journal.saves(), 1);
}

}  // namespace
}  // namespace graft
