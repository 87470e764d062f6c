#include "agent/credentials.h"

#include <gmock/gmock.h>

#include <string>

#include "base/files.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class CredentialsTest : public ::testing::Test {
 protected:
  std::string File(const std::string& text) {
    std::string path = folder_.path() + "/file";
    EXPECT_TRUE(WriteFile(path, text).ok());
    return path;
  }

  TempFolder folder_{"credentials"};
};

TEST_F(CredentialsTest, ReadsVitesssFormat) {
  const auto credentials = ReadCredentialsFile(
      File(R"({"vt_clone": ["one"], "vt_repl": ["first", "second"], "vt_dba": [""]})"));
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  EXPECT_THAT(*credentials, SizeIs(3));
  EXPECT_EQ(credentials->at("vt_clone").Reveal(), "one");
  EXPECT_EQ(credentials->at("vt_repl").Reveal(), "first") << "as Vitess takes it";
  EXPECT_TRUE(credentials->at("vt_dba").empty());
  EXPECT_THAT(*ReadCredentialsFile(File("{}")), SizeIs(0));
}

TEST_F(CredentialsTest, RefusesOtherFormatsWithoutQuotingThem) {
  for (const char* text :
       {"", "hunter2", "{\"vt_clone\": [\"hunter2\"", "[\"hunter2\"]",
        "{\"vt_clone\": \"hunter2\"}", "{\"vt_clone\": []}", "{\"vt_clone\": null}",
        "{\"vt_clone\": {\"hunter2\": 1}}", "{\"hunter2\"}"}) {
    const absl::Status status = ReadCredentialsFile(File(text)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr(folder_.path()), Not(HasSubstr("hunter2"))));
  }
}

TEST_F(CredentialsTest, APasswordIsAText) {
  for (const char* text :
       {"{\"vt_clone\": [4711]}", "{\"vt_clone\": [null]}", "{\"vt_clone\": [[\"a\"]]}"}) {
    EXPECT_EQ(ReadCredentialsFile(File(text)).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST_F(CredentialsTest, AMissingFileIsNotFound) {
  EXPECT_EQ(ReadCredentialsFile("/none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadCredentialsFile(folder_.path()).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(CredentialsTest, ThePasswordOfAnAccount) {
  const std::string file = File("from file \r\n\n");
  CredentialsFile all;
  all.emplace("user", Secret("from all"));
  const struct {
    const char* what;
    AgentFlags::Account account;
    const char* password;
  } rows[] = {
      {"its own file wins; white space at its end is none of it",
       {"user", "from flag", file, true},
       "from file"},
      {"then the credentials file", {"user", "from flag", "", true}, "from all"},
      {"then the flag", {"other", "from flag", "", true}, "from flag"},
      {"else there is none", {"other", "", "", true}, ""},
  };
  for (const auto& [what, account, password] : rows) {
    const auto found = FindPassword(account, all);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->Reveal(), password) << what;
  }
  EXPECT_EQ(FindPassword({"user", "from flag", "/none", true}, all).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace graft
