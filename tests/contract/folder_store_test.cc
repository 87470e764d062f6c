// What FolderStore does beyond the port's contract: other processes, deaths, damaged files.
#include "filestore/folder_store.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "contract/count_up.h"
#include "contract/kv_backends.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/eventually.h"
#include "testing/privilege.h"
#include "testing/process.h"
#include "testing/small_disk.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

using ::testing::HasSubstr;

// Another program's connection to the file.
class Raw {
 public:
  explicit Raw(const std::string& path) { sqlite3_open(path.c_str(), &file_); }
  ~Raw() { sqlite3_close_v2(file_); }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;

  // The first column of the last row.
  std::string Run(const std::string& sql) {
    std::string value;
    const auto keep = [](void* out, int, char** columns, char**) {
      *static_cast<std::string*>(out) = columns[0] != nullptr ? columns[0] : "";
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(file_, sql.c_str(), keep, &value, nullptr), SQLITE_OK)
        << sql << ": " << sqlite3_errmsg(file_);
    return value;
  }

 private:
  sqlite3* file_ = nullptr;
};

class FolderStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<KeyValueStore> Open() {
    auto store = MakeFolderStore(*clock_, folder_.path());
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }

  // Another process that adds 1 to /n `count` times.
  std::unique_ptr<Process> StartCounter(int count, size_t padding = 0) {
    ProcessOptions options;
    options.log_file = folder_.path() + "/counter.log";
    auto process = Process::Start(
        {FOLDER_COUNTER, folder_.path(), absl::StrCat(count), absl::StrCat(padding)}, options);
    EXPECT_TRUE(process.ok()) << process.status();
    return *std::move(process);
  }

  // Every call says that the file is damaged, and which file.
  void ExpectDamaged(KeyValueStore& store) {
    EventLog log;
    for (const absl::Status& status :
         {store.Get("/a").status(), store.List("/").status(), store.Delete("/a", 1),
          store.Update("/a", "2", 1).status(), store.Create("/a", "2", kNoLease).status(),
          store.GrantLease(absl::Seconds(1)).status(), store.KeepLeaseAlive(1),
          store.RevokeLease(1), store.WatchPrefix("/", 0, log.Callback()).status(),
          MakeFolderStore(*clock_, folder_.path()).status()}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
    }
  }

  static void ExpectDone(Process& counter) {
    const absl::StatusOr<ExitStatus> status = counter.Wait(absl::Seconds(30));
    ASSERT_TRUE(status.ok()) << status.status();
    EXPECT_EQ(status->code, 0) << status->ToString();
  }

  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  TempFolder folder_{"folder-store"};
  const std::string path_ = folder_.path() + "/topology.sqlite";
  std::unique_ptr<KeyValueStore> store_ = Open();
};

TEST_F(FolderStoreTest, TwoProcessesLoseNoUpdate) {
  ASSERT_TRUE(store_->Create("/n", "0", kNoLease).ok());
  const std::unique_ptr<Process> counter = StartCounter(40);
  const absl::Status counted = CountUp(*store_, 40);
  EXPECT_TRUE(counted.ok()) << counted;
  ExpectDone(*counter);
  EXPECT_EQ(store_->Get("/n")->value, "80");
}

TEST_F(FolderStoreTest, WatchSeesAnotherProcess) {
  const Version start = *store_->Create("/n", "0", kNoLease);
  EventLog log;
  auto watch = store_->WatchPrefix("/n", start, log.Callback());
  const std::unique_ptr<Process> counter = StartCounter(5);
  EXPECT_EQ(log.Wait(5).back(), "put /n=5");
  ExpectDone(*counter);
}

TEST_F(FolderStoreTest, KilledWriterLeavesAWholeStore) {
  const Version start = *store_->Create("/n", "0", kNoLease);
  EventLog log;
  auto watch = store_->WatchPrefix("/n", start, log.Callback());
  constexpr size_t kManyPages = 300'000;  // so that many a kill comes in the midst of a write
  size_t seen = 0;
  for (int round = 0; round < 20; ++round) {
    std::unique_ptr<Process> counter = StartCounter(1'000'000, kManyPages);
    EXPECT_GE(log.Wait(seen + 2).size(), seen + 2);
    PassRealTime(absl::Milliseconds(round));
    counter.reset();  // kill -9
    const absl::StatusOr<KeyValue> item = store_->Get("/n");
    ASSERT_TRUE(item.ok()) << item.status();
    EXPECT_EQ(absl::StripAsciiWhitespace(item->value), absl::StrCat(item->version - start - round))
        << "one for each version";
    EXPECT_EQ(Raw(path_).Run("PRAGMA integrity_check"), "ok");
    const absl::StatusOr<Version> next = store_->Update("/n", item->value, item->version);
    ASSERT_TRUE(next.ok()) << next.status();
    EXPECT_EQ(*next, item->version + 1);
    seen = static_cast<size_t>(*next - start);
    EXPECT_EQ(log.Wait(seen).size(), seen) << "one event for each version";
  }
}

