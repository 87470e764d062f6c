#include <gmock/gmock.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/files.h"
#include "command_line/command_line.h"
#include "testing/temp_folder.h"

namespace graft {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

// A program's flags with one of each kind.
struct SampleApp {
  SampleApp() {
    app.set_config("--config-file", "", "file with options")->type_name("FILE");
    app.footer("Exit status:\n  0  done\n  12  refused: it's in use\nSee elsewhere.");
    app.fallthrough();
    app.add_option("--wait", wait, "how long to wait")
        ->capture_default_str()
        ->type_name("DURATION");
    app.add_option("--port", port, "etcd2: its port")->capture_default_str()->type_name("PORT");
    app.add_option("--db-password", password, "secret")->group("MySQL");
    app.add_option("--hidden", hidden, "not for everybody")->group("");
    AddSwitch(app, "tls", tls, "encrypt");
    AddSwitch(app, "loud", loud, "say more");
    AddCopy();
    AddDocuments(app);
  }

  void Parse(std::vector<std::string> words) {
    words.insert(words.begin(), "sample-app");
    argv.clear();
    given = std::move(words);
    for (const std::string& word : given) argv.push_back(word.c_str());
    app.parse(static_cast<int>(argv.size()), argv.data());
  }

  std::string wait = "1m";
  int port = 0;
  std::string password;
  std::string hidden;
  bool tls = true;
  bool loud = false;
  std::string alias;
  std::string from;
  int threads = 4;
  std::vector<std::string> notes;
  CLI::App app{"sample-app: shows things", "sample-app"};
  std::vector<std::string> given;
  std::vector<const char*> argv;

 private:
  void AddCopy() {
    CLI::App* copy = app.add_subcommand("copy", "copy a [thing]: all of it. Slowly.");
    copy->add_option("ALIAS", alias, "what to copy")->required();
    CLI::Option* any = copy->add_flag("--any", "whatever is there");
    copy->add_option("--from", from, "whom to copy")
        ->check(CLI::IsMember(std::vector<std::string>{"donor", "primary"}))
        ->excludes(any);
    copy->add_option("--threads", threads, "how many")
        ->check(CLI::Range(1, 128))
        ->capture_default_str()
        ->type_name("N");
    copy->add_option("--note", notes, "for the log");
    copy->add_flag_function(
        "--zip,!--no-zip", [](int64_t) {}, "pack it");
    CLI::App* topo = app.add_subcommand("topo", "the topology");
    topo->require_subcommand(1);
    topo->add_subcommand("add-cell", "one more")->alias("new-cell");
    app.add_subcommand("secret", "not shown")->group("");
  }
};

std::vector<std::string> RowsOf(const SampleApp& sample) {
  return absl::StrSplit(CompletionTable(sample.app), '\n');
}

// As in a script that appends to a list of flags.
TEST(AddSwitch, OfSeveralTheLastOneCounts) {
  SampleApp sample;
  sample.Parse({"--loud", "--loud=false", "--tls=false", "--tls"});
  EXPECT_FALSE(sample.loud);
  EXPECT_TRUE(sample.tls);
  SampleApp other;
  EXPECT_THROW(other.Parse({"--loud=perhaps"}), CLI::ParseError);
}

TEST(CompletionTable, HasWhatTheDefinitionsSay) {
  EXPECT_THAT(
      RowsOf(SampleApp()),
      IsSupersetOf({"*|--wait|DURATION|--wait|how long to wait",
                    "*|--config-file|FILE|--config-file|file with options",
                    "*|--tls||--tls|encrypt", "|-h||--help -h|Print this help message and exit",
                    "|--version||--version|print the version and exit",
                    "|copy|copy||copy a [thing]: all of it", "copy||ALIAS||what to copy",
                    "copy|--from|donor primary|--any --from|whom to copy",
                    "copy|--threads|N|--threads|how many", "copy|--note|TEXT||for the log",
                    "copy|--no-zip||--no-zip --zip|pack it",
                    "topo|new-cell|topo add-cell||one more"}));
}

TEST(CompletionTable, WhatIsHiddenIsNotOffered) {
  EXPECT_THAT(
      RowsOf(SampleApp()),
      Not(Contains(AnyOf(HasSubstr("hidden"), HasSubstr("--completion"), HasSubstr("|secret|")))));
}

TEST(CompletionScript, HasTheTableInQuotesThatEveryShellReads) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_THAT(CompletionScript(shell, "sample-app", "|copy|copy||a server's data\n"),
                AllOf(HasSubstr("sample-app"), HasSubstr("_sample_app"),
                      HasSubstr("'|copy|copy||a server'\"'\"'s data\n'")));
  }
  EXPECT_EQ(CompletionScript("tcsh", "sample-app", ""), "");
}

