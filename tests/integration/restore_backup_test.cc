// graftd restores a backup: at the start of an empty tablet, on request over old data, instead of a
// donor that is not to be had; killed in each step; and with a backup that is no good.
#include <gmock/gmock.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "backups/backups.h"
#include "base/files.h"
#include "mysqld/tablet_dir.h"
#include "testing/eventually.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "testing/shard_rows.h"
#include "testing/test_env.h"

namespace graft {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RestoreBackupTest : public testing::Test {
 protected:
  // A primary with rows, a backup of it, rows that came after that, and a tablet without an agent.
  void SetUp() override {
    auto shard = MiniShard::Start(MiniShard::Store::kFolder);
    ASSERT_THAT(shard, IsOk());
    shard_ = *std::move(shard);
    ASSERT_THAT(shard_->AddReplicatedTablets(1, 8), IsOk());
    fs::create_directory(root());
    MakeBackup();
    ASSERT_THAT(primary().mysql->Sql("CREATE TABLE shop.later (id INT PRIMARY KEY); "
                                     "INSERT INTO shop.later VALUES (1), (2)"),
                IsOk());
    ASSERT_THAT(shard_->AddTablet(), IsOk());
  }

  void MakeBackup() {
    ASSERT_THAT(WriteFile(shard_->folder() + "/repl", MiniShard::kReplPassword), IsOk());
    ASSERT_THAT(WriteFile(shard_->folder() + "/clone", MiniShard::kClonePassword), IsOk());
    const CommandResult made = shard_->Run(
        {*OurProgram("graft-backup"), "--init-keyspace=shop", "--init-shard=0",
         "--restore-with-clone", "--clone-from-primary", "--allow-first-backup",
         "--work-dir=" + shard_->folder() + "/work", "--file-backup-storage-root=" + root(),
         "--db-repl-password-file=" + shard_->folder() + "/repl",
         "--db-clone-password-file=" + shard_->folder() + "/clone"});
    ASSERT_EQ(made.code, 0) << made.err;
  }

  MiniTablet& primary() { return shard_->tablet(0); }
  MiniTablet& tablet() { return shard_->tablet(at_); }
  std::string root() const { return shard_->folder() + "/backups"; }
  std::string restored() { return tablet().state_dir + "/restored-" + tablet().alias; }
  std::vector<std::string> Flags(std::vector<std::string> more = {}) const {
    more.push_back("--file-backup-storage-root=" + root());
    return more;
  }
  CommandResult Reprovision(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"reprovision", tablet().alias, "--watch"});
    return shard_->Graftctl(more);
  }

  v1::Operation Newest() {
    const auto operation = shard_->NewestOperation(tablet());
    EXPECT_THAT(operation, IsOk());
    return operation.value_or(v1::Operation());
  }
  bool AwaitOutcome(v1::Outcome outcome) {
    return Eventually(absl::Seconds(90), [&] {
      const auto operation = shard_->NewestOperation(tablet());
      return operation.ok() && operation->outcome() == outcome;
    });
  }
  bool AwaitStep(const std::string& step) {
    return Eventually(absl::Seconds(60), [&] {
      const auto operation = shard_->NewestOperation(tablet());
      return operation.ok() && operation->step() == step;
    });
  }

  void ExpectSame() {
    ASSERT_THAT(AwaitCaughtUp(*tablet().mysql, *primary().mysql), IsOk());
    EXPECT_EQ(*Checksums(*tablet().mysql), *Checksums(*primary().mysql));
    ExpectNothingLeft();
  }
  void ExpectNothingLeft() {
    EXPECT_FALSE(fs::exists(restored())) << "the restored backup";
    EXPECT_EQ(FindLiveMysqld(PathsOf(restored())), std::nullopt);
  }

  int at_ = 1;  // the tablet that is restored
  std::unique_ptr<MiniShard> shard_;
};

