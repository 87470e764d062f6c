// graft-backup on real servers: a backup by way of a clone, restored, and what becomes of it when
// something goes wrong.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "backups/backups.h"
#include "backups/take_backup.h"
#include "base/clocks.h"
#include "base/files.h"
#include "testing/clone_brake.h"
#include "testing/eventually.h"
#include "testing/http_client.h"
#include "testing/is_ok.h"
#include "testing/mini_shard.h"
#include "testing/ports.h"
#include "testing/s3_server.h"
#include "testing/shard_rows.h"
#include "testing/test_env.h"

namespace graft {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class BackupTest : public testing::Test {
 protected:
  // A primary with rows and a replica.
  void SetUp() override {
    auto shard = MiniShard::Start(MiniShard::Store::kFolder);
    ASSERT_THAT(shard, IsOk());
    shard_ = *std::move(shard);
    ASSERT_THAT(shard_->AddReplicatedTablets({{}, {}}, {8, 0}), IsOk());
    ASSERT_THAT(primary().mysql->Sql("CREATE DATABASE hollow"), IsOk());
    fs::create_directory(root());
    ASSERT_THAT(WriteFile(shard_->folder() + "/repl", MiniShard::kReplPassword), IsOk());
    ASSERT_THAT(WriteFile(shard_->folder() + "/clone", MiniShard::kClonePassword), IsOk());
    storage_ = *OpenFileStorage(root());
    storage_flags_ = {"--file-backup-storage-root=" + root()};
  }
  void UseS3(const S3Server& server) {
    server.UseCredentials("graft");
    S3Options options = server.options();
    options.root = "of/all shards";
    storage_ = *OpenS3Storage(options);
    storage_flags_ = {
        "--backup-storage-implementation=s3", "--s3-backup-storage-bucket=" + options.bucket,
        "--s3-backup-storage-root=" + options.root, "--s3-backup-aws-endpoint=" + options.endpoint,
        "--s3-backup-force-path-style=true"};
  }

  MiniTablet& primary() { return shard_->tablet(0); }
  MiniTablet& replica() { return shard_->tablet(1); }
  std::string root() const { return shard_->folder() + "/backups"; }
  std::string work() const { return shard_->folder() + "/work"; }
  std::string log() const { return shard_->folder() + "/graft-backup.log"; }

  std::vector<std::string> Command(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> argv = {*OurProgram("graft-backup"),
                                     "--init-keyspace=shop",
                                     "--init-shard=0",
                                     "--restore-with-clone",
                                     "--clone-from-any",
                                     "--allow-first-backup",
                                     "--work-dir=" + work(),
                                     "--db-repl-password-file=" + shard_->folder() + "/repl",
                                     "--db-clone-password-file=" + shard_->folder() + "/clone"};
    std::vector<std::string> all = storage_flags_;
    all.insert(all.end(), more.begin(), more.end());
    for (const std::string& flag : all) {
      const std::string name = flag.substr(0, flag.find('=') + 1);
      argv.erase(
          std::remove_if(argv.begin(), argv.end(),
                         [&](const std::string& one) { return absl::StartsWith(one + "=", name); }),
          argv.end());
      argv.push_back(flag);
    }
    return argv;
  }
  CommandResult MakeBackup(const std::vector<std::string>& more = {}) const {
    return shard_->Run(Command(more));
  }
  CommandResult Backups(std::vector<std::string> args) const {
    args.insert(args.begin(), "backups");
    args.insert(args.end(), storage_flags_.begin(), storage_flags_.end());
    return shard_->Graftctl(args);
  }
  std::vector<Backup> Listed() const { return *ListBackups(*storage_, "shop/0"); }

  // Nothing of a run is left: no folder, no mysqld, no record, no place in the shard's line.
  void ExpectNothingLeft() const {
    EXPECT_FALSE(fs::exists(work())) << "the work folder";
    EXPECT_EQ(FindLiveMysqld(PathsOf(work() + "/server")), std::nullopt);
    const CommandResult tablets = shard_->Graftctl({"tablets", "--no-ask", "--json"});
    EXPECT_THAT(tablets.out, Not(HasSubstr("vtbackup")));
  }

