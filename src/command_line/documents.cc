#include "command_line/documents.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "command_line/completion.h"
#include "command_line/version.h"

namespace graft {
namespace {

// As CLI11 ends parsing for --version: exit() prints the text and an end of line.
[[noreturn]] void Print(const std::string& text) {
  throw CLI::CallForVersion(std::string(absl::StripSuffix(text, "\n")), 0);
}

CLI::Validator IsShell() {
  return CLI::IsMember(std::vector<std::string>{"bash", "zsh", "fish"});
}

}  // namespace

void AddDocuments(CLI::App& app, ManPageText text) {
  text.version = kVersion;
  text.date = kReleaseDate;
  const std::string program = text.program;
  app.set_version_flag("--version", kVersion, "print the version and exit");
  app.add_flag_callback("--man", [&app, text = std::move(text)] { Print(ManPage(app, text)); })
      ->configurable(false)
      ->group("");
  app.add_option_function<std::string>("--completion",
                                       [&app, program](const std::string& shell) {
                                         Print(Completion(LookAt(app), program, shell));
                                       })
      ->check(IsShell())
      ->configurable(false)
      ->group("");
}

void AddCompletionCommand(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("completion", "print a script that completes this program's commands");
  command
      ->add_option_function<std::string>(
          "SHELL",
          [&app](const std::string& shell) {
            Print(Completion(LookAt(app), app.get_name(), shell));
          },
          "whose script")
      ->check(IsShell())
      ->required();
}

CLI::Option* AddSwitch(CLI::App& app, const std::string& name, bool& target,
                       const std::string& text) {
  return app.add_flag("--" + name, target, text)->default_str(target ? "true" : "false");
}

void NameVariables(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    const bool own = option->get_configurable() && !option->get_lnames().empty();
    if (!own || !option->get_envname().empty()) continue;
    option->envname(absl::StrCat("GRAFT_", absl::AsciiStrToUpper(absl::StrReplaceAll(
                                               option->get_lnames().front(), {{"-", "_"}}))));
  }
}

}  // namespace graft
