#include <gmock/gmock.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "backups/manifest.h"
#include "testing/is_ok.h"

namespace graft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// By hand, as Vitess v24 writes it.
constexpr char kVitesssOwn[] = R"({
  "BackupName": "2026-11-28.113000.zone1-0000000101",
  "BackupMethod": "builtin",
  "Position": "MySQL56/3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5",
  "PurgedPosition": "MySQL56/",
  "FromPosition": "",
  "FromBackup": "",
  "Incremental": false,
  "BackupTime": "2026-11-28T11:30:00Z",
  "FinishedTime": "2026-11-28T11:31:30Z",
  "ServerUUID": "3e11fa47-71ca-11e1-9e33-c80aa9429562",
  "TabletAlias": "zone1-0000000101",
  "Hostname": "db-101",
  "Keyspace": "commerce",
  "Shard": "0",
  "MySQLVersion": "8.0.40",
  "UpgradeSafe": true,
  "IncrementalDetails": null,
  "CompressionEngine": "pargzip",
  "FileEntries": [
    {"Base": "InnoDBData", "Name": "ibdata1", "Hash": "0a1b2c3d", "ParentPath": ""},
    {"Base": "Data", "Name": "commerce/t.ibd", "Hash": "ffffffff", "ParentPath": ""}
  ],
  "SkipCompress": false,
  "ExternalDecompressor": ""
})";

std::string Changed(const std::string& from, const std::string& to) {
  return absl::StrReplaceAll(kVitesssOwn, {{from, to}});
}

TEST(Manifest, ReadsVitesssOwn) {
  const auto manifest = ParseManifest(kVitesssOwn);
  ASSERT_THAT(manifest, IsOk());
  EXPECT_EQ(GtidSetOf(manifest->position), "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5");
  EXPECT_EQ(manifest->finished_time - manifest->time, absl::Seconds(90));
  EXPECT_TRUE(manifest->upgrade_safe);
  ASSERT_EQ(manifest->files.size(), 2U);
  EXPECT_EQ(manifest->files[0].base, BackupBase::kInnodbData);
  EXPECT_EQ(manifest->files[1].name, "commerce/t.ibd");
  EXPECT_EQ(*CheckRestorable(*manifest), Compression::kGzip);
}

TEST(Manifest, WritesWhatItReads) {
  const auto manifest = ParseManifest(kVitesssOwn);
  ASSERT_THAT(manifest, IsOk());
  const std::string text = ManifestText(*manifest);
  EXPECT_THAT(text, HasSubstr("\n  \"BackupTime\": \"2026-11-28T11:30:00Z\",\n"));
  EXPECT_THAT(text, HasSubstr("\"IncrementalDetails\": null"));
  const auto again = ParseManifest(text);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(ManifestText(*again), text);
  EXPECT_EQ(again->files[1].hash, "ffffffff");
}

TEST(Manifest, AFieldThatIsMissingOrUnknownIsNoFault) {
  const auto manifest = ParseManifest(R"({"FileEntries": null, "SomethingNew": [1]})");
  ASSERT_THAT(manifest, IsOk());
  EXPECT_TRUE(absl::IsDataLoss(CheckRestorable(*manifest).status())) << "no file";
}

TEST(Manifest, DamageIsDataLossAndSaysWhere) {
  EXPECT_TRUE(absl::IsDataLoss(ParseManifest("").status()));
  EXPECT_TRUE(absl::IsDataLoss(ParseManifest("[]").status()));
  EXPECT_TRUE(absl::IsDataLoss(ParseManifest(std::string(kVitesssOwn, 700)).status()));
  const std::pair<const char*, std::string> faults[] = {
      {"Position", Changed("\"MySQL56/3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5\"", "7")},
      {"BackupTime", Changed("2026-11-28T11:30:00Z", "yesterday")},
      {"SkipCompress", Changed("\"SkipCompress\": false", "\"SkipCompress\": \"no\"")},
      {"FileEntries[1]", Changed("\"Data\"", "\"Elsewhere\"")},
      {"Hash", Changed("\"ffffffff\"", "255")},
      {"FileEntries", Changed("\"FileEntries\": [", "\"FileEntries\": {}, \"Others\": [")}};
  for (const auto& [field, text] : faults) {
    const absl::Status status = ParseManifest(text).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << field << ": " << status;
    EXPECT_THAT(status.message(), HasSubstr(field));
  }
}