// What a program says and returns, as the words say.
std::string SaidOf(const std::vector<std::string>& words, int* status = nullptr) {
  SampleApp sample;
  AddDocumentCommands(sample.app);
  sample.app.require_subcommand(1);
  std::ostringstream out;
  try {
    sample.Parse(words);
    ADD_FAILURE() << testing::PrintToString(words) << " did not end the parsing";
  } catch (const CLI::ParseError& end) {
    const int code = sample.app.exit(end, out, out);
    if (status != nullptr) *status = code;
  }
  return out.str();
}

TEST(Faults, AnUnknownWordIsComparedWithTheKnownOnes) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> rows = {
      {{"copi", "a"}, "sample-app: \"copi\" is no command; did you mean copy?\n"},
      {{"dance"}, "sample-app: \"dance\" is no command\n"},
      {{"topo", "ad-cel"}, "sample-app topo: \"ad-cel\" is no command; did you mean add-cell?\n"},
      {{"copy", "a", "b"}, "sample-app copy: \"b\" is one argument too many\n"},
      {{"copy", "a", "--form=donor"},
       "sample-app copy: \"--form\" is unknown; did you mean --from?\n"},
      {{"copy", "--wiat", "1m"}, "sample-app copy: \"--wiat\" is unknown; did you mean --wait?\n"},
      {{"copy", "a", "--bogus"}, "sample-app copy: \"--bogus\" is unknown\n"},
      {{"help", "copi"}, "sample-app help: \"copi\" is no command; did you mean copy?\n"}};
  for (const auto& [words, said] : rows) {
    int status = 0;
    EXPECT_THAT(SaidOf(words, &status), StartsWith(said));
    EXPECT_NE(status, 0) << said;
  }
}

TEST(Documents, HelpIsACommandToo) {
  EXPECT_EQ(SaidOf({"help"}), SaidOf({"--help"}));
  EXPECT_EQ(SaidOf({"help", "copy"}), SaidOf({"copy", "--help"}));
  int status = 1;
  EXPECT_EQ(SaidOf({"help", "topo", "new-cell"}, &status), SaidOf({"topo", "add-cell", "--help"}));
  EXPECT_EQ(status, 0);
}

TEST(Documents, ArePrintedAsHelpIs) {
  for (const auto& [flag, begin] : {std::pair<std::string, std::string>{"--version", kVersion},
                                    {"--completion=bash", "# bash completion of sample-app"}}) {
    SampleApp sample;
    try {
      sample.Parse({flag});
      ADD_FAILURE() << flag << " did not end the parsing";
    } catch (const CLI::ParseError& end) {
      std::ostringstream out;
      std::ostringstream err;
      EXPECT_EQ(sample.app.exit(end, out, err), 0);
      EXPECT_THAT(out.str(), StartsWith(begin));
      EXPECT_EQ(err.str(), "");
    }
  }
  EXPECT_THAT(SampleApp().app.help(),
              AllOf(Not(HasSubstr("--completion")), HasSubstr("--version")));
}

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
