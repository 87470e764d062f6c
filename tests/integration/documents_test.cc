// The manual pages and completions of the programs, read by mandoc and the shells.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "testing/is_ok.h"
#include "testing/process.h"
#include "testing/temp_folder.h"
#include "testing/test_env.h"

namespace graft {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr const char* kPrograms[] = {"graftctl", "graftd", "graft-mysqld", "graft-backup"};

std::string OutputOf(const std::vector<std::string>& argv) {
  const auto out = RunAndRead(argv, {}, absl::Seconds(30));
  EXPECT_THAT(out, IsOk()) << argv[0];
  return out.value_or("");
}

std::string Ours(const std::string& program, std::vector<std::string> arguments) {
  const auto path = OurProgram(program);
  EXPECT_THAT(path, IsOk());
  arguments.insert(arguments.begin(), path.value_or(""));
  return OutputOf(arguments);
}

// The commands that --help lists: "reprovision".
std::vector<std::string> CommandsIn(const std::string& help) {
  std::vector<std::string> commands;
  const size_t list = help.find("\nSubcommands:\n");
  if (list == std::string::npos) return commands;
  const std::string text = help.substr(list + 1, help.find("\n\n", list) - list);
  const std::regex line("\n  ([a-z-]+)[ ,]");
  for (std::sregex_iterator i(text.begin(), text.end(), line), end; i != end; ++i) {
    commands.push_back((*i)[1]);
  }
  return commands;
}

// Every --option that the help of a program and of all its commands has.
std::set<std::string> OptionsInHelp(const std::string& program,
                                    const std::vector<std::string>& command = {}) {
  std::vector<std::string> words = command;
  words.emplace_back("--help");
  const std::string help = Ours(program, words);
  std::set<std::string> options;
  const std::regex option("\n  (?:-[a-z],)?(--[a-z0-9-]+)(?:,(--[a-z0-9-]+))?");
  for (std::sregex_iterator i(help.begin(), help.end(), option), end; i != end; ++i) {
    options.insert((*i)[1]);
    if ((*i)[2].matched) options.insert((*i)[2]);
  }
  for (const std::string& below : CommandsIn(help)) {
    std::vector<std::string> path = command;
    path.push_back(below);
    options.merge(OptionsInHelp(program, path));
  }
  return options;
}

// The file that the build makes of a program.
std::string ManPage(const std::string& program) {
  const auto path = OurProgram(program);
  EXPECT_THAT(path, IsOk());
  const auto bin = std::filesystem::path(path.value_or("")).parent_path();
  const std::string section = program == "graftctl" ? "1" : "8";
  return (bin.parent_path() / "share/man" / ("man" + section) / (program + "." + section)).string();
}

TEST(ManPages, AreFaultless) {
  for (const char* program : kPrograms) {
    EXPECT_EQ(OutputOf({"mandoc", "-T", "lint", "-W", "warning", ManPage(program)}), "");
    const std::string text = OutputOf({"mandoc", "-T", "ascii", ManPage(program)});
    EXPECT_THAT(text, HasSubstr(absl::AsciiStrToUpper(program)));
  }
}

TEST(ManPages, SectionsComeInTheUsualOrder) {
  for (const char* program : kPrograms) {
    std::vector<std::string> sections;
    for (const absl::string_view line : absl::StrSplit(*ReadFile(ManPage(program)), '\n')) {
      if (absl::StartsWith(line, ".SH ")) sections.emplace_back(line.substr(4));
    }
    std::vector<std::string> expected = {"NAME",     "SYNOPSIS",        "DESCRIPTION", "OPTIONS",
                                         "COMMANDS", "\"EXIT STATUS\"", "ENVIRONMENT", "FILES",
                                         "EXAMPLES", "\"SEE ALSO\""};
    const bool one_command =
        program == std::string("graftd") || program == std::string("graft-backup");
    const std::string missing = one_command                          ? "COMMANDS"
                                : program == std::string("graftctl") ? "FILES"
                                                                     : "";
    expected.erase(std::remove(expected.begin(), expected.end(), missing), expected.end());
    EXPECT_EQ(sections, expected) << program;
  }
}

TEST(ManPages, ExplainEveryOptionOfTheHelp) {
  for (const char* program : kPrograms) {
    const std::string page = *ReadFile(ManPage(program));
    const std::set<std::string> options = OptionsInHelp(program);
    EXPECT_GE(options.size(), 8U) << program;
    for (const std::string& option : options) {
      const std::string escaped = absl::StrReplaceAll(option, {{"-", "\\-"}});
      EXPECT_THAT(page, HasSubstr(absl::StrCat("\\fB", escaped, "\\fR"))) << program;
    }
  }
}

TEST(ManPages, ExplainEveryCommandOfTheHelp) {
  const std::string page = *ReadFile(ManPage("graftctl"));
  EXPECT_THAT(page, HasSubstr(".SS \"graftctl reprovision [OPTIONS] [ALIAS...]\"\n"));
  EXPECT_THAT(page, HasSubstr(".SS \"graftctl topo add-cell [OPTIONS] NAME\"\n"));
  EXPECT_THAT(page, HasSubstr("\nhistory, operations\n"));
  EXPECT_THAT(page, HasSubstr("\n.TP\n143\nthe same by SIGTERM\n"));
}

class CompletionTest : public ::testing::Test {
 protected:
  // A file <folder>/<shell>-<program> with the program's script.
  std::string Script(const std::string& shell, const std::string& program) {
    const std::string file = absl::StrCat(folder_.path(), "/", shell, "-", program);
    EXPECT_THAT(WriteFile(file, Ours(program, {"--completion", shell})), IsOk());
    return file;
  }

