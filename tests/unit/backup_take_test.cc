// A backup of a folder that looks like a data directory: taken, read by an independent reader,
// verified, restored, damaged.
#include <gmock/gmock.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "backups/take_backup.h"
#include "base/clocks.h"
#include "base/files.h"
#include "testing/is_ok.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Every file below a folder, by its name.
std::map<std::string, std::string> Tree(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    files[name] = entry.is_directory() ? "(folder)" : *ReadFile(entry.path().string());
  }
  return files;
}

class TakeBackupTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* folder : {"shop", "empty", "mysql", "#innodb_redo", "#innodb_temp"}) {
      fs::create_directories(data_.path() + "/" + folder);
    }
    for (const auto& [name, text] : kept_) Write(name, text);
    for (const char* name :
         {"auto.cnf", "mysqld-auto.cnf", "binlog.000001", "ibtmp1", "error.log", "ca-key.pem",
          "#ib_16384_0.dblwr", "#innodb_temp/temp_1.ibt", "#innodb_redo/#ib_redo7_tmp"}) {
      Write(name, "not this");
    }
    storage_ = *OpenFileStorage(root_.path());
    manifest_.keyspace = "shop";
    manifest_.shard = "0";
    manifest_.tablet_alias = "zone1-0000000101";
    manifest_.time = absl::FromUnixSeconds(1'800'000'000);
    manifest_.position = "MySQL56/3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5";
  }

  void Write(const std::string& name, const std::string& text) {
    ASSERT_THAT(WriteFile(data_.path() + "/" + name, text), IsOk());
  }
  absl::StatusOr<Backup> Take(TakeOptions options = {}) {
    const auto source = ListSourceFiles(data_.path(), {"ibdata1", "more2"});
    if (!source.ok()) return source.status();
    BackupProgress progress;
    return TakeBackup(*storage_, *source, manifest_, options, *clock_, progress,
                      [](const Backup&) { return absl::OkStatus(); });
  }
  std::string Stored(const Backup& backup, const std::string& name) const {
    return absl::StrCat(root_.path(), "/", backup.folder(), "/", name);
  }
  std::vector<std::string> Faults(const Backup& backup) {
    BackupProgress progress;
    const auto listed = ListBackups(*storage_, "shop/0");
    EXPECT_THAT(listed, IsOk());
    EXPECT_THAT(*listed, SizeIs(1));
    const auto faults = VerifyBackup(*storage_, listed->front(), 3, progress);
    if (!faults.ok()) return {std::string(faults.status().message())};
    EXPECT_EQ(static_cast<size_t>(progress.files), backup.manifest.files.size());
    return *faults;
  }

  // What a restore brings back.
  const std::map<std::string, std::string> kept_ = {{"ibdata1", std::string(2'000'000, 'i')},
                                                    {"more2", "also of the system tablespace"},
                                                    {"undo_001", "undo"},
                                                    {"mysql.ibd", "dictionary"},
                                                    {"shop/orders.ibd", std::string(300'000, 'o')},
                                                    {"shop/none.ibd", ""},
                                                    {"mysql/general_log.CSV", "log"},
                                                    {"tenants.ibd", "general tablespace"},
                                                    {"#innodb_redo/#ib_redo6", "redo"}};
  const TempFolder data_{"data"};
  const TempFolder root_{"root"};
  const TempFolder to_{"to"};
  std::unique_ptr<BackupStorage> storage_;
  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  Manifest manifest_;
};

TEST_F(TakeBackupTest, RestoresTheDatabasesAndNothingOfThisServers) {
  for (const Compression compression :
       {Compression::kZstd, Compression::kGzip, Compression::kLz4, Compression::kNone}) {
    TakeOptions options;
    options.compression = compression;
    const auto backup = Take(options);
    ASSERT_THAT(backup, IsOk());
    EXPECT_THAT(Faults(*backup), IsEmpty());
    const std::string to = absl::StrCat(to_.path(), "/as-", EngineName(compression));
    fs::create_directories(to);
    BackupProgress progress;
    ASSERT_THAT(RestoreFiles(*storage_, ListBackups(*storage_, "shop/0")->front(), to, 4, progress),
                IsOk());
    std::map<std::string, std::string> expected = kept_;
    for (const char* folder : {"shop", "empty", "mysql", "#innodb_redo"}) {
      expected[folder] = "(folder)";
    }
    EXPECT_EQ(Tree(to), expected);
    ASSERT_THAT(RemoveBackup(*storage_, *backup), IsOk());
  }
}

// As Vitess reads it: MANIFEST, CRC-32 of the bytes as stored, gzip; no code of graft's.
TEST_F(TakeBackupTest, AnIndependentReaderReadsIt) {
  TakeOptions options;
  options.compression = Compression::kGzip;
  const auto backup = Take(options);
  ASSERT_THAT(backup, IsOk());
  EXPECT_EQ(backup->folder(), "shop/0/2027-01-15.080000.zone1-0000000101");
  const auto manifest = nlohmann::json::parse(*ReadFile(Stored(*backup, "MANIFEST")));
  EXPECT_EQ(manifest["BackupMethod"], "builtin");
  EXPECT_EQ(manifest["CompressionEngine"], "pargzip");
  EXPECT_EQ(manifest["SkipCompress"], false);
  std::map<std::string, std::string> bases;
  std::map<std::string, std::string> files;
  for (size_t i = 0; i < manifest["FileEntries"].size(); ++i) {
    const auto& entry = manifest["FileEntries"][i];
    const std::string path = Stored(*backup, std::to_string(i));
    const std::string stored = *ReadFile(path);
    const uLong crc =
        crc32(0, reinterpret_cast<const Bytef*>(stored.data()), static_cast<uInt>(stored.size()));
    EXPECT_EQ(entry["Hash"], absl::StrFormat("%08x", crc));
    std::string plain(3'000'000, '\0');
    gzFile file = gzopen(path.c_str(), "rb");
    plain.resize(
        static_cast<size_t>(gzread(file, plain.data(), static_cast<unsigned>(plain.size()))));
    gzclose(file);
    files[entry["Name"]] = plain;
    bases[entry["Name"]] = entry["Base"];
  }
  EXPECT_EQ(files, kept_);
  EXPECT_EQ(bases["ibdata1"], "InnoDBData");
  EXPECT_EQ(bases["undo_001"], "InnoDBData");
  EXPECT_EQ(bases["#innodb_redo/#ib_redo6"], "InnoDBLog");
  EXPECT_EQ(bases["mysql.ibd"], "Data");
  EXPECT_EQ(bases["shop/orders.ibd"], "Data");
}

// Every byte of every file: one that changes, is missing or ends early is found, and named.
TEST_F(TakeBackupTest, DamageIsFoundAndNamed) {
  const auto backup = Take();
  ASSERT_THAT(backup, IsOk());
  size_t orders = 0;
  while (backup->manifest.files[orders].name != "shop/orders.ibd") ++orders;
  const std::string path = Stored(*backup, std::to_string(orders));
  const std::string good = *ReadFile(path);
  const std::string named = absl::StrCat("file ", orders, " (shop/orders.ibd)");
  std::string flipped = good;
  flipped[good.size() / 2] ^= 1;
  for (const std::string& damaged : {flipped, good.substr(0, good.size() / 2), good + "x"}) {
    ASSERT_THAT(WriteFile(path, ""), IsOk());
    fs::remove(path);
    ASSERT_THAT(WriteFile(path, damaged), IsOk());
    EXPECT_THAT(Faults(*backup), ElementsAre(HasSubstr(named)));
    BackupProgress progress;
    const absl::Status restored =
        RestoreFiles(*storage_, ListBackups(*storage_, "shop/0")->front(), to_.path(), 2, progress);
    EXPECT_TRUE(absl::IsDataLoss(restored)) << restored;
    EXPECT_THAT(Tree(to_.path()), IsEmpty()) << "nothing half-made is left";
  }
  fs::remove(path);
  EXPECT_THAT(Faults(*backup), ElementsAre(named + ": missing in the storage"));
}

// Two files exchanged, each whole: only a hash of the content shows that; here GRAFT's.
TEST_F(TakeBackupTest, AnotherContentUnderAGoodCrcIsFound) {
  const auto backup = Take();
  ASSERT_THAT(backup, IsOk());
  Manifest forged = ListBackups(*storage_, "shop/0")->front().manifest;
  std::swap(forged.files[0].hash, forged.files[1].hash);
  fs::rename(Stored(*backup, "0"), Stored(*backup, "2000"));
  fs::rename(Stored(*backup, "1"), Stored(*backup, "0"));
  fs::rename(Stored(*backup, "2000"), Stored(*backup, "1"));
  fs::remove(Stored(*backup, "MANIFEST"));
  ASSERT_THAT(WriteFile(Stored(*backup, "MANIFEST"), ManifestText(forged)), IsOk());
  EXPECT_THAT(Faults(*backup), ElementsAre(HasSubstr("not the one that GRAFT was written for")));
  // Somebody who takes the trouble to write a GRAFT for it still has other contents.
  auto contents = ParseContents(*ReadFile(Stored(*backup, "GRAFT")));
  ASSERT_THAT(contents, IsOk());
  contents->manifest_sha256 = Sha256Of(ManifestText(forged));
  fs::remove(Stored(*backup, "GRAFT"));
  ASSERT_THAT(WriteFile(Stored(*backup, "GRAFT"), ContentsText(*contents)), IsOk());
  EXPECT_THAT(Faults(*backup), ElementsAre(HasSubstr("SHA-256"), HasSubstr("SHA-256")));
  fs::remove(Stored(*backup, "GRAFT"));
  EXPECT_THAT(Faults(*backup), IsEmpty()) << "as a backup of Vitess's, which has no such hash";
}

TEST_F(TakeBackupTest, AManifestThatIsMissingOrDamagedIsSaidInTheList) {
  const auto backup = Take();
  ASSERT_THAT(backup, IsOk());
  const std::string path = Stored(*backup, "MANIFEST");
  const std::string good = *ReadFile(path);
  ASSERT_THAT(WriteFile(path, good.substr(0, 300)), IsOk());
  ASSERT_EQ(truncate(path.c_str(), 300), 0);
  EXPECT_TRUE(absl::IsDataLoss(ListBackups(*storage_, "shop/0")->front().state));
  fs::remove(path);
  const auto listed = ListBackups(*storage_, "shop/0");
  EXPECT_TRUE(absl::IsNotFound(listed->front().state));
  BackupProgress progress;
  EXPECT_TRUE(absl::IsNotFound(VerifyBackup(*storage_, listed->front(), 1, progress).status()));
}

// The storage may damage what it was given: nobody sees such a backup as complete.
TEST_F(TakeBackupTest, WhatDoesNotReadBackIsRemoved) {
  const auto source = ListSourceFiles(data_.path(), {"ibdata1"});
  ASSERT_THAT(source, IsOk());
  BackupProgress progress;
  const auto taken =
      TakeBackup(*storage_, *source, manifest_, {}, *clock_, progress, [&](const Backup& backup) {
        EXPECT_TRUE(absl::IsNotFound(ListBackups(*storage_, "shop/0")->front().state));
        std::string text = *ReadFile(Stored(backup, "0"));
        text[text.size() / 2] ^= 1;
        EXPECT_THAT(WriteFile(Stored(backup, "0"), text), IsOk());
        BackupProgress read;
        const auto faults = VerifyBackup(*storage_, backup, 2, read);
        EXPECT_THAT(*faults, SizeIs(1));
        return absl::DataLossError("damaged");
      });
  EXPECT_TRUE(absl::IsDataLoss(taken.status()));
  EXPECT_THAT(*ListBackups(*storage_, "shop/0"), IsEmpty());
}

// Every change of MANIFEST and GRAFT is found where graft wrote the backup.
TEST_F(TakeBackupTest, AChangedManifestOrGraftIsFound) {
  const auto backup = Take();
  ASSERT_THAT(backup, IsOk());
  const std::pair<const char*, std::pair<const char*, const char*>> changes[] = {
      {"MANIFEST", {":1-5", ":1-7"}},
      {"MANIFEST", {"shop/orders.ibd", "shop/ordexs.ibd"}},
      {"GRAFT", {"\"Bytes\": 0", "\"Bytes\": 1"}},
      {"GRAFT", {"\"empty\"", "\"evil\""}}};
  for (const auto& [name, change] : changes) {
    const std::string path = Stored(*backup, name);
    const std::string good = *ReadFile(path);
    const std::string changed = absl::StrReplaceAll(good, {{change.first, change.second}});
    ASSERT_NE(changed, good) << change.first;
    ASSERT_THAT(WriteFile(path, changed), IsOk());
    EXPECT_THAT(Faults(*backup), SizeIs(1)) << change.first;
    BackupProgress progress;
    EXPECT_TRUE(absl::IsDataLoss(RestoreFiles(*storage_, ListBackups(*storage_, "shop/0")->front(),
                                              to_.path(), 2, progress)));
    ASSERT_THAT(WriteFile(path, good), IsOk());
  }
  ASSERT_THAT(WriteFile(Stored(*backup, "MANIFEST"),
                        absl::StrReplaceAll(*ReadFile(Stored(*backup, "MANIFEST")),
                                            {{"\"Shard\": \"0\"", "\"Shard\": \"1\""}})),
              IsOk());
  EXPECT_TRUE(absl::IsDataLoss(ListBackups(*storage_, "shop/0")->front().state));
}

TEST_F(TakeBackupTest, IsNotTakenOverAnotherOne) {
  ASSERT_THAT(Take(), IsOk());
  const auto before = Tree(root_.path());
  EXPECT_TRUE(absl::IsAlreadyExists(Take().status()));
  EXPECT_EQ(Tree(root_.path()), before);
}

TEST_F(TakeBackupTest, WhatItWouldMissIsRefused) {
  const TempFolder elsewhere("elsewhere");
  fs::create_directory_symlink(elsewhere.path(), data_.path() + "/linked");
  const absl::Status linked = Take().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(linked));
  EXPECT_THAT(linked.message(), HasSubstr("/linked is a link"));
  fs::remove(data_.path() + "/linked");
  fs::remove(data_.path() + "/ibdata1");
  EXPECT_TRUE(absl::IsFailedPrecondition(Take().status()));
  EXPECT_THAT(Tree(root_.path()), IsEmpty());
}