TEST_F(RestoreBackupTest, AnEmptyTabletRestoresOneAtItsStartAlsoInsteadOfADonor) {
  ASSERT_THAT(shard_->LaunchAgent(tablet(), Flags({"--restore-from-backup"})), IsOk());
  ASSERT_TRUE(AwaitOutcome(v1::DONE)) << Newest().error().message();
  ExpectSame();
  const v1::Operation done = Newest();
  EXPECT_TRUE(done.from_backup());
  EXPECT_THAT(done.backup(), HasSubstr(".vtbackup-"));
  EXPECT_EQ(done.source(), primary().alias);
  EXPECT_EQ(done.progress().phases(0).phase(), "RESTORE BACKUP");
  EXPECT_TRUE(done.progress().phases(0).measured());

  // Another one, whose only possible donor is not allowed.
  ASSERT_THAT(shard_->StopAgent(tablet()), IsOk());
  ASSERT_THAT(shard_->AddTablet(), IsOk());
  at_ = 2;
  ASSERT_THAT(shard_->LaunchAgent(tablet(), Flags({"--restore-with-clone", "--clone-from-any",
                                                   "--donors=replica", "--fallback-to-backup"})),
              IsOk());
  ASSERT_TRUE(AwaitOutcome(v1::DONE)) << Newest().error().message();
  EXPECT_TRUE(Newest().from_backup());
  ExpectSame();
}

TEST_F(RestoreBackupTest, OnRequestOverOldDataAndNeverIfItIsNoGood) {
  ASSERT_THAT(shard_->StartAgent(tablet()), IsOk());
  EXPECT_EQ(Reprovision({"--from-backup"}).code, 1);
  EXPECT_THAT(Newest().error().message(), HasSubstr("no storage of backups"));
  ASSERT_THAT(shard_->StopAgent(tablet()), IsOk());
  ASSERT_THAT(shard_->StartAgent(tablet(), Flags({"--mysqld=/nowhere"})), IsOk());
  EXPECT_EQ(Reprovision({"--from-backup"}).code, 1);
  EXPECT_THAT(Newest().error().message(), HasSubstr("/nowhere"));
  ASSERT_THAT(shard_->StopAgent(tablet()), IsOk());
  ASSERT_THAT(
      shard_->StartAgent(tablet(), Flags({"--restore-dir=" + tablet().mysql->paths().data()})),
      IsOk());
  EXPECT_EQ(Reprovision({"--from-backup"}).code, 1);
  EXPECT_THAT(Newest().error().message(), HasSubstr("lies in mysqld's data directory"));
  EXPECT_EQ(Newest().data_state(), v1::INTACT);
  ASSERT_THAT(shard_->StopAgent(tablet()), IsOk());
  ASSERT_THAT(shard_->StartAgent(tablet(), Flags()), IsOk());
  const CommandResult unknown = Reprovision({"--from-backup=2020-01-01.000000.zone1-0000000100"});
  EXPECT_EQ(unknown.code, 1) << unknown.err;
  EXPECT_EQ(Newest().error().reason(), "NO_BACKUP") << Newest().error().message();
  EXPECT_EQ(Newest().data_state(), v1::INTACT);

  const CommandResult preflight = shard_->Graftctl({"preflight", tablet().alias, "--from-backup"});
  EXPECT_EQ(preflight.code, 5) << preflight.err;
  EXPECT_THAT(preflight.err, HasSubstr("graftctl backups verify"));
  const CommandResult shard =
      shard_->Graftctl({"reprovision", "--shard=shop/0", "--all", "--from-backup"});
  EXPECT_EQ(shard.code, 2) << shard.err;

  const CommandResult first = Reprovision({"--from-backup"});
  ASSERT_EQ(first.code, 0) << first.err;
  ExpectSame();
  const std::string backup = Newest().backup();
  ASSERT_EQ(Reprovision({"--from-backup=" + backup}).code, 0);
  ExpectSame();

  // A byte of the largest file.
  const std::string folder = root() + "/shop/0/" + backup;
  fs::path largest;
  uintmax_t most = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.file_size() <= most) continue;
    most = entry.file_size();
    largest = entry.path();
  }
  std::string bytes = *ReadFile(largest.string());
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  ASSERT_THAT(WriteFile(largest.string(), bytes), IsOk());
  const std::string begun = tablet().CloneBeginTime();
  const CommandResult damaged = Reprovision({"--from-backup"});
  EXPECT_NE(damaged.code, 0);
  EXPECT_EQ(Newest().error().reason(), "BACKUP_UNUSABLE") << Newest().error().message();
  EXPECT_THAT(Newest().error().message(), HasSubstr(backup));
  EXPECT_EQ(Newest().data_state(), v1::INTACT);
  EXPECT_EQ(tablet().CloneBeginTime(), begun);
  ExpectSame();  // it replicates on
}

