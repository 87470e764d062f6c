#include "base/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "base/errors.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FilesTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }

  static mode_t ModeOf(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
  }

  TempFolder folder_{"files"};
};

TEST_F(FilesTest, ReadsWhatWasWritten) {
  std::string bytes(100'000, 'x');
  bytes += std::string("\0\n\xff", 3);
  ASSERT_TRUE(WriteFile(Path("a"), bytes).ok());
  EXPECT_EQ(ReadFile(Path("a")).value_or("?"), bytes);
  ASSERT_TRUE(WriteFile(Path("a"), "short").ok());
  EXPECT_EQ(ReadFile(Path("a")).value_or("?"), "short");
  ASSERT_TRUE(WriteFile(Path("empty"), "").ok());
  EXPECT_EQ(ReadFile(Path("empty")).value_or("?"), "");
}

TEST_F(FilesTest, ReadsFilesOfUnknownSize) {
  EXPECT_THAT(ReadFile("/proc/self/status").value_or(""), HasSubstr("Pid:"));
}

TEST_F(FilesTest, ATailHasWholeLinesAlone) {
  const std::string path = Path("log");
  ASSERT_TRUE(WriteFile(path, "first\nsecond\nthird\nhal").ok());
  EXPECT_EQ(*ReadTail(path, 1000), "first\nsecond\nthird\n") << "the last line is not whole yet";
  EXPECT_EQ(*ReadTail(path, 12), "third\n") << "the first one is cut";
  EXPECT_EQ(*ReadTail(path, 3), "");
  EXPECT_TRUE(absl::IsNotFound(ReadTail(Path("none"), 10).status()));
}

TEST_F(FilesTest, AMissingFileIsNotFoundAndNamed) {
  const absl::Status missing = ReadFile(Path("none")).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr(Path("none") + ": No such file"));
  EXPECT_EQ(ReadFile(Path("no/folder")).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(FilesTest, OtherFailuresAreUnavailableNamingPathAndCause) {
  ASSERT_TRUE(WriteFile(Path("file"), "").ok());
  const struct {
    absl::Status status;
    std::string path;
    std::string cause;
  } failures[] = {
      {ReadFile(folder_.path()).status(), folder_.path(), "Is a directory"},
      {ReadFile(Path("file/below")).status(), Path("file/below"), "Not a directory"},
      {WriteFile(Path("no/file"), ""), Path("no/file"), "No such file"},
      {WriteFile("/dev/full", "text"), "/dev/full", "No space left"},
      {ReplaceFile(Path("no/file"), ""), Path("no/file.tmp"), "No such file"},
      {RemoveFile(folder_.path()), folder_.path(), "Is a directory"},
      {ListDirectory(Path("none")).status(), Path("none"), "No such file"},
      {ListDirectory(Path("file")).status(), Path("file"), "Not a directory"},
      {MakeDirectory(Path("file")), Path("file"), "Not a directory"},
      {MakeDirectory(Path("no/folder")), Path("no/folder"), "No such file"},
      {SyncDirectory(Path("none")), Path("none"), "No such file"},
  };
  for (const auto& [status, path, cause] : failures) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(" " + path + ": " + cause));
    EXPECT_EQ(ReasonOf(status), "") << status;
  }
}

TEST(FileErrorTest, SaysWhenTheUserIsNotAllowedTo) {
  for (const int error : {EACCES, EPERM, EROFS}) {
    EXPECT_EQ(ReasonOf(FileError("open", "/a", error)), "FILE_ACCESS") << error;
  }
  const absl::Status status = FileError("open", "/a", EIO);
  EXPECT_EQ(status, absl::UnavailableError("cannot open /a: Input/output error"));
}

TEST_F(FilesTest, ReplaceLeavesNothingBesideTheFile) {
  ASSERT_TRUE(ReplaceFile(Path("a"), "1").ok());
  ASSERT_TRUE(ReplaceFile(Path("a"), "2").ok());
  EXPECT_EQ(ReadFile(Path("a")).value_or("?"), "2");
  EXPECT_EQ(ModeOf(Path("a")), 0600U);
  EXPECT_THAT(*ListDirectory(folder_.path()), ElementsAre("a"));
}

TEST_F(FilesTest, ReplaceBeginsWithAFileOfItsOwn) {
  // What a crash left there, with another mode.
  ASSERT_TRUE(WriteFile(Path("a.tmp"), "half a file, and longer").ok());
  ASSERT_NE(ModeOf(Path("a.tmp")), 0600U);
  ASSERT_TRUE(ReplaceFile(Path("a"), "1", /*durable=*/false).ok());
  EXPECT_EQ(ReadFile(Path("a")).value_or("?"), "1");
  EXPECT_EQ(ModeOf(Path("a")), 0600U);
  EXPECT_THAT(*ListDirectory(folder_.path()), ElementsAre("a"));
}

TEST_F(FilesTest, ReadersOfTheOldFileKeepIt) {
  ASSERT_TRUE(ReplaceFile(Path("a"), "old").ok());
  const Fd reader(open(Path("a").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE(ReplaceFile(Path("a"), "new").ok());
  char text[8] = {};
  EXPECT_EQ(read(reader.get(), text, sizeof(text)), 3);
  EXPECT_STREQ(text, "old");
}

TEST_F(FilesTest, AFailedReplaceLeavesTheOldFileAndNoScratch) {
  ASSERT_TRUE(MakeDirectory(Path("a")).ok());  // cannot be renamed over
  EXPECT_EQ(ReplaceFile(Path("a"), "1").code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(*ListDirectory(folder_.path()), ElementsAre("a"));
}

TEST_F(FilesTest, RemovingTwiceIsFine) {
  ASSERT_TRUE(WriteFile(Path("a"), "").ok());
  EXPECT_TRUE(RemoveFile(Path("a")).ok());
  EXPECT_TRUE(RemoveFile(Path("a")).ok());
  EXPECT_EQ(ReadFile(Path("a")).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(FilesTest, ListsSortedWithHiddenFiles) {
  for (const char* name : {"b", ".a", "c", "a"}) ASSERT_TRUE(WriteFile(Path(name), "").ok());
  EXPECT_THAT(*ListDirectory(folder_.path()), ElementsAre(".a", "a", "b", "c"));
}

TEST_F(FilesTest, MakesAPrivateDirectoryOnce) {
  ASSERT_TRUE(MakeDirectory(Path("d")).ok());
  EXPECT_EQ(ModeOf(Path("d")), 0700U);
  ASSERT_TRUE(WriteFile(Path("d/a"), "").ok());
  EXPECT_TRUE(MakeDirectory(Path("d")).ok());
  EXPECT_TRUE(SyncDirectory(Path("d")).ok());
  EXPECT_THAT(*ListDirectory(Path("d")), ElementsAre("a"));
}

bool IsOpen(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

TEST(FdTest, ClosesOnceWhoeverHoldsItLast) {
  Fd first(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = first.get();
  ASSERT_TRUE(first.ok());
  Fd second(std::move(first));
  EXPECT_FALSE(first.ok());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(second.get(), number);
  {
    Fd third;
    EXPECT_FALSE(third.ok());
    third = std::move(second);
    EXPECT_TRUE(IsOpen(number));
  }
  EXPECT_FALSE(IsOpen(number));
}

}  // namespace
}  // namespace graft