  // The words that bash would offer for the last of these.
  std::vector<std::string> Bash(const std::vector<std::string>& words) {
    std::vector<std::string> argv = {
        "bash", "-c",
        "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); "
        "function=${1//-/_}; \"_$function\"; printf '%s\\n' \"${COMPREPLY[@]}\"",
        "bash", Script("bash", words[0])};
    argv.insert(argv.end(), words.begin(), words.end());
    return absl::StrSplit(OutputOf(argv), '\n', absl::SkipEmpty());
  }

  // The same of fish, without its descriptions.
  std::vector<std::string> Fish(const std::string& line) {
    const std::string program = line.substr(0, line.find(' '));
    const std::string out =
        OutputOf({"fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]",
                  Script("fish", program), line});
    std::vector<std::string> words;
    for (const absl::string_view offer : absl::StrSplit(out, '\n', absl::SkipEmpty())) {
      words.emplace_back(offer.substr(0, offer.find('\t')));
    }
    return words;
  }

  // zsh's completion of the line.
  std::string Zsh(const std::string& line) {
    const std::string program = line.substr(0, line.find(' '));
    const std::string functions = folder_.path() + "/functions";
    std::filesystem::create_directory(functions);
    std::filesystem::rename(Script("zsh", program), functions + "/_" + program);
    const std::string out =
        OutputOf({"zsh", "-f", SourceFile("complete_zsh.zsh"), functions, line});
    const size_t begin = out.find("<<") + 2;
    return out.substr(begin, out.find(">>", begin) - begin);
  }

  std::string File(const std::string& name) {
    const std::string path = absl::StrCat(folder_.path(), "/", name);
    EXPECT_THAT(WriteFile(path, ""), IsOk());
    return path;
  }

  static std::string SourceFile(const std::string& name) {
    const char* source = std::getenv("GRAFT_SOURCE_DIR");
    return absl::StrCat(source != nullptr ? source : ".", "/tests/integration/", name);
  }