  // The parent of a graft-backup's mysqld.
  static int ChildOf(pid_t parent) {
    int child = 0;
    const std::string children =
        ReadFile(absl::StrCat("/proc/", parent, "/task/", parent, "/children")).value_or("");
    EXPECT_TRUE(absl::SimpleAtoi(absl::StripAsciiWhitespace(children), &child)) << children;
    return child;
  }

  // A server of its own on the newest backup, which follows the primary.
  absl::StatusOr<MiniTablet*> Restored() {
    MysqlSandboxOptions options;
    options.start = false;
    const auto tablet = shard_->AddTablet(options);
    if (!tablet.ok()) return tablet.status();
    const std::string data = (*tablet)->mysql->paths().data();
    for (const auto& entry : fs::directory_iterator(data)) fs::remove_all(entry.path());
    const CommandResult restored = Backups({"restore", "shop/0", "--to=" + data});
    EXPECT_EQ(restored.code, 0) << restored.err;
    absl::Status started = (*tablet)->mysql->StartParent();
    if (started.ok()) started = (*tablet)->mysql->AwaitReady();
    if (!started.ok()) return started;
    return *tablet;
  }

  std::unique_ptr<MiniShard> shard_;
  std::unique_ptr<BackupStorage> storage_;
  std::vector<std::string> storage_flags_;
};

TEST_F(BackupTest, OfAWritingPrimaryIsRestoredAndFollowsIt) {
  ASSERT_THAT(primary().mysql->Sql(
                  "CREATE TABLE shop.beats (id INT AUTO_INCREMENT PRIMARY KEY); CREATE EVENT "
                  "shop.writes ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.beats VALUES ()"),
              IsOk());
  const CommandResult made = MakeBackup();
  ASSERT_EQ(made.code, 0) << made.err;
  ExpectNothingLeft();
  const std::vector<Backup> backups = Listed();
  ASSERT_THAT(backups, SizeIs(1));
  EXPECT_THAT(backups[0].state, IsOk());
  EXPECT_EQ(backups[0].name.alias.cell, "vtbackup");
  const CommandResult verified = Backups({"verify", "shop/0"});
  EXPECT_EQ(verified.code, 0) << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("good: shop/0/"));

  const auto restored = Restored();
  ASSERT_THAT(restored, IsOk());
  EXPECT_EQ(
      absl::StrCat("MySQL56/", (*restored)->Value("SELECT REPLACE(@@gtid_executed, '\n', '')")),
      backups[0].manifest.position);
  EXPECT_EQ((*restored)->Value("SELECT COUNT(*) FROM mysql.slave_master_info"), "0")
      << "no password of a source is in the backup";
  ASSERT_THAT(
      (*restored)->mysql->Sql(absl::StrCat(
          "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=",
          primary().mysql->port(), ", SOURCE_USER='vt_repl', SOURCE_PASSWORD='",
          MiniShard::kReplPassword, "', SOURCE_AUTO_POSITION=1, SOURCE_SSL=1; START REPLICA")),
      IsOk());
  ASSERT_THAT(primary().mysql->Sql("DROP DATABASE hollow"), IsOk());
  ASSERT_THAT(AwaitCaughtUp(*(*restored)->mysql, *primary().mysql), IsOk());
  EXPECT_EQ(*Checksums(*(*restored)->mysql), *Checksums(*primary().mysql));
}