TEST_F(FolderStoreTest, WriteThatWasCutShortIsUndone) {
  const Version version = *store_->Create("/a", std::string(500'000, 'a'), kNoLease);
  const TempFolder other("folder-store-cut");
  {
    // With so small a cache the new value is in the file before the transaction ends.
    Raw writer(path_);
    writer.Run(
        "PRAGMA cache_size = 2; BEGIN IMMEDIATE; UPDATE changes SET value = zeroblob(500000)");
    for (const char* end : {"", "-journal"}) {
      std::filesystem::copy_file(path_ + end, other.path() + "/topology.sqlite" + end,
                                 std::filesystem::copy_options::overwrite_existing);
    }
  }
  std::ifstream stream(other.path() + "/topology.sqlite");
  const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  ASSERT_THAT(bytes, HasSubstr(std::string(4000, '\0'))) << "the new value is there in part";
  const auto store = MakeFolderStore(*clock_, other.path());
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->Get("/a")->value, std::string(500'000, 'a'));
  EXPECT_EQ((*store)->Get("/a")->version, version);
  EXPECT_EQ(Raw(other.path() + "/topology.sqlite").Run("PRAGMA integrity_check"), "ok");
}

TEST_F(FolderStoreTest, DamagedFileIsNamed) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(store_->Create(absl::StrCat("/", i), std::string(3000, 'v'), kNoLease).ok());
  }
  const std::string good = path_ + ".good";
  const auto restore = [&] {
    std::filesystem::copy_file(good, path_, std::filesystem::copy_options::overwrite_existing);
  };
  std::filesystem::copy_file(path_, good);
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 5000);
  ExpectDamaged(*store_);
  restore();
  EXPECT_TRUE(store_->Get("/1").ok()) << "the copy is used as soon as it is there";
  std::fstream(path_, std::ios::in | std::ios::out) << "no SQLite file";
  ExpectDamaged(*store_);
  restore();
  std::fstream pages(path_, std::ios::in | std::ios::out);
  pages.seekp(100);
  pages << std::string(std::filesystem::file_size(path_) - 100, '\xff');
  pages.close();
  ExpectDamaged(*store_);
}

TEST_F(FolderStoreTest, ForeignFileIsNamedAndLeftAlone) {
  std::filesystem::remove(path_);
  Raw(path_).Run("CREATE TABLE t (x); INSERT INTO t VALUES (7)");
  ExpectDamaged(*store_);
  EXPECT_EQ(Raw(path_).Run("SELECT x FROM t"), "7");
}

TEST_F(FolderStoreTest, RemovedFileIsNotBegunAnewByARunningProgram) {
  ASSERT_TRUE(store_->Create("/a", "1", kNoLease).ok());
  const std::string aside = path_ + ".aside";
  std::filesystem::rename(path_, aside);
  const absl::Status status = store_->Create("/b", "1", kNoLease).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::filesystem::rename(aside, path_);
  EXPECT_TRUE(store_->Get("/a").ok());
}