 private:
  const TempFolder folder_{"completion"};
};

TEST_F(CompletionTest, EveryShellReadsEveryScript) {
  for (const char* program : kPrograms) {
    for (const char* shell : {"bash", "zsh", "fish"}) {
      const std::string file = Script(shell, program);
      EXPECT_THAT(*ReadFile(file), HasSubstr(program));
      EXPECT_EQ(OutputOf({shell, "-n", file}), "") << program;
    }
  }
  EXPECT_EQ(Ours("graftctl", {"completion", "bash"}), Ours("graftctl", {"--completion", "bash"}));
}

TEST_F(CompletionTest, Bash) {
  EXPECT_THAT(Bash({"graftctl", "repro"}), ElementsAre("reprovision"));
  EXPECT_THAT(Bash({"graftctl", "topo", "add"}), ElementsAre("add-cell"));
  EXPECT_THAT(Bash({"graftctl", "--server", "topo", "completion", ""}),
              ElementsAre("bash", "zsh", "fish"))
      << "an option's value is no command";
  EXPECT_THAT(Bash({"graftctl", "reprovision", ""}), IsEmpty());
  EXPECT_THAT(Bash({"graftctl", "reprovision", "a", "--from-p"}), ElementsAre("--from-primary"));
  EXPECT_THAT(Bash({"graftctl", "reprovision", "--from-any", "a", "--from-"}), IsEmpty())
      << "one excludes the others";
  EXPECT_THAT(Bash({"graftctl", "operations", "a", "--outp"}), ElementsAre("--output"));
  EXPECT_THAT(Bash({"graftctl", "reprovision", "a", "--topo-global-r"}),
              ElementsAre("--topo-global-root"));
  EXPECT_THAT(Bash({"graftctl", "preflight", "a", "--no-c"}), IsEmpty()) << "reprovision's alone";
  EXPECT_THAT(Bash({"graftctl", "reprovision", "a", "--replicate-from", ""}),
              ElementsAre("donor", "primary", "primary-or-donor"));
  EXPECT_THAT(Bash({"graftctl", "--topo-implementation", "=", "f"}), ElementsAre("folder"));
  EXPECT_THAT(Bash({"graftctl", "--topo-implementation", "="}), ElementsAre("etcd2", "folder"));
  EXPECT_THAT(Bash({"graftctl", "--output", ""}), ElementsAre("table", "json", "yaml"));
  EXPECT_THAT(Bash({"graftd", "--log-format", ""}), ElementsAre("text", "json"));
  const std::string file = File("credentials.json");
  EXPECT_THAT(Bash({"graftd", "--db-credentials-file", file.substr(0, file.size() - 7)}),
              ElementsAre(file));
  EXPECT_THAT(Bash({"graft-mysqld", "init", "--mysql-c"}), ElementsAre("--mysql-clone-enabled"));
}

TEST_F(CompletionTest, Fish) {
  EXPECT_THAT(Fish("graftctl repro"), ElementsAre("reprovision"));
  EXPECT_THAT(Fish("graftctl topo add"), ElementsAre("add-cell"));
  EXPECT_THAT(Fish("graftctl --server topo completion "),
              UnorderedElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(Fish("graftctl reprovision a --from-p"), ElementsAre("--from-primary"));
  EXPECT_THAT(Fish("graftctl reprovision a --topo-global-r"), ElementsAre("--topo-global-root"));
  EXPECT_THAT(Fish("graftctl preflight a --no-c"), IsEmpty());
  EXPECT_THAT(Fish("graftctl reprovision a --replicate-from "),
              UnorderedElementsAre("donor", "primary", "primary-or-donor"));
  EXPECT_THAT(Fish("graftd --log-format "), UnorderedElementsAre("text", "json"));
  EXPECT_THAT(Fish("graftd --log-format=j"), ElementsAre("--log-format=json"));
  EXPECT_THAT(Fish("graftd --clone-block-ddl="), IsEmpty());
  EXPECT_THAT(Fish("graftctl reprovision a "), IsEmpty());
  EXPECT_THAT(Fish("graftctl reprovision --from-any a --from-"), IsEmpty());
  const std::string file = File("credentials.json");
  EXPECT_THAT(Fish("graftd --db-credentials-file " + file.substr(0, file.size() - 7)),
              Contains(file));
  EXPECT_THAT(Fish("graftctl reprovision " + file.substr(0, file.size() - 7)), Not(Contains(file)))
      << "where no file is expected";
}

TEST_F(CompletionTest, Zsh) {
  EXPECT_EQ(Zsh("graftctl repro"), "graftctl reprovision ");
  EXPECT_EQ(Zsh("graftctl topo add"), "graftctl topo add-cell ");
  EXPECT_EQ(Zsh("graftctl reprovision --from-p"), "graftctl reprovision --from-primary ");
  EXPECT_EQ(Zsh("graftctl reprovision a --replicate-from d"),
            "graftctl reprovision a --replicate-from donor ");
  EXPECT_EQ(Zsh("graftd --log-format j"), "graftd --log-format json ");
  EXPECT_EQ(Zsh("graftd --log-format=j"), "graftd --log-format=json ");
  EXPECT_EQ(Zsh("graftctl --output json operations a --from"),
            "graftctl --output json operations a --from");
  const std::string file = File("credentials.json");
  EXPECT_EQ(Zsh("graftd --db-credentials-file " + file.substr(0, file.size() - 7)),
            "graftd --db-credentials-file " + file + " ");
}

TEST(Install, PutsEachWhereItIsLookedFor) {
  const TempFolder folder("install");
  const auto graftd = OurProgram("graftd");
  ASSERT_THAT(graftd, IsOk());
  const auto build = std::filesystem::path(*graftd).parent_path().parent_path();
  OutputOf({"cmake", "--install", build.string(), "--prefix", folder.path()});
  for (const char* name :
       {"bin/graftctl", "bin/graftd", "bin/graft-mysqld", "share/man/man1/graftctl.1",
        "share/man/man8/graftd.8", "share/man/man8/graft-mysqld.8", "bin/graft-backup",
        "share/man/man8/graft-backup.8", "share/bash-completion/completions/graftctl",
        "share/zsh/site-functions/_graftctl", "share/fish/vendor_completions.d/graftctl.fish"}) {
    const auto text = ReadFile(absl::StrCat(folder.path(), "/", name));
    EXPECT_THAT(text, IsOk()) << name;
    EXPECT_NE(text.value_or(""), "") << name;
  }
}

}  // namespace
}  // namespace graft