TEST_F(RestoreBackupTest, IsTakenUpAgainAfterDeathsAndCancelled) {
  const std::string hold = shard_->folder() + "/hold";
  for (const std::string step : {"resolve_donor", "clone", "await_restart", "publish"}) {
    SCOPED_TRACE(step);
    ASSERT_THAT(WriteFile(hold, ""), IsOk());
    ASSERT_THAT(
        shard_->StartAgent(tablet(), Flags({absl::StrCat("--hold-before-step=", step, "=", hold)})),
        IsOk());
    ASSERT_EQ(shard_->Graftctl({"reprovision", tablet().alias, "--from-backup"}).code, 0);
    ASSERT_TRUE(AwaitStep(step)) << Newest().step() << Newest().error().message();
    MiniShard::KillAgent(tablet());
    fs::remove(hold);
    ASSERT_THAT(shard_->StartAgent(tablet(), Flags()), IsOk());
    ASSERT_TRUE(AwaitOutcome(v1::DONE)) << Newest().step() << Newest().error().message();
    EXPECT_EQ(Newest().attempt(), 1);
    ExpectSame();
    ASSERT_THAT(shard_->StopAgent(tablet()), IsOk());
  }

  // Its server dies after the last look at it; the next attempt has a new one.
  ASSERT_THAT(WriteFile(hold, ""), IsOk());
  ASSERT_THAT(shard_->StartAgent(tablet(), Flags({"--hold-before-step=fence=" + hold})), IsOk());
  ASSERT_EQ(shard_->Graftctl({"reprovision", tablet().alias, "--from-backup"}).code, 0);
  ASSERT_TRUE(AwaitStep("fence"));
  const auto server = FindLiveMysqld(PathsOf(restored()));
  ASSERT_TRUE(server.has_value());
  kill(*server, SIGKILL);
  fs::remove(hold);
  ASSERT_TRUE(AwaitOutcome(v1::DONE)) << Newest().error().message();
  EXPECT_EQ(Newest().attempt(), 2);
  ExpectSame();
  ASSERT_THAT(shard_->StopAgent(tablet()), IsOk());

  ASSERT_THAT(WriteFile(hold, ""), IsOk());
  ASSERT_THAT(shard_->StartAgent(tablet(), Flags({"--hold-before-step=preflight=" + hold})),
              IsOk());
  ASSERT_EQ(shard_->Graftctl({"reprovision", tablet().alias, "--from-backup"}).code, 0);
  ASSERT_TRUE(AwaitStep("preflight"));
  ASSERT_TRUE(fs::exists(restored()));
  // The hold answers nobody.
  const auto cancel = shard_->Spawn({*OurProgram("graftctl"), "cancel", tablet().alias},
                                    shard_->folder() + "/cancel");
  ASSERT_THAT(cancel, IsOk());
  fs::remove(hold);
  ASSERT_TRUE(AwaitOutcome(v1::CANCELLED));
  EXPECT_EQ(Newest().data_state(), v1::INTACT);
  ExpectNothingLeft();
}

}  // namespace
}  // namespace graft
