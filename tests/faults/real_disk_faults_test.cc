// The recipient's disk, too small from the start or full in the middle of the copy. Its data
// directory is a small file system of the test's own.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "faults/real_fault_suite.h"
#include "testing/clone_brake.h"

namespace graft {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

constexpr int kDiskMegabytes = 1024;
constexpr int kBallastMegabytes = 256;

// A file that leaves so much of the recipient's disk free, until it is removed.
class Filler {
 public:
  Filler(const std::string& folder, int megabytes_left) : path_(folder + "/filler") {
    std::error_code error;
    const auto space = std::filesystem::space(folder, error);
    const int fd = open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (error || fd < 0) return;
    const int64_t wanted = static_cast<int64_t>(space.available / kPiece) - megabytes_left;
    int failure = 0;
    // Piece by piece: others write there as well.
    for (int64_t i = 0; i < wanted && failure == 0; ++i) {
      failure = posix_fallocate(fd, i * kPiece, kPiece);
    }
    full_ = failure == 0 || failure == ENOSPC;
    close(fd);
  }
  ~Filler() { unlink(path_.c_str()); }

  bool full() const { return full_; }

 private:
  static constexpr int64_t kPiece = 1 << 20;

  const std::string path_;
  bool full_ = false;
};

class RealDiskFaultTest : public RealFaultSuite {
 protected:
  absl::StatusOr<std::unique_ptr<MiniShard>> MakeShard() override {
    std::vector<MysqlSandboxOptions> servers(3, PatientServer());
    servers[1].disk_megabytes = kDiskMegabytes;
    RowsSize rows;
    rows.ballast_megabytes = kBallastMegabytes;
    auto shard = MiniShard::Start(MiniShard::Store::kEtcd);
    if (!shard.ok()) return shard;
    const absl::Status added = (*shard)->AddReplicatedTablets(servers, rows);
    if (!added.ok()) return added;
    return shard;
  }

  void SetUp() override {
    RealFaultSuite::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    ASSERT_THAT(Drift(), IsOk());
  }

  static std::string Disk() { return recipient().mysql->paths().data(); }
};

TEST_F(RealDiskFaultTest, TooSmallADiskIsSeenBeforeAnythingIsDropped) {
  const int clones = recipient().CloneStatements();
  {
    const Filler filler(Disk(), 16);
    ASSERT_TRUE(filler.full());
    const CommandResult preflight =
        shard().Graftctl({"preflight", recipient().alias, "--from-tablet", donor().alias});
    EXPECT_EQ(preflight.code, 5) << preflight.err;
    EXPECT_THAT(preflight.out, HasSubstr("DISK_SPACE"));
    ASSERT_THAT(StartOperation({"--from-tablet", donor().alias}), IsOk());
    const v1::Operation operation = AwaitEnd();
    EXPECT_EQ(operation.outcome(), v1::FAILED);
    EXPECT_EQ(operation.data_state(), v1::INTACT);
    EXPECT_EQ(operation.error().reason(), "DISK_SPACE");
    EXPECT_EQ(operation.step(), "preflight");
    ExpectSafe(operation);
    EXPECT_EQ(recipient().CloneStatements(), clones);
  }
  ExpectSecondRequestSucceeds();
}

TEST_F(RealDiskFaultTest, DiskThatFillsUpInTheMiddleLeavesAFencedServer) {
  ASSERT_THAT(BrakeClone(*recipient().mysql), IsOk());
  ASSERT_THAT(StartOperation({"--from-tablet", donor().alias}), IsOk());
  ASSERT_THAT(AwaitFileCopy(*recipient().mysql), IsOk());
  {
    const Filler filler(Disk(), 0);
    ASSERT_TRUE(filler.full());
    ASSERT_THAT(ReleaseClone(*recipient().mysql), IsOk());
    const v1::Operation operation = AwaitEnd();
    EXPECT_EQ(operation.outcome(), v1::FAILED) << operation.DebugString();
    EXPECT_THAT(operation.data_state(), AnyOf(v1::EMPTY, v1::PARTIAL));
    EXPECT_EQ(operation.error().reason(), "DISK_TOO_SMALL");
    ExpectSafe(operation);
  }
  ExpectSecondRequestSucceeds();
}

}  // namespace
}  // namespace graft
