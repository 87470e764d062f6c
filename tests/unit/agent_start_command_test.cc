#include "agent/start_command.h"

#include <gmock/gmock.h>

#include <memory>
#include <sstream>
#include <string>

#include "base/files.h"
#include "testing/eventually.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

using ::testing::HasSubstr;

class StartCommandTest : public ::testing::Test {
 protected:
  absl::Status EndOf(StartCommand& command) {
    EXPECT_TRUE(Eventually(absl::Seconds(20), [&] { return command.End().has_value(); }));
    return command.End().value_or(absl::UnknownError("it runs on"));
  }

  std::ostringstream log_text_;
  const std::unique_ptr<Log> log_ = MakeLog({LogLevel::kInfo, LogFormat::kText, &log_text_});
};

TEST_F(StartCommandTest, AGoodEndIsSeen) {
  StartCommand command("true", *log_);
  ASSERT_TRUE(command.Ask().ok());
  EXPECT_TRUE(EndOf(command).ok());
  ASSERT_TRUE(command.Ask().ok()) << "and may be asked for again";
  EXPECT_TRUE(EndOf(command).ok());
}

TEST_F(StartCommandTest, ABadEndIsSeenAndLoggedOnce) {
  StartCommand command("exit 3", *log_);
  ASSERT_TRUE(command.Ask().ok());
  EXPECT_THAT(std::string(EndOf(command).message()), HasSubstr("ended with code 3"));
  const std::string logged = log_text_.str();
  EXPECT_THAT(logged, HasSubstr("ended with code 3"));
  EXPECT_FALSE(command.End()->ok());
  EXPECT_EQ(log_text_.str(), logged);
  StartCommand killed("kill -9 $$", *log_);
  ASSERT_TRUE(killed.Ask().ok());
  EXPECT_THAT(std::string(EndOf(killed).message()), HasSubstr("ended with signal 9"));
}

// The command waits for a file, and the file comes only after Ask() and End() have answered.
TEST_F(StartCommandTest, ACommandThatDoesNotEndIsNotWaitedFor) {
  const TempFolder folder("start_command");
  StartCommand command("echo >> " + folder.path() + "/begun; while [ ! -e " + folder.path() +
                           "/end ]; do sleep 0.05; done",
                       *log_);
  ASSERT_TRUE(command.Ask().ok());
  EXPECT_FALSE(command.End().has_value());
  ASSERT_TRUE(command.Ask().ok());
  EXPECT_FALSE(command.End().has_value());
  ASSERT_TRUE(WriteFile(folder.path() + "/end", "").ok());
  EXPECT_TRUE(EndOf(command).ok());
  EXPECT_EQ(*ReadFile(folder.path() + "/begun"), "\n") << "it was run once";
}

}  // namespace
}  // namespace graft