TEST_F(BackupTest, InS3IsRestoredAndWhatAKilledRunHasBegunIsRemoved) {
  const auto server = S3Server::Start();
  ASSERT_THAT(server, IsOk());
  UseS3(**server);
  const std::string secret = ReadFile(getenv("AWS_SHARED_CREDENTIALS_FILE"))->substr(0, 200);
  // Killed in the middle of a part.
  (*server)->SetFaults("99 PUT partNumber=2 hang");
  auto run = shard_->Spawn(Command({"--compression-engine-name=none"}), log());
  ASSERT_THAT(run, IsOk());
  ASSERT_TRUE(Eventually(absl::Seconds(60), [&] {
    return !(*server)->Requests("> hang").empty() || !(*run)->running();
  }));
  (*run)->Kill(SIGKILL);
  ASSERT_THAT((*run)->Wait(absl::Seconds(10)), IsOk());
  ASSERT_THAT(Listed(), SizeIs(1));
  const std::string killed = Listed()[0].name.ToString();
  EXPECT_TRUE(absl::IsNotFound(Listed()[0].state)) << "it is incomplete";
  // Ended by a signal while the store hangs: soon, and nothing of it is left.
  (*server)->SetFaults("99 PUT partNumber=2 hang");
  run = shard_->Spawn(Command({"--compression-engine-name=none"}), log());
  ASSERT_THAT(run, IsOk());
  ASSERT_TRUE(Eventually(absl::Seconds(60), [&] {
    return !(*server)->Requests("> hang").empty() || !(*run)->running();
  }));
  (*run)->Kill(SIGTERM);
  const auto end = (*run)->Wait(absl::Seconds(10));
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->code, 7) << ReadFile(log()).value_or("");
  EXPECT_THAT(ReadFile(log()).value_or(""),
              HasSubstr("removing what a graft-backup that was killed had begun"));
  EXPECT_THAT(*storage_->ListFolders("shop/0"), IsEmpty());
  ExpectNothingLeft();

  (*server)->SetFaults("3 PUT . status 503 SlowDown");
  const CommandResult made = MakeBackup();
  ASSERT_EQ(made.code, 0) << made.err;
  ExpectNothingLeft();
  ASSERT_THAT(Listed(), SizeIs(1));
  EXPECT_NE(Listed()[0].name.ToString(), killed);
  const CommandResult listed = Backups({"list", "shop/0"});
  EXPECT_THAT(listed.out, HasSubstr("complete"));
  const CommandResult verified = Backups({"verify", "shop/0"});
  EXPECT_EQ(verified.code, 0) << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("good: shop/0/"));
  (*server)->SetFaults("5 GET /[0-9]+$ cut-answer 1000");
  const auto restored = Restored();
  ASSERT_THAT(restored, IsOk());
  EXPECT_EQ(*Checksums(*(*restored)->mysql), *Checksums(*primary().mysql));
  // From the storage into the temporary mysqld, in a process that was forked.
  const CommandResult next = MakeBackup({"--restore-with-clone=false", "--clone-from-any=false"});
  ASSERT_EQ(next.code, 0) << next.err;
  EXPECT_THAT(Listed(), SizeIs(2));
  const std::string said = absl::StrCat(made.err, next.err, ReadFile(log()).value_or(""));
  for (const absl::string_view line : absl::StrSplit(secret, '\n')) {
    const std::vector<std::string> sides = absl::StrSplit(line, " = ");
    if (sides[0] == "aws_secret_access_key") EXPECT_THAT(said, Not(HasSubstr(sides[1])));
  }
}