TEST_F(FolderStoreTest, ManyMayMakeTheFileAtOnce) {
  const TempFolder fresh("folder-store-fresh");
  std::vector<std::thread> threads(8);
  for (size_t i = 0; i < threads.size(); ++i) {
    threads[i] = std::thread([&, i] {
      const auto store = MakeFolderStore(*clock_, fresh.path() + "/a/b");
      ASSERT_TRUE(store.ok()) << store.status();
      const auto version = (*store)->Create(absl::StrCat("/", i), "", kNoLease);
      EXPECT_TRUE(version.ok()) << version.status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto items = (*MakeFolderStore(*clock_, fresh.path() + "/a/b"))->List("/");
  ASSERT_EQ(items->size(), 8U);
  for (const KeyValue& item : *items) EXPECT_LE(item.version, 8);
}

TEST_F(FolderStoreTest, LeaseOutlivesItsGranterButNotItsTime) {
  const LeaseId lease = *store_->GrantLease(absl::Seconds(2));
  ASSERT_TRUE(store_->Create("/l", "1", lease).ok());
  store_ = Open();
  EXPECT_TRUE(store_->Get("/l").ok());
  EXPECT_TRUE(store_->KeepLeaseAlive(lease).ok());
  PassRealTime(absl::Milliseconds(2050));
  EXPECT_EQ(store_->Get("/l").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(FolderStoreTest, LeaseFromAnotherBootHasEnded) {
  const LeaseId lease = *store_->GrantLease(absl::Seconds(60));
  ASSERT_TRUE(store_->Create("/l", "1", lease).ok());
  Raw(path_).Run("UPDATE leases SET boot_id = x'00', end_ms = 9000000000000000000");
  EXPECT_EQ(store_->Get("/l").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Raw(path_).Run("SELECT count(*) FROM leases"), "0") << "ended for all, by a read";
  EXPECT_EQ(store_->KeepLeaseAlive(lease).code(), absl::StatusCode::kNotFound);
}

TEST_F(FolderStoreTest, StoppedHolderIsUnavailable) {
  Raw holder(path_);
  holder.Run("BEGIN EXCLUSIVE");
  const absl::Time start = clock_->Now();
  const absl::Status status = store_->Get("/a").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
  EXPECT_GE(clock_->Now() - start, absl::Seconds(5));
  EXPECT_LT(clock_->Now() - start, absl::Seconds(10));
  const absl::Time later = clock_->Now();
  store_->EndCallsBy(later + absl::Milliseconds(100));
  EXPECT_EQ(store_->Get("/a").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(store_->Get("/a").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(clock_->Now() - later, absl::Seconds(2));
  holder.Run("COMMIT");
  EXPECT_EQ(store_->Get("/a").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(FolderStoreTest, OldHistoryIsDroppedAndTheLastWritesTold) {
  Version version = *store_->Create("/a", "0", kNoLease);
  const Version start = version;
  version = *store_->Update("/a", "1", version);
  // What 10,000 more writes of another key leave.
  Raw(path_).Run(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
      "INSERT INTO changes (key, value, create_version, lease, live) "
      "SELECT CAST('/many' AS BLOB), i, 3, 0, 1 FROM n");
  EXPECT_EQ(Raw(path_).Run("SELECT count(*) FROM changes"), "10001") << "history and /a";
  EventLog log;
  auto watch = store_->WatchPrefix("/a", start, log.Callback());
  ASSERT_TRUE(store_->Update("/a", "last", version).ok());
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] {
    return !log.events().empty() && log.Wait(1).back() == "put /a=last";
  }));
  // Whether the state before the last write is told, too, depends on when the watch looks.
  EXPECT_GE(log.events().front().item.version, version);
}

TEST_F(FolderStoreTest, FullDiskIsSaidAndHarmsNothing) {
  const TempFolder mount("folder-store-full");
  const auto disk = SmallDisk::Mount(mount.path(), 1);
  GRAFT_NEEDS_RIGHT(disk.status());
  ASSERT_TRUE(disk.ok()) << disk.status();
  const auto store = MakeFolderStore(*clock_, mount.path());
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE((*store)->Create("/a", "1", kNoLease).ok());
  const std::string filler = mount.path() + "/filler";
  std::ofstream(filler) << std::string(2'000'000, 'x');
  const absl::Status status = (*store)->Create("/b", std::string(100'000, 'b'), kNoLease).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(mount.path() + "/topology.sqlite"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("make some room there"));
  EXPECT_EQ((*store)->List("/")->size(), 1U);
  std::filesystem::remove(filler);
  EXPECT_TRUE((*store)->Create("/b", std::string(100'000, 'b'), kNoLease).ok());
}

TEST_F(FolderStoreTest, LongKeysAreKept) {
  const std::string key(100'000, 'k');
  EXPECT_TRUE(store_->Create(key, "1", kNoLease).ok());
  EXPECT_EQ(store_->Get(key)->value, "1");
  EXPECT_EQ(store_->List(key)->size(), 1U);
}

TEST(FolderStoreCreateTest, UnwritableFoldersAreRefused) {
  const std::unique_ptr<Clock> clock = MakeRealClock();
  EXPECT_EQ(MakeFolderStore(*clock, "").status().code(), absl::StatusCode::kInvalidArgument);
  const absl::Status status = MakeFolderStore(*clock, "/proc/graft").status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("/proc/graft"));
}

TEST(FolderStoreCreateTest, AFolderOrFileOfSomebodyElseIsPermissionDenied) {
  const std::unique_ptr<Clock> clock = MakeRealClock();
  const TempFolder folder("folder-store-denied");
  chmod(folder.path().c_str(), 0555);
  const bool root = geteuid() == 0;  // who may write everywhere
  if (root) ASSERT_EQ(seteuid(65534), 0);
  const absl::Status fresh = MakeFolderStore(*clock, folder.path()).status();
  if (root) ASSERT_EQ(seteuid(0), 0);
  EXPECT_EQ(fresh.code(), absl::StatusCode::kPermissionDenied) << fresh;
  EXPECT_THAT(std::string(fresh.message()), HasSubstr(folder.path()));
  chmod(folder.path().c_str(), 0755);
  ASSERT_TRUE(MakeFolderStore(*clock, folder.path()).ok());
  const std::string path = folder.path() + "/topology.sqlite";
  chmod(path.c_str(), 0444);
  if (root) ASSERT_EQ(seteuid(65534), 0);
  const absl::Status present = MakeFolderStore(*clock, folder.path()).status();
  if (root) ASSERT_EQ(seteuid(0), 0);
  EXPECT_EQ(present.code(), absl::StatusCode::kPermissionDenied) << present;
  EXPECT_THAT(std::string(present.message()), HasSubstr(path));
}

TEST(FolderStoreCreateTest, AFolderOfAnOlderGraftIsRefused) {
  const std::unique_ptr<Clock> clock = MakeRealClock();
  const TempFolder folder("folder-store-old");
  std::ofstream(folder.path() + "/revision") << "graft-folder-1 7\n";
  const absl::Status status = MakeFolderStore(*clock, folder.path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(folder.path()));
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/topology.sqlite"));
}

}  // namespace
}  // namespace graft
