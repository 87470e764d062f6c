// What FolderStore does beyond the port's contract: other processes, deaths, damaged files.
#include "filestore/folder_store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "contract/kv_backends.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace graft {
namespace {

using ::testing::HasSubstr;

constexpr char kChildFolder[] = "GRAFT_TEST_FOLDER";
constexpr char kChildCount[] = "GRAFT_TEST_COUNT";

// Adds 1 to /n `count` times by compare-and-swap.
void CountUp(KeyValueStore& store, int count) {
  while (count > 0) {
    const absl::StatusOr<KeyValue> item = store.Get("/n");
    ASSERT_TRUE(item.ok()) << item.status();
    int n = 0;
    ASSERT_TRUE(absl::SimpleAtoi(item->value, &n)) << item->value;
    const absl::StatusOr<Version> written = store.Update("/n", absl::StrCat(n + 1), item->version);
    if (written.ok()) {
      --count;
    } else {
      ASSERT_EQ(written.status().code(), absl::StatusCode::kAborted) << written.status();
    }
  }
}

class FolderStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<KeyValueStore> Open() {
    auto store = MakeFolderStore(*clock_, folder_.path());
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }

  // This program again, counting up in another process.
  pid_t StartCounter(int count) {
    setenv(kChildFolder, folder_.path().c_str(), 1);
    setenv(kChildCount, absl::StrCat(count).c_str(), 1);
    const absl::StatusOr<pid_t> pid =
        StartProcess({"/proc/self/exe", "--gtest_also_run_disabled_tests",
                      "--gtest_filter=FolderStoreChild.DISABLED_CountsUp"},
                     folder_.path() + "/child.log");
    EXPECT_TRUE(pid.ok()) << pid.status();
    return *pid;
  }

  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  TempFolder folder_;
  std::unique_ptr<KeyValueStore> store_ = Open();
};

// Run by StartCounter() only.
TEST(FolderStoreChild, DISABLED_CountsUp) {
  const std::unique_ptr<Clock> clock = MakeRealClock();
  ASSERT_NE(getenv(kChildFolder), nullptr);
  auto store = MakeFolderStore(*clock, getenv(kChildFolder));
  ASSERT_TRUE(store.ok()) << store.status();
  int count = 0;
  ASSERT_TRUE(absl::SimpleAtoi(getenv(kChildCount), &count));
  CountUp(**store, count);
}

TEST_F(FolderStoreTest, TwoProcessesLoseNoUpdate) {
  ASSERT_TRUE(store_->Create("/n", "0", kNoLease).ok());
  const pid_t child = StartCounter(40);
  CountUp(*store_, 40);
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(store_->Get("/n")->value, "80");
}

TEST_F(FolderStoreTest, WatchSeesAnotherProcess) {
  const Version start = *store_->Create("/n", "0", kNoLease);
  EventLog log;
  auto watch = store_->WatchPrefix("/n", start, log.Callback());
  const pid_t child = StartCounter(5);
  EXPECT_EQ(log.Wait(5).back(), "put /n=5");
  waitpid(child, nullptr, 0);
}

TEST_F(FolderStoreTest, KilledWriterLeavesAWholeStore) {
  const Version start = *store_->Create("/n", "0", kNoLease);
  EventLog log;
  auto watch = store_->WatchPrefix("/n", start, log.Callback());
  size_t seen = 0;
  for (int round = 0; round < 8; ++round) {
    const pid_t child = StartCounter(1'000'000);
    EXPECT_GE(log.Wait(seen + 2).size(), seen + 2);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const absl::StatusOr<KeyValue> item = store_->Get("/n");
    ASSERT_TRUE(item.ok()) << item.status();
    const absl::StatusOr<Version> next = store_->Update("/n", item->value, item->version);
    ASSERT_TRUE(next.ok()) << next.status();
    EXPECT_EQ(*next, item->version + 1);
    seen = static_cast<size_t>(*next - start);
    EXPECT_EQ(log.Wait(seen).size(), seen) << "one event for each version";
  }
}

