#include "command_line/given_options.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <string>

#include "base/files.h"
#include "testing/temp_folder.h"
#include "unit/sample_app.h"

namespace graft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

class GivenOptionsTest : public ::testing::Test {
 protected:
  GivenOptionsTest() { NameVariables(sample_.app); }
  ~GivenOptionsTest() override {
    for (const char* name : {"GRAFT_WAIT", "GRAFT_PORT", "GRAFT_DB_PASSWORD"}) unsetenv(name);
  }

  std::vector<GivenOption> Given(const std::vector<std::string>& words) {
    sample_.Parse(words);
    return GivenOptions(sample_.app, static_cast<int>(sample_.argv.size()), sample_.argv.data());
  }
  std::string OnLine(const std::vector<std::string>& words) {
    return ToCommandLine(Given(words), OptionSource::kCommandLine);
  }

  SampleApp sample_;
};

TEST_F(GivenOptionsTest, OnlyWhatIsNotTheDefault) {
  EXPECT_EQ(OnLine({"--wait", "1m", "--port=0", "--tls", "--loud=0"}), "");
  EXPECT_THAT(StartFields({}), ElementsAre(Pair("version", "0.1.0")));
}

TEST_F(GivenOptionsTest, ValuesAndFlags) {
  EXPECT_EQ(OnLine({"--port", "15100", "--loud", "--tls=false", "--wait=a 'b'"}),
            "--wait='a '\\''b'\\''' --port=15100 --tls=false --loud");
}

TEST_F(GivenOptionsTest, OfTheCommandToo) {
  EXPECT_EQ(OnLine({"copy", "zone1-101", "--threads", "8", "--note", "a", "--note", "b", "--no-zip",
                    "--loud=yes"}),
            "--loud ALIAS=zone1-101 --threads=8 --note=a,b --zip=false");
}

TEST_F(GivenOptionsTest, ASecretIsSetAndNoMore) {
  EXPECT_EQ(OnLine({"--db-password", "hunter2"}), "--db-password=set");
  setenv("GRAFT_DB_PASSWORD", "hunter2", 1);
  SampleApp other;
  NameVariables(other.app);
  other.Parse({});
  const auto given = GivenOptions(other.app, 1, other.argv.data());
  EXPECT_EQ(ToCommandLine(given, OptionSource::kEnvironment), "--db-password=set");
}

TEST_F(GivenOptionsTest, ByItsKindToo) {
  EXPECT_FALSE(IsSecret(*sample_.app.get_option("--wait")));
  EXPECT_TRUE(IsSecret(*sample_.app.get_option("--wait")->type_name("PASSWORD")));
}

TEST_F(GivenOptionsTest, WhereEachCameFrom) {
  const TempFolder folder("given");
  const std::string file = folder.path() + "/app.ini";
  ASSERT_TRUE(WriteFile(file, "loud = true\nwait = 3m\n").ok());
  setenv("GRAFT_WAIT", "5m", 1);  // the file wins
  setenv("GRAFT_PORT", "15100", 1);
  const auto fields = StartFields(Given({"--config-file", file, "--tls=false"}));
  EXPECT_THAT(fields, ElementsAre(Pair("version", "0.1.0"),
                                  Pair("options", "--config-file=" + file + " --tls=false"),
                                  Pair("options_from_file", "--wait=3m --loud"),
                                  Pair("options_from_environment", "--port=15100")));
  EXPECT_EQ(sample_.wait, "3m");
}

TEST_F(GivenOptionsTest, TheCommandLineWinsOverTheEnvironment) {
  setenv("GRAFT_PORT", "15100", 1);
  EXPECT_EQ(OnLine({"--port", "15200"}), "--port=15200");
  EXPECT_EQ(sample_.port, 15200);
}

}  // namespace
}  // namespace graft