TEST_F(BackupTest, ShowsHowFarItIs) {
  const int port = FreePort();
  const auto run = shard_->Spawn(Command({absl::StrCat("--port=", port), "--bind-address=127.0.0.1",
                                          "--keep-alive-timeout=60s"}),
                                 log());
  ASSERT_THAT(run, IsOk());
  const auto shows = [port](const std::string& path, const std::string& text) {
    const HttpReply reply = AskHttp(port, path);
    return reply.status == 200 && absl::StrContains(reply.body, text);
  };
  EXPECT_TRUE(Eventually(absl::Seconds(30), [&] {
    return shows("/metrics", "graft_backup_phase{phase=\"RestoreLastBackup\"} 1");
  }));
  EXPECT_TRUE(shows("/healthz", "ok"));
  EXPECT_EQ(AskHttp(port, "/elsewhere").status, 404);
  ASSERT_TRUE(Eventually(absl::Seconds(60), [&] { return shows("/debug/status", "done"); }))
      << ReadFile(log()).value_or("");
  EXPECT_TRUE(shows("/metrics", "graft_backup_phase{phase=\"TakeNewBackup\"} 0"));
  (*run)->Kill(SIGTERM);
  EXPECT_THAT((*run)->Wait(absl::Seconds(30)), IsOk());
  EXPECT_THAT(Listed(), SizeIs(1));
}

TEST_F(BackupTest, RefusesWhatItShouldNotMake) {
  const std::pair<std::vector<std::string>, std::pair<int, std::string>> cases[] = {
      {{"--allow-first-backup=false"}, {5, "has no complete backup in"}},
      {{"--file-backup-storage-root=/nowhere"}, {5, "/nowhere is no folder"}},
      {{"--init-keyspace=a/b"}, {2, "--init-keyspace: "}},
      {{"--restore-with-clone=false"}, {5, "to begin with: use --restore-with-clone"}},
      {{"--compression-engine-name=brotli"}, {2, "cannot read the compression \"brotli\""}},
      {{"--min-retention-time=1h", "--min-retention-count=0"}, {2, "at least 1"}},
      {{"--work-dir=" + shard_->folder()}, {5, "which no graft-backup has made"}},
      {{"--clone-from-any=false", "--clone-from-tablet=zone1-0000000999"},
       {3, "zone1-0000000999"}}};
  for (const auto& [flags, expected] : cases) {
    const CommandResult refused = MakeBackup(flags);
    EXPECT_EQ(refused.code, expected.first) << flags.front() << refused.err;
    EXPECT_THAT(refused.err, HasSubstr(expected.second)) << flags.front();
    EXPECT_THAT(Listed(), IsEmpty());
    ExpectNothingLeft();
  }
}

TEST_F(BackupTest, IsMadeWhenItIsDueAndReplacesOldOnes) {
  ASSERT_EQ(MakeBackup().code, 0);
  const CommandResult early = MakeBackup({"--min-backup-interval=1h"});
  EXPECT_EQ(early.code, 0) << early.err;
  EXPECT_THAT(early.err, HasSubstr("nothing to do"));
  EXPECT_THAT(Listed(), SizeIs(1));
  // Of a donor that has lost what the newest backup has.
  const std::string first = Listed()[0].name.ToString();
  const CommandResult only = Backups({"remove", "shop/0", first});
  EXPECT_EQ(only.code, 5) << only.out;
  const CommandResult second =
      MakeBackup({"--min-retention-time=1ms", "--compression-engine-name=lz4"});
  ASSERT_EQ(second.code, 0) << second.err;
  ASSERT_THAT(Listed(), SizeIs(1));
  EXPECT_NE(Listed()[0].name.ToString(), first);
  EXPECT_EQ(Listed()[0].manifest.compression_engine, "lz4");
}

TEST_F(BackupTest, BeginsWithTheNewestBackup) {
  ASSERT_EQ(MakeBackup().code, 0);
  ASSERT_THAT(primary().mysql->Sql("CREATE TABLE shop.later (id INT PRIMARY KEY)"), IsOk());
  const CommandResult made = MakeBackup(
      {"--restore-with-clone=false", "--clone-from-any=false", "--disable-redo-log=true"});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.err, Not(HasSubstr("the redo log stays enabled")));
  EXPECT_THAT(made.err, Not(HasSubstr("step=clone")));
  ExpectNothingLeft();
  const auto restored = Restored();
  ASSERT_THAT(restored, IsOk());
  EXPECT_EQ(*Checksums(*(*restored)->mysql), *Checksums(*primary().mysql));
  // The primary has forgotten what came after it.
  ASSERT_THAT(
      primary().mysql->Sql("CREATE TABLE shop.lost (id INT PRIMARY KEY); FLUSH BINARY LOGS; "
                           "PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY"),
      IsOk());
  const CommandResult late = MakeBackup({"--restore-with-clone=false", "--clone-from-any=false"});
  EXPECT_EQ(late.code, 5) << late.err;
  EXPECT_THAT(late.err, HasSubstr("use --restore-with-clone"));
  EXPECT_THAT(Listed(), SizeIs(2));
  ExpectNothingLeft();
}