TEST(Manifest, WhatGraftCannotRestoreIsSaidBeforehand) {
  const std::string refused[] = {
      Changed("\"builtin\"", "\"xtrabackup\""),
      Changed("\"Incremental\": false", "\"Incremental\": true"),
      Changed("\"FromPosition\": \"\"", "\"FromPosition\": \"MySQL56/a\""),
      Changed("\"pargzip\"", "\"external\""),
      Changed("\"ExternalDecompressor\": \"\"", "\"ExternalDecompressor\": \"rm -rf /\"")};
  for (const std::string& text : refused) {
    const auto manifest = ParseManifest(text);
    ASSERT_THAT(manifest, IsOk());
    EXPECT_TRUE(absl::IsUnimplemented(CheckRestorable(*manifest).status()));
  }
  const auto nowhere = ParseManifest(Changed("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5", "x"));
  EXPECT_TRUE(absl::IsDataLoss(CheckRestorable(*nowhere).status()));
  const auto old = ParseManifest(Changed("\"builtin\"", "\"\""));
  EXPECT_THAT(CheckRestorable(*old), IsOk());
}

TEST(Manifest, ANameThatLeadsOutOfItsFolderIsRefused) {
  for (const char* name : {"../my.cnf", "/etc/passwd", "commerce/../../x", "", ".", "a//b",
                           "a\\u001b[31m", "ibdata1", "ibdata1/x"}) {
    const auto manifest = ParseManifest(Changed("commerce/t.ibd", name));
    ASSERT_THAT(manifest, IsOk());
    EXPECT_TRUE(absl::IsDataLoss(CheckRestorable(*manifest).status())) << name;
  }
  const auto parent = ParseManifest(Changed("\"ParentPath\": \"\"", "\"ParentPath\": \"/etc\""));
  EXPECT_TRUE(absl::IsDataLoss(CheckRestorable(*parent).status()));
}

TEST(BackupName, IsTakenApartAndPutTogether) {
  const auto name = BackupName::Parse("2026-11-28.113000.zone1-0000000101");
  ASSERT_THAT(name, IsOk());
  EXPECT_EQ(name->alias.ToString(), "zone1-0000000101");
  EXPECT_EQ(name->ToString(), "2026-11-28.113000.zone1-0000000101");
  for (const char* text :
       {"", "2026-11-28", "2026-11-28.1130.zone1-0000000101", "2026-11-28.113000.zone1",
        "2026-13-28.113000.zone1-0000000101", "x2026-11-28.113000.zone1-0000000101"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(BackupName::Parse(text).status())) << text;
  }
}

TEST(Contents, AreReadAsTheyAreWritten) {
  Contents contents;
  contents.files = {{5, "ab"}, {0, "cd"}};
  contents.empty_folders = {"empty"};
  const auto again = ParseContents(ContentsText(contents));
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->files[0].bytes, 5);
  EXPECT_EQ(again->files[1].sha256, "cd");
  EXPECT_THAT(again->empty_folders, ElementsAre("empty"));
  const std::string good = ContentsText(contents);
  contents.empty_folders = {"../x"};
  for (const std::string& text : {std::string("{"), std::string("{}"), ContentsText(contents),
                                  absl::StrReplaceAll(good, {{"\"Bytes\": 5", "\"Bytes\": 6"}})}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseContents(text).status())) << text;
  }
}

}  // namespace
}  // namespace graft
