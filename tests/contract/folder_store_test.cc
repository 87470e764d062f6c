// What FolderStore does beyond the port's contract: other processes, deaths, damaged files.
#include "filestore/folder_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/clocks.h"
#include "contract/count_up.h"
#include "contract/kv_backends.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/eventually.h"
#include "testing/process.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

using ::testing::HasSubstr;

class FolderStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<KeyValueStore> Open() {
    auto store = MakeFolderStore(*clock_, folder_.path());
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }

  // Another process that adds 1 to /n `count` times.
  std::unique_ptr<Process> StartCounter(int count) {
    ProcessOptions options;
    options.log_file = folder_.path() + "/counter.log";
    auto process = Process::Start({FOLDER_COUNTER, folder_.path(), absl::StrCat(count)}, options);
    EXPECT_TRUE(process.ok()) << process.status();
    return *std::move(process);
  }

  static void ExpectDone(Process& counter) {
    const absl::StatusOr<ExitStatus> status = counter.Wait(absl::Seconds(30));
    ASSERT_TRUE(status.ok()) << status.status();
    EXPECT_EQ(status->code, 0) << status->ToString();
  }

  const std::unique_ptr<Clock> clock_ = MakeRealClock();
  TempFolder folder_{"folder-store"};
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
  size_t seen = 0;
  for (int round = 0; round < 8; ++round) {
    std::unique_ptr<Process> counter = StartCounter(1'000'000);
    EXPECT_GE(log.Wait(seen + 2).size(), seen + 2);
    counter.reset();  // kill -9
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
  const absl::Time start = clock_->Now();
  store_->EndCallsBy(start + absl::Milliseconds(100));
  EXPECT_EQ(store_->Get("/a").status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(store_->Get("/a").status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(clock_->Now() - start, absl::Seconds(2));
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
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] {
    return !log.events().empty() && log.Wait(1).back() == "put /a=last";
  }));
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