TEST_F(BackupTest, OfLessThanTheNewestOneHasIsNotWritten) {
  ASSERT_EQ(MakeBackup().code, 0);
  // The newest one then seems to come from a primary that had more.
  const Backup newest = Listed()[0];
  Manifest more = newest.manifest;
  more.position += ",00000000-1111-2222-3333-444444444444:1-7";
  const std::string path = absl::StrCat(root(), "/", newest.folder(), "/MANIFEST");
  fs::remove(path);
  ASSERT_THAT(WriteFile(path, ManifestText(more)), IsOk());
  const CommandResult refused = MakeBackup();
  EXPECT_EQ(refused.code, 5) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("7 transactions"));
  EXPECT_THAT(refused.err, HasSubstr("nothing was written"));
  EXPECT_THAT(Listed(), SizeIs(1));
  ExpectNothingLeft();
}

// Killed in each phase: the older backup stays, nothing half-made counts, the next run succeeds.
TEST_F(BackupTest, KilledAtAnyMomentLeavesTheNextOneAGoodStart) {
  ASSERT_EQ(MakeBackup().code, 0);
  const Backup first = Listed()[0];
  for (const char* phase : {"mysqld started", "step=fence", "catching up", "writing", "reading"}) {
    SCOPED_TRACE(phase);
    fs::remove(log());
    const auto run = shard_->Spawn(Command({"--log-format=text"}), log());
    ASSERT_THAT(run, IsOk());
    Eventually(absl::Seconds(60), [&] {
      return absl::StrContains(ReadFile(log()).value_or(""), phase) || !(*run)->running();
    });
    (*run)->Kill(SIGKILL);
    ASSERT_THAT((*run)->Wait(absl::Seconds(10)), IsOk());
    // Its mysqld and the parent of that end by themselves.
    EXPECT_TRUE(Eventually(absl::Seconds(60), [&] {
      return !FindLiveMysqld(PathsOf(work() + "/server")).has_value();
    }));
    BackupProgress progress;
    for (const Backup& backup : Listed()) {
      if (backup.state.ok()) EXPECT_THAT(*VerifyBackup(*storage_, backup, 2, progress), IsEmpty());
    }
    EXPECT_EQ(Listed()[0].manifest.position, first.manifest.position);
  }
  const CommandResult next = MakeBackup();
  ASSERT_EQ(next.code, 0) << next.err;
  ExpectNothingLeft();
  for (const Backup& backup : Listed())
    EXPECT_THAT(backup.state, IsOk()) << "what was begun is gone";
}

TEST_F(BackupTest, ASignalEndsItCleanly) {
  ASSERT_THAT(BrakeClone(*replica().mysql), IsOk());
  const auto run = shard_->Spawn(Command({"--clone-max-network-bandwidth=1"}), log());
  ASSERT_THAT(run, IsOk());
  ASSERT_TRUE(Eventually(absl::Seconds(60), [&] {
    return absl::StrContains(ReadFile(log()).value_or(""), "step=clone");
  }));
  (*run)->Kill(SIGTERM);
  const auto end = (*run)->Wait(absl::Seconds(60));
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->code, 7) << ReadFile(log()).value_or("");
  EXPECT_THAT(Listed(), IsEmpty());
  ExpectNothingLeft();
}