TEST_F(FolderStoreTest, WriteThatWasCutShortIsCompleted) {
  const Version version = *store_->Create("/a", "1", kNoLease);
  ASSERT_TRUE(store_->Update("/a", "2", version).ok());
  // As if the writer had died right after its event: the old key file and revision come back.
  std::ofstream(folder_.path() + "/keys/,a", std::ios::trunc)
      << "graft-kv-1 put 1 1 0 2 1\n/a\n1\n";
  std::ofstream(folder_.path() + "/revision", std::ios::trunc) << "graft-folder-1 1\n";
  const absl::StatusOr<KeyValue> item = store_->Get("/a");
  ASSERT_TRUE(item.ok()) << item.status();
  EXPECT_EQ(item->value, "2");
  EXPECT_EQ(item->version, 2);
}

TEST_F(FolderStoreTest, DamagedAndForeignFilesAreNamed) {
  ASSERT_TRUE(store_->Create("/a", "value", kNoLease).ok());
  const std::string path = folder_.path() + "/keys/,a";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 3);
  for (const absl::Status& status :
       {store_->Get("/a").status(), store_->List("/").status(), store_->Delete("/a", 1),
        store_->Update("/a", "2", 1).status(), store_->Create("/a", "2", kNoLease).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  }
  std::filesystem::remove(path);
  std::ofstream(folder_.path() + "/keys/note to self") << "hello";
  const absl::Status foreign = store_->List("/").status();
  EXPECT_EQ(foreign.code(), absl::StatusCode::kDataLoss) << foreign;
  EXPECT_THAT(std::string(foreign.message()), HasSubstr("note to self"));
  std::ofstream(folder_.path() + "/revision", std::ios::trunc) << "";
  EXPECT_EQ(store_->Get("/b").status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(FolderStoreTest, LostRevisionIsNotBegunAnew) {
  ASSERT_TRUE(store_->Create("/a", "1", kNoLease).ok());
  std::filesystem::remove(folder_.path() + "/revision");
  EXPECT_EQ(MakeFolderStore(*clock_, folder_.path()).status().code(), absl::StatusCode::kDataLoss);
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
  std::ofstream(absl::StrCat(folder_.path(), "/leases/", lease), std::ios::trunc)
      << "graft-lease-1 another-boot 60 9000000000000000000\n";
  EXPECT_EQ(store_->Get("/l").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->KeepLeaseAlive(lease).code(), absl::StatusCode::kNotFound);
}

TEST_F(FolderStoreTest, StoppedHolderIsDeadlineExceeded) {
  const std::string path = folder_.path() + "/lock";
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(flock(fd, LOCK_EX), 0);
  const absl::Status status = store_->Get("/a").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  close(fd);
  EXPECT_EQ(store_->Get("/a").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(FolderStoreTest, OldHistoryIsDroppedAndTheDifferenceTold) {
  Version version = *store_->Create("/a", "0", kNoLease);
  const Version start = version;
  for (int i = 1; i <= 3; ++i) version = *store_->Update("/a", absl::StrCat(i), version);
  std::filesystem::remove(folder_.path() + "/events/00000000000000000002");
  EventLog log;
  auto watch = store_->WatchPrefix("/", start, log.Callback());
  ASSERT_TRUE(store_->Update("/a", "last", version).ok());
  // Whether the state before the last write is told, too, depends on when the watch looks.
  ASSERT_TRUE(
      Eventually([&] { return !log.events().empty() && log.Wait(1).back() == "put /a=last"; }));
  EXPECT_GE(log.events().front().item.version, version);
}

TEST_F(FolderStoreTest, LongKeysAreRefused) {
  EXPECT_EQ(store_->Create(std::string(251, 'k'), "", kNoLease).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(store_->Create(std::string(250, 'k'), "", kNoLease).ok());
}

TEST(FolderStoreCreateTest, UnwritableFoldersAreRefused) {
  const std::unique_ptr<Clock> clock = MakeRealClock();
  EXPECT_EQ(MakeFolderStore(*clock, "").status().code(), absl::StatusCode::kInvalidArgument);
  const absl::Status status = MakeFolderStore(*clock, "/proc/graft").status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("/proc/graft"));
}

}  // namespace
}  // namespace graft