TEST_F(TakeBackupTest, AnInterruptLeavesNothing) {
  BackupProgress progress;
  progress.interrupted = [&] { return progress.bytes > 1'000'000; };
  const auto source = ListSourceFiles(data_.path(), {"ibdata1", "more2"});
  ASSERT_THAT(source, IsOk());
  EXPECT_TRUE(absl::IsCancelled(
      TakeBackup(*storage_, *source, manifest_, {}, *clock_, progress, [](const Backup&) {
        return absl::OkStatus();
      }).status()));
  EXPECT_THAT(*ListBackups(*storage_, "shop/0"), IsEmpty());

  ASSERT_THAT(Take(), IsOk());
  const Backup backup = ListBackups(*storage_, "shop/0")->front();
  BackupProgress late;
  late.interrupted = [&] { return late.files >= 3; };
  EXPECT_TRUE(absl::IsCancelled(RestoreFiles(*storage_, backup, to_.path(), 1, late)));
  EXPECT_THAT(Tree(to_.path()), IsEmpty());
  BackupProgress read;
  read.interrupted = [] { return true; };
  EXPECT_TRUE(absl::IsCancelled(VerifyBackup(*storage_, backup, 2, read).status()));
}

TEST_F(TakeBackupTest, WhatAKilledRestoreHasLeftIsReplaced) {
  ASSERT_THAT(Take(), IsOk());
  const Backup backup = ListBackups(*storage_, "shop/0")->front();
  fs::create_directories(to_.path() + "/.graft-restore/shop");
  ASSERT_THAT(WriteFile(to_.path() + "/.graft-restore/shop/orders.ibd", "half"), IsOk());
  BackupProgress progress;
  ASSERT_THAT(RestoreFiles(*storage_, backup, to_.path(), 2, progress), IsOk());
  EXPECT_EQ(*ReadFile(to_.path() + "/shop/orders.ibd"), kept_.at("shop/orders.ibd"));
  EXPECT_FALSE(fs::exists(to_.path() + "/.graft-restore"));
  // Killed while the files came into the folder: nobody knows whose they are.
  fs::create_directories(to_.path() + "/.graft-restore");
  const absl::Status refused = RestoreFiles(*storage_, backup, to_.path(), 2, progress);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_THAT(refused.message(), HasSubstr("empty the folder"));
  EXPECT_TRUE(fs::exists(to_.path() + "/shop/orders.ibd"));
}

TEST_F(TakeBackupTest, IsRestoredIntoAnEmptyFolderAlone) {
  ASSERT_THAT(Take(), IsOk());
  BackupProgress progress;
  const auto before = Tree(data_.path());
  const absl::Status refused =
      RestoreFiles(*storage_, ListBackups(*storage_, "shop/0")->front(), data_.path(), 2, progress);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(Tree(data_.path()), before);
}

}  // namespace
}  // namespace graft