// Its mysqld's parent is killed in the clone: nobody would start mysqld again.
TEST_F(BackupTest, TheTemporaryMysqldEndsMeanwhile) {
  const auto run = shard_->Spawn(Command({"--clone-max-network-bandwidth=1"}), log());
  ASSERT_THAT(run, IsOk());
  ASSERT_TRUE(Eventually(absl::Seconds(60), [&] {
    return absl::StrContains(ReadFile(log()).value_or(""), "step=clone");
  }));
  const int child = ChildOf((*run)->pid());
  const std::optional<pid_t> mysqld = FindLiveMysqld(PathsOf(work() + "/server"));
  ASSERT_TRUE(mysqld.has_value());
  kill(child, SIGKILL);
  const auto end = (*run)->Wait(absl::Seconds(60));
  EXPECT_TRUE(AwaitProcessEnd(*mysqld, absl::Seconds(10))) << "it would work on removed files";
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->code, 4);
  EXPECT_THAT(ReadFile(log()).value_or(""), HasSubstr("the temporary mysqld ended with signal 9"));
  EXPECT_THAT(Listed(), IsEmpty());
  ExpectNothingLeft();
}

// A backup whose hashes are right, and whose data is not: only mysqld can tell.
TEST_F(BackupTest, WithATableThatCannotBeReadIsNotWritten) {
  ASSERT_EQ(MakeBackup().code, 0);
  const std::string table = primary().Value(
      "SELECT table_name FROM information_schema.tables WHERE table_schema='shop' LIMIT 1");
  const std::string data = shard_->folder() + "/damaged";
  const std::string file = absl::StrCat(data, "/shop/", table, ".ibd");
  const auto damages = {std::function<void()>([&] {
                          std::fstream pages(file, std::ios::in | std::ios::out | std::ios::binary);
                          pages.seekp(4 * 16384 + 200);  // the root of its primary key
                          pages << "not what the page's checksum says";
                        }),
                        std::function<void()>([&] { fs::remove(file); })};
  const auto clock = MakeRealClock();
  for (const auto& damage : damages) {
    const Backup newest = *ChooseBackup(Listed(), {});
    fs::create_directory(data);
    BackupProgress progress;
    ASSERT_THAT(RestoreFiles(*storage_, newest, data, 2, progress), IsOk());
    ASSERT_TRUE(fs::exists(file));
    damage();
    Manifest manifest = newest.manifest;
    manifest.files.clear();
    manifest.time = absl::FromUnixSeconds(absl::ToUnixSeconds(clock->Now()));
    const auto made = TakeBackup(*storage_, *ListSourceFiles(data, {"ibdata1"}), manifest, {},
                                 *clock, progress, [](const Backup&) { return absl::OkStatus(); });
    ASSERT_THAT(made, IsOk());
    ASSERT_THAT(Listed().back().state, IsOk());
    const CommandResult refused =
        MakeBackup({"--restore-with-clone=false", "--clone-from-any=false"});
    EXPECT_NE(refused.code, 0);
    EXPECT_THAT(refused.err, HasSubstr("the table shop." + table));
    EXPECT_THAT(Listed(), SizeIs(2)) << refused.err;
    ExpectNothingLeft();
    ASSERT_THAT(RemoveBackup(*storage_, *made), IsOk());
    fs::remove_all(data);
  }
}

