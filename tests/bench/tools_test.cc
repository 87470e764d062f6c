#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "bench/file_copy.h"
#include "bench/process_cost.h"
#include "testing/is_ok.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

namespace fs = std::filesystem;
using testing::Gt;
using testing::Lt;

std::string Text(const std::string& path) {
  return ReadFile(path).value_or("(not there)");
}

TEST(CopyOverLoopback, CarriesEveryFileButRedoAndTemporaryTables) {
  const TempFolder from("from");
  const TempFolder to("to");
  const std::string large(3'000'001, 'x');  // several chunks, and a part of one
  fs::create_directories(from.path() + "/shop/deep");
  fs::create_directories(from.path() + "/#innodb_redo");
  for (const auto& [name, text] : {std::pair<std::string, std::string>{"/ibdata1", large},
                                   {"/shop/deep/t.ibd", "rows"},
                                   {"/shop/empty", ""},
                                   {"/#innodb_redo/#ib_redo1", "not this"},
                                   {"/ibtmp1", "nor this"}}) {
    ASSERT_THAT(WriteFile(from.path() + name, text), IsOk());
  }
  const absl::StatusOr<int64_t> bytes = CopyOverLoopback(from.path(), to.path());
  ASSERT_THAT(bytes, IsOk());
  EXPECT_EQ(*bytes, 3'000'005);
  EXPECT_EQ(Text(to.path() + "/ibdata1"), large);
  EXPECT_EQ(Text(to.path() + "/shop/deep/t.ibd"), "rows");
  EXPECT_EQ(Text(to.path() + "/shop/empty"), "");
  EXPECT_FALSE(fs::exists(to.path() + "/#innodb_redo/#ib_redo1"));
  EXPECT_FALSE(fs::exists(to.path() + "/ibtmp1"));
}

TEST(CopyOverLoopback, SaysWhichFileCannotBeWritten) {
  const TempFolder from("from");
  const TempFolder to("to");
  ASSERT_THAT(WriteFile(from.path() + "/ibdata1", ""), IsOk());
  fs::resize_file(from.path() + "/ibdata1", 500'000'000);  // more than any buffer holds
  ASSERT_THAT(WriteFile(to.path() + "/ibdata1", "in the way"), IsOk());
  const absl::StatusOr<int64_t> bytes = CopyOverLoopback(from.path(), to.path());
  EXPECT_THAT(bytes.status().message(), testing::HasSubstr("create " + to.path() + "/ibdata1"));
}

TEST(ReadCost, GrowsWithWhatTheProcessTakes) {
  const absl::StatusOr<ProcessCost> before = ReadCost(getpid());
  ASSERT_THAT(before, IsOk());
  // Not from an allocator, which might keep it.
  constexpr size_t kBytes = size_t{64} << 20;
  void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  absl::StatusOr<ProcessCost> after = before;
  const absl::Duration wanted = before->processor + 5 * ProcessorTick();
  for (int i = 1; i < 1000 && after.ok() && after->processor < wanted; ++i) {
    memset(memory, i, kBytes);
    after = ReadCost(getpid());
  }
  ASSERT_THAT(after, IsOk());
  EXPECT_GE(after->processor, wanted);
  EXPECT_THAT(after->resident_mb, Gt(before->resident_mb + 60));
  EXPECT_THAT(after->anonymous_mb, Gt(before->anonymous_mb + 60));
  munmap(memory, kBytes);
  after = ReadCost(getpid());
  ASSERT_THAT(after, IsOk());
  EXPECT_THAT(after->peak_mb, Gt(after->resident_mb + 60));
  ASSERT_THAT(ForgetPeak(getpid()), IsOk());
  const absl::StatusOr<ProcessCost> anew = ReadCost(getpid());
  ASSERT_THAT(anew, IsOk());
  EXPECT_THAT(anew->peak_mb, Lt(after->peak_mb - 60));
}

}  // namespace
}  // namespace graft