// Its mysqld's parent is killed, then it, before it has ended mysqld.
TEST_F(BackupTest, KilledAfterItsMysqldsParent) {
  const auto run = shard_->Spawn(Command({"--clone-max-network-bandwidth=1"}), log());
  ASSERT_THAT(run, IsOk());
  ASSERT_TRUE(Eventually(absl::Seconds(60), [&] {
    return absl::StrContains(ReadFile(log()).value_or(""), "step=clone");
  }));
  const int child = ChildOf((*run)->pid());
  const std::optional<pid_t> mysqld = FindLiveMysqld(PathsOf(work() + "/server"));
  ASSERT_TRUE(mysqld.has_value());
  (*run)->Kill(SIGSTOP);  // so that it cannot see the first end before its own
  kill(child, SIGKILL);
  (*run)->Kill(SIGKILL);
  ASSERT_THAT((*run)->Wait(absl::Seconds(10)), IsOk());
  const CommandResult next = MakeBackup();
  EXPECT_EQ(next.code, 0) << next.err;
  EXPECT_THAT(next.err, HasSubstr("removed what a graft-backup that was killed had left"));
  EXPECT_FALSE(FindLiveMysqld(PathsOf(work() + "/server")).has_value());
  EXPECT_TRUE(AwaitProcessEnd(*mysqld, absl::Seconds(1)));
  EXPECT_THAT(Listed(), SizeIs(1));
  ExpectNothingLeft();
}

// The server says which files are its system tablespace.
TEST_F(BackupTest, OfSeveralSystemTablespaceFiles) {
  MysqlSandboxOptions options;
  options.extra_my_cnf = "innodb_data_file_path=ibdata1:12M;more2:12M:autoextend\n";
  const auto other = shard_->AddTablet(options);
  ASSERT_THAT(other, IsOk());
  ASSERT_THAT((*other)->mysql->MakeWritable(), IsOk());
  ASSERT_THAT((*other)->mysql->Sql("CREATE DATABASE two; CREATE TABLE two.t (id INT PRIMARY KEY) "
                                   "TABLESPACE innodb_system; INSERT INTO two.t VALUES (1), (2)"),
              IsOk());
  ASSERT_THAT(shard_->StartAgent(**other, {"--init-keyspace", "two"}), IsOk());
  ASSERT_EQ(shard_->Graftctl({"topo", "set-primary", "two/0", (*other)->alias}).code, 0);
  const std::string extra = shard_->folder() + "/extra.cnf";
  ASSERT_THAT(WriteFile(extra, options.extra_my_cnf), IsOk());
  const CommandResult made = MakeBackup({"--init-keyspace=two", "--extra-my-cnf=" + extra});
  ASSERT_EQ(made.code, 0) << made.err;
  const std::vector<Backup> backups = *ListBackups(*storage_, "two/0");
  ASSERT_THAT(backups, SizeIs(1));
  EXPECT_THAT(ManifestText(backups[0].manifest), HasSubstr("\"more2\""));
  // One whose data would lie elsewhere.
  fs::create_directory(shard_->folder() + "/undo");
  const std::string elsewhere = shard_->folder() + "/elsewhere.cnf";
  ASSERT_THAT(WriteFile(elsewhere, absl::StrCat(options.extra_my_cnf, "innodb_undo_directory=",
                                                shard_->folder(), "/undo\n")),
              IsOk());
  const CommandResult refused = MakeBackup({"--init-keyspace=two", "--extra-my-cnf=" + elsewhere});
  EXPECT_EQ(refused.code, 5) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("innodb_undo_directory is"));
}

// The goal cannot be learnt, or not be reached: no backup.
TEST_F(BackupTest, ThePrimaryDiesMeanwhile) {
  const auto run =
      shard_->Spawn(Command({"--clone-from-any=false", "--clone-from-tablet=" + replica().alias,
                             "--clone-catch-up-stall-timeout=3s"}),
                    log());
  ASSERT_THAT(run, IsOk());
  ASSERT_TRUE(Eventually(absl::Seconds(60), [&] {
    return absl::StrContains(ReadFile(log()).value_or(""), "step=clone");
  }));
  primary().mysql->KillParent();
  primary().mysql->KillMysqld();
  const auto end = (*run)->Wait(absl::Minutes(3));
  ASSERT_THAT(end, IsOk());
  EXPECT_NE(end->code, 0) << ReadFile(log()).value_or("");
  EXPECT_THAT(Listed(), IsEmpty());
  ExpectNothingLeft();
}

}  // namespace
}  // namespace graft
